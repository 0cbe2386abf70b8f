import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHistogram } from '../contract/histogram.ts';
import { Sightings } from '../swarm/sightings.ts';
import { seenByAllUs, watchersOf } from './seen-by-all.ts';

/** When each client of each audience came to hold each version; `null`: never. */
const trials = fc
  .record({ clients: fc.integer({ min: 1, max: 12 }), audiences: fc.integer({ min: 1, max: 3 }) })
  .filter(({ clients, audiences }) => clients >= audiences)
  .chain(({ clients, audiences }) =>
    fc.record({
      clients: fc.constant(clients),
      audiences: fc.constant(audiences),
      heldUs: fc.array(
        fc.array(fc.option(fc.integer({ min: 1_000, max: 9_000_000 }), { freq: 12 }), {
          minLength: clients,
          maxLength: clients,
        }),
        { maxLength: 6 },
      ),
      dealtTo: fc.array(fc.nat(3), { minLength: clients, maxLength: clients }),
    }),
  );
type Trial = typeof trials extends fc.Arbitrary<infer Value> ? Value : never;

/** What the shards report when the clients are dealt to them in this way. */
function reportsOf({ clients, audiences, heldUs }: Trial, shardOf: (rank: number) => number) {
  const shards = Array.from({ length: 4 }, () => new Sightings());
  for (let rank = 0; rank < clients; rank++)
    heldUs.forEach((times, index) => {
      const us = times[rank];
      if (us !== null && us !== undefined) shards[shardOf(rank)]?.note(rank % audiences, index + 1, us);
    });
  return shards.map((shard) => shard.report());
}

const changesOf = ({ audiences, heldUs }: Trial) =>
  heldUs.flatMap((_, index) =>
    Array.from({ length: audiences }, (_each, audience) => ({ audience, version: index + 1, intendedUs: 500 })),
  );

describe('seen by all', () => {
  it('is the last of an audience, however its clients are dealt to shards', () => {
    fc.assert(
      fc.property(trials, (trial) => {
        const merged = seenByAllUs(
          changesOf(trial),
          reportsOf(trial, (rank) => trial.dealtTo[rank] ?? 0),
          trial,
        );
        const whole = seenByAllUs(
          changesOf(trial),
          reportsOf(trial, () => 0),
          trial,
        );
        expect(encodeHistogram(merged.histogram)).toBe(encodeHistogram(whole.histogram));
        expect(merged.censored).toBe(whole.censored);
      }),
    );
  });

  it('agrees with who looks at every client, and is censored where one never saw it', () => {
    fc.assert(
      fc.property(trials, (trial) => {
        const { histogram, censored } = seenByAllUs(
          changesOf(trial),
          reportsOf(trial, (rank) => rank % 4),
          trial,
        );
        const lastUs = changesOf(trial).map(({ audience, version }) => {
          const own = (trial.heldUs[version - 1] ?? []).filter((_, rank) => rank % trial.audiences === audience);
          return own.some((us) => us === null) ? null : Math.max(...own.map((us) => us ?? 0)) - 500;
        });
        const seen = lastUs.filter((us) => us !== null);
        expect(censored).toBe(lastUs.length - seen.length);
        expect(histogram.totalCount).toBe(seen.length);
        // Three digits.
        if (seen.length > 0) expect(Math.abs(histogram.maxValue / Math.max(...seen) - 1)).toBeLessThan(0.002);
      }),
    );
  });

  it('knows how many watch each dashboard', () => {
    expect([0, 1, 2].map((audience) => watchersOf(audience, { clients: 7, audiences: 3 }))).toEqual([3, 2, 2]);
  });
});
