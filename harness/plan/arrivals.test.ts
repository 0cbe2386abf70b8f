import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canaryRanks, neighbourDistance, neighbourRanks, planUpdates, pollPhaseUs } from './arrivals.ts';

const plan = {
  audiences: 1,
  firstVersion: 2,
  startUs: 1_000,
  windowUs: 20_000_000,
  intervalUs: 5_000_000,
  kind: 'fixed',
  seed: 42,
} as const;

describe('poll phases', () => {
  test('put one client into each stratum of the interval', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(), (clients, seed) => {
        const strata = Array.from({ length: clients }, (_, rank) =>
          Math.floor((pollPhaseUs(rank, { clients, intervalUs: 2_000_000, seed }) * clients) / 2_000_000),
        );
        expect(strata).toEqual(Array.from({ length: clients }, (_, rank) => rank));
      }),
      { numRuns: 30 },
    );
  });

  test('are the same for the same seed and others for another', () => {
    const phase = (seed: number) => pollPhaseUs(7, { clients: 100, intervalUs: 2_000_000, seed });
    expect(phase(1)).toBe(phase(1));
    expect(phase(1)).not.toBe(phase(2));
  });
});

describe('the changes of a window', () => {
  test('are an interval apart, the first half an interval after the start', () => {
    expect(planUpdates(plan).map(({ intendedUs }) => intendedUs - 1_000)).toEqual([
      2_500_000, 7_500_000, 12_500_000, 17_500_000,
    ]);
  });

  test('lie within the window, in order of time, versions in order for each dashboard, and none has none', () => {
    fc.assert(
      fc.property(
        fc.record({
          audiences: fc.integer({ min: 1, max: 40 }),
          intervalUs: fc.integer({ min: 10_000, max: 5_000_000 }),
          kind: fc.constantFrom('fixed' as const, 'poisson' as const),
          seed: fc.nat(),
        }),
        fc.integer({ min: 1, max: 8 }),
        (varied, intervals) => {
          const windowUs = varied.intervalUs * intervals;
          const updates = planUpdates({ ...plan, ...varied, windowUs });
          expect(
            updates.every(({ intendedUs }) => intendedUs >= plan.startUs && intendedUs <= plan.startUs + windowUs),
          ).toBe(true);
          expect(updates.map(({ intendedUs }) => intendedUs)).toEqual(
            updates.map(({ intendedUs }) => intendedUs).sort((a, b) => a - b),
          );
          for (let audience = 0; audience < varied.audiences; audience++) {
            const versions = updates.filter((update) => update.audience === audience).map(({ version }) => version);
            expect(versions).toEqual(Array.from({ length: intervals }, (_, k) => 2 + k));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of a Poisson process are spread like uniform moments', () => {
    const updates = planUpdates({ ...plan, kind: 'poisson', windowUs: 2_000 * 1_000_000, intervalUs: 1_000_000 });
    const places = updates.map(({ intendedUs }) => (intendedUs - plan.startUs) / (2_000 * 1_000_000));
    const distance = Math.max(...places.map((place, index) => Math.abs(place - (index + 0.5) / places.length)));
    // Kolmogorov–Smirnov at 0.1 % for n = 2,000.
    expect(distance).toBeLessThan(1.95 / Math.sqrt(2_000));
  });
});

describe('canaries', () => {
  test('are 20 at even ranks, at most a tenth, and none among fewer than ten', () => {
    expect(canaryRanks(500)).toHaveLength(20);
    expect(canaryRanks(500).slice(0, 3)).toEqual([12, 37, 62]);
    expect(canaryRanks(15)).toEqual([7]);
    expect(canaryRanks(9)).toEqual([]);
  });

  test('have neighbours that exist, are no canaries and watch the same dashboard on the same node', () => {
    const few = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 5_000 }), few, few, (clients, audiences, nodes) => {
        const canaries = canaryRanks(clients);
        const distance = neighbourDistance({ transport: 'sse', audiences, nodes });
        const neighbours = neighbourRanks(canaries, clients, distance);
        expect(neighbours.every((rank) => rank >= 0 && rank < clients && !canaries.includes(rank))).toBe(true);
        const placeOf = (rank: number) => `${rank % audiences} ${rank % nodes}`;
        const places = new Set(canaries.map(placeOf));
        expect(neighbours.every((rank) => places.has(placeOf(rank)))).toBe(true);
        expect(distance).toBeLessThanOrEqual(audiences * nodes);
      }),
    );
  });

  test('are compared with the next poll where clients poll, whatever dashboard it asks for', () => {
    expect(neighbourDistance({ transport: 'polling', audiences: 7, nodes: 1 })).toBe(1);
    expect(neighbourDistance({ transport: 'polling', audiences: 7, nodes: 2 })).toBe(2);
    expect(neighbourRanks([12], 100, 1)).toEqual([11, 13]);
  });
});
