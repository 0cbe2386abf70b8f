import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breakEvenOf, costAt, exactLine, fitLine, type Line } from './line.ts';

const amount = fc.integer({ min: 0, max: 10_000_000 }).map((hundredths) => hundredths / 100);
const loads = fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 3, maxLength: 8 });
const unbounded = (fixed: number, perLoad: number): Line => ({ fixed, perLoad, atMost: Number.POSITIVE_INFINITY });
const squaresOf = (line: Line, points: readonly { load: number; cost: number }[]) =>
  points.reduce((total, { load, cost }) => total + (cost - costAt(line, load)) ** 2, 0);

describe('a fitted line', () => {
  it('finds the line again that made the points', () => {
    fc.assert(
      fc.property(amount, amount, loads, (fixed, perLoad, some) => {
        const made = unbounded(fixed, perLoad);
        const fit = fitLine(some.map((load) => ({ load, cost: costAt(made, load) })));
        const largest = costAt(made, Math.max(...some)) + 1;
        for (const load of some)
          expect(Math.abs(costAt(fit?.line ?? made, load) - costAt(made, load)) / largest).toBeLessThan(1e-6);
        expect((fit?.residual ?? 0) / largest).toBeLessThan(1e-6);
      }),
    );
  });

  it('lies nearer to the points than its neighbours, and has no part below nothing', () => {
    const points = fc.array(fc.record({ load: fc.integer({ min: 1, max: 1000 }), cost: amount }), {
      minLength: 3,
      maxLength: 8,
    });
    fc.assert(
      fc.property(points, fc.double({ min: -1, max: 1, noNaN: true }), (some, shift) => {
        const line = fitLine(some)?.line;
        fc.pre(line !== undefined);
        expect(line.fixed).toBeGreaterThanOrEqual(0);
        expect(line.perLoad).toBeGreaterThanOrEqual(0);
        const moved = unbounded(Math.max(0, line.fixed + shift), Math.max(0, line.perLoad + shift / 100));
        expect(squaresOf(line, some)).toBeLessThanOrEqual(squaresOf(moved, some) * (1 + 1e-9) + 1e-6);
      }),
    );
  });

  it('needs two loads, and tells no residual from two points', () => {
    expect(fitLine([{ load: 5, cost: 1 }])).toBeNull();
    expect(
      fitLine([
        { load: 5, cost: 1 },
        { load: 5, cost: 2 },
      ]),
    ).toBeNull();
    expect(
      fitLine([
        { load: 5, cost: 1 },
        { load: 10, cost: 2 },
      ])?.residual,
    ).toBeNull();
  });

  it('states how far the points lie from it', () => {
    const fit = fitLine([0, 1, 2, 3].map((load) => ({ load: load + 1, cost: 100 + (load % 2 === 0 ? 3 : -3) })));
    expect(fit?.residual).toBeCloseTo(Math.sqrt(36 / 2), 0);
  });

  it('is exact only where the points are', () => {
    const points = [50, 100, 200].map((load) => ({ load, cost: 30 * load }));
    expect(exactLine(points)).toMatchObject({ fixed: 0, perLoad: expect.closeTo(30) });
    expect(exactLine([...points, { load: 400, cost: 11_900 }])).toBeNull();
  });
});

describe('a break-even', () => {
  const options = { limit: 1e6, tolerance: 0 };

  it('is where both cost the same, and the other way round beyond it', () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, (a, b, c, d) => {
        const [first, second] = [unbounded(a, b), unbounded(c, d)];
        const found = breakEvenOf(first, second, options);
        const sign = (load: number) => Math.sign(costAt(first, load) - costAt(second, load));
        if (found.kind === 'at') {
          const scale = costAt(first, found.load) + costAt(second, found.load);
          expect(Math.abs(costAt(first, found.load) - costAt(second, found.load))).toBeLessThanOrEqual(scale * 1e-9);
          expect(sign(options.limit)).toBe(found.beyond === 'higher' ? 1 : -1);
          expect(sign(0)).toBe(-sign(options.limit));
        } else {
          expect(sign(0) * sign(options.limit)).toBeGreaterThanOrEqual(0);
          if (found.kind === 'higher') expect(sign(options.limit) + sign(0)).toBeGreaterThan(0);
          if (found.kind === 'lower') expect(sign(options.limit) + sign(0)).toBeLessThan(0);
        }
      }),
    );
  });

  it('of queries is what arithmetic says: poll interval times changes', () => {
    // 60 s / 2 s a client against 12 changes a minute.
    const found = breakEvenOf(unbounded(0, 30), unbounded(12, 0), options);
    expect(found).toMatchObject({ kind: 'at', load: 0.4, low: 0.4, high: 0.4 });
  });

  it('sees what a cost levels off at', () => {
    const cached: Line = { fixed: 0, perLoad: 30, atMost: 60 };
    expect(breakEvenOf(cached, unbounded(600, 0), options)).toEqual({ kind: 'lower' });
    expect(breakEvenOf(cached, unbounded(45, 0), options)).toMatchObject({ kind: 'at', load: 1.5 });
    expect(breakEvenOf(cached, unbounded(0, 0.6), options)).toMatchObject({
      kind: 'at',
      load: expect.closeTo(100),
    });
  });

  it('is uncertain by what the points leave open, and none where that is all there is', () => {
    expect(breakEvenOf(unbounded(0, 2), unbounded(100, 1), { limit: 1000, tolerance: 10 })).toMatchObject({
      load: 100,
      low: 90,
      high: 110,
    });
    expect(breakEvenOf(unbounded(5, 0), unbounded(6, 0), { limit: 1000, tolerance: 2 })).toEqual({ kind: 'alike' });
  });
});
