import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionTimesUs } from './actions.ts';

const actors = fc.record({
  clients: fc.integer({ min: 1, max: 300 }),
  everyUs: fc.integer({ min: 100_000, max: 10_000_000 }),
  kind: fc.constantFrom('fixed' as const, 'poisson' as const),
  seed: fc.nat(),
});

describe('the moments at which clients act', () => {
  it('lie in the span, ascend, and are as many as the interval allows', () => {
    fc.assert(
      fc.property(actors, fc.nat(1_000_000_000), fc.integer({ min: 1, max: 5_000_000 }), (all, startUs, lengthUs) => {
        const span = { startUs, endUs: startUs + lengthUs };
        const timesUs = actionTimesUs(all.clients - 1, all, span);
        expect(timesUs).toEqual(timesUs.toSorted((a, b) => a - b));
        for (const us of timesUs) expect(us >= span.startUs && us < span.endUs && Number.isInteger(us)).toBe(true);
        expect(Math.abs(timesUs.length - lengthUs / all.everyUs)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are spread evenly over all clients, each having its own part of the interval', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (clients, seed) => {
        const all = { clients, everyUs: clients * 1_000, kind: 'fixed' as const, seed };
        const parts = Array.from({ length: clients }, (_, rank) =>
          actionTimesUs(rank, all, { startUs: 0, endUs: all.everyUs }).map((us) => Math.floor(us / 1_000)),
        ).flat();
        expect(parts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: clients }, (_, part) => part));
      }),
    );
  });
});
