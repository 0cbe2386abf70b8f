import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributionOf } from './fixtures/record.ts';
import { centreOf, isUnseen, isUnsure, mergeFigures, quantileOf, reasonOf } from './merge.ts';

describe('a distribution over repetitions', () => {
  it('has the quantiles of all observations together, not the mean of percentiles', () => {
    const slow = Array.from({ length: 100 }, () => 1_000);
    const fast = Array.from({ length: 300 }, () => 10);
    const figure = mergeFigures('freshnessUs', [distributionOf(slow), distributionOf(fast)]);
    expect(figure).toMatchObject({ kind: 'distribution', count: 400, measured: 2 });
    expect(centreOf(figure)).toBe(10);
  });

  it('lies within the histogram’s error of the exact quantile, censored observations counted as never', () => {
    const values = fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 60 });
    return fc.assert(
      fc.property(
        values,
        values,
        fc.nat(30),
        fc.constantFrom(0.1, 0.5, 0.9, 0.99, 1),
        (left, right, censored, quantile) => {
          const figure = mergeFigures('freshnessUs', [distributionOf(left, censored), distributionOf(right)]);
          if (figure.kind !== 'distribution') throw new Error('expected a distribution');
          const sorted = [...left, ...right].sort((a, b) => a - b);
          const rank = Math.max(1, Math.ceil(quantile * (sorted.length + censored) - 1e-9));
          const exact = sorted[rank - 1];
          const value = quantileOf(figure, quantile);
          if (exact === undefined) expect(value).toBeNull();
          else expect(Math.abs((value ?? 0) - exact)).toBeLessThanOrEqual(exact * 0.001 + 1);
        },
      ),
    );
  });

  it('takes the quantiles that the record states when there is one repetition', () => {
    const stated = { ...distributionOf([1, 2, 3]), p99: 77 };
    const figure = mergeFigures('freshnessUs', [stated]);
    expect(figure.kind === 'distribution' && quantileOf(figure, 0.99)).toBe(77);
  });

  it('has its last observation at quantile 1, and none while one was not seen', () => {
    const last = (censored: number) => {
      const figure = mergeFigures('storm.recoveryUs', [distributionOf([1, 2, 70], censored)]);
      return figure.kind === 'distribution' ? quantileOf(figure, 1) : undefined;
    };
    expect([last(0), last(1)]).toEqual([70, null]);
  });

  it('is unmeasured, not wrong, when a histogram is damaged', () => {
    const damaged = { ...distributionOf([1, 2, 3]), histogram: 'no histogram' };
    const figure = mergeFigures('freshnessUs', [damaged, distributionOf([5])]);
    expect(centreOf(figure)).toBeNull();
    expect(reasonOf(figure)).toContain('cannot be read');
  });
});

describe('a scalar over repetitions', () => {
  const scalar = (value: number) => ({ unit: 'x', value });

  it('merges as the catalogue says: median, mean or maximum', () => {
    const values = [scalar(3), scalar(1), scalar(8)];
    expect(centreOf(mergeFigures('db.queriesPerMinute', values))).toBe(3);
    expect(centreOf(mergeFigures('updates.missed', values))).toBe(4);
    expect(centreOf(mergeFigures('server.rssBytes', values))).toBe(8);
  });

  it('keeps the reason of what was not measured, and never makes it 0', () => {
    const unmeasured = { unit: 'x', value: null, reason: 'no extension' };
    expect(mergeFigures('db.queriesPerMinute', [unmeasured])).toMatchObject({ value: null, reasons: ['no extension'] });
    expect(mergeFigures('db.queriesPerMinute', [scalar(4), unmeasured])).toMatchObject({
      value: 4,
      measured: 1,
      repetitions: 2,
    });
  });

  describe('that noise hides in some', () => {
    const hidden = (below: number) => ({ unit: 'ms/s', value: null, reason: 'hidden by noise', below });
    const cpu = (...values: (number | null)[]) =>
      mergeFigures(
        'system.cpuMsPerSecond',
        values.map((value) => (value === null ? hidden(5.3) : scalar(value))),
      );

    it('is hidden where the middle one is, and below the same', () => {
      const figure = cpu(null, 9, null, 5.4, null);
      expect(figure).toMatchObject({ value: null, below: 5.3, measured: 2, hidden: 3 });
      expect(reasonOf(figure)).toBe('hidden by noise');
    });

    it('is the middle one where that was seen', () => {
      expect(cpu(null, 9, 10)).toMatchObject({ value: 9, below: null, hidden: 1 });
    });

    it('never is the median of those that were seen, whatever the hidden ones were', () => {
      const seen = fc.array(fc.integer({ min: 6, max: 100 }), { maxLength: 6 });
      const truly = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 });
      return fc.assert(
        fc.property(seen, truly, (above, under) => {
          const figure = cpu(...above, ...under.map(() => null));
          const truth = mergeFigures('system.cpuMsPerSecond', [...above, ...under].map(scalar));
          if (figure.kind !== 'scalar' || truth.kind !== 'scalar') throw new Error('expected scalars');
          if (figure.value !== null) expect(figure.value).toBe(truth.value);
          else expect(truth.value).toBeLessThan(figure.below ?? 0);
        }),
      );
    });
  });
});

describe('a distribution over two clocks', () => {
  const doubted = (uncertainty: number, ...repetitions: number[][]) => {
    const figure = mergeFigures(
      'freshnessUs',
      repetitions.map((values) => ({ ...distributionOf(values), uncertainty })),
    );
    if (figure.kind !== 'distribution') throw new Error('expected a distribution');
    return figure;
  };
  const values = [...Array.from({ length: 90 }, () => 10_000), ...Array.from({ length: 10 }, () => 200_000)];

  it.each([1, 2])('of %d repetitions tells no quantile that its uncertainty may be a tenth of', (repetitions) => {
    const figure = doubted(1_100, ...Array.from({ length: repetitions }, () => values));
    expect([0.5, 0.9].map((quantile) => quantileOf(figure, quantile))).toEqual([null, null]);
    expect(quantileOf(figure, 0.99)).toBeCloseTo(200_000, -3);
    expect([isUnsure(figure, 0.5), isUnsure(figure, 0.99), isUnseen(figure, 0.5)]).toEqual([true, false, false]);
    expect(reasonOf(figure, 0.5)).toBe(
      'p50 is not told: the agents’ clocks may be off by 1.1 ms, which is more than 10 % of it',
    );
  });

  it('keeps what was never seen apart from what is not told', () => {
    const figure = mergeFigures('freshnessUs', [{ ...distributionOf([10_000, 20_000], 8), uncertainty: 5_000 }]);
    expect([0.1, 0.5].map((quantile) => isUnsure(figure, quantile))).toEqual([true, false]);
    expect([0.1, 0.5].map((quantile) => isUnseen(figure, quantile))).toEqual([false, true]);
    expect(reasonOf(figure, 0.5)).toContain('not seen by the end of the drain');
  });

  it('is as uncertain as the worst of its repetitions', () => {
    const other = { ...distributionOf(values), uncertainty: 300 };
    expect(mergeFigures('freshnessUs', [other, { ...other, uncertainty: 900 }]).uncertainty).toBe(900);
    expect(mergeFigures('freshnessUs', [distributionOf(values)]).uncertainty).toBeNull();
  });
});
