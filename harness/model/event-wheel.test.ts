import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventWheel } from './event-wheel.ts';

/** All visits, and what each added: its client again after the next of its delays. */
function visits(startsUs: readonly number[], delaysUs: readonly number[], untilUs = Number.POSITIVE_INFINITY) {
  const wheel = new EventWheel(startsUs.length);
  const seen: { client: number; atUs: number }[] = [];
  const added = startsUs.map(() => 0);
  startsUs.forEach((us, client) => {
    wheel.add(client, us);
  });
  while (
    wheel.turn(untilUs, (client, atUs) => {
      seen.push({ client, atUs });
      const delayUs = delaysUs[added[client] ?? 0];
      added[client] = (added[client] ?? 0) + 1;
      if (delayUs !== undefined) wheel.add(client, atUs + delayUs);
    })
  );
  return seen;
}

test('visits every event once, by time and then by client', () => {
  const anyTimeUs = fc.integer({ min: 0, max: 200_000_000 });
  // A millisecond or more apart, so that none falls due in the turn that adds it.
  const anyDelayUs = fc.integer({ min: 1000, max: 150_000_000 });
  fc.assert(
    fc.property(
      fc.array(anyTimeUs, { minLength: 1, maxLength: 40 }),
      fc.array(anyDelayUs, { maxLength: 5 }),
      (startsUs, delaysUs) => {
        const expected = startsUs.flatMap((startUs, client) =>
          [0, ...delaysUs].map((_, k) => ({
            client,
            atUs: delaysUs.slice(0, k).reduce((sum, us) => sum + us, startUs),
          })),
        );
        expected.sort((a, b) => a.atUs - b.atUs || a.client - b.client);
        expect(visits(startsUs, delaysUs)).toEqual(expected);
      },
    ),
  );
});

test('what is added within the same millisecond comes in it, after the rest', () => {
  expect(visits([100, 900], [50]).map(({ client, atUs }) => [client, atUs])).toEqual([
    [0, 100],
    [1, 900],
    [0, 150],
    [1, 950],
  ]);
});

test('stops before its end, and refuses what lies in the past or beyond the wheel', () => {
  expect(visits([5_000], [10_000, 10_000], 20_000).map(({ atUs }) => atUs)).toEqual([5_000, 15_000]);
  const wheel = new EventWheel(1);
  expect(() => wheel.add(0, 300_000_000)).toThrow(RangeError);
  expect(() => wheel.add(0, -1)).toThrow(RangeError);
});
