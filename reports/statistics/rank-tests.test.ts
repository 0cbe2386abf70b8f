// The rank tests against published tables, worked examples, and all arrangements counted one by one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairedShift, unpairedShift } from './hodges-lehmann.ts';
import { adjustHolm } from './holm.ts';
import { rankSumDistribution } from './rank-sum.ts';
import { signedRankDistribution, testSignedRank } from './signed-rank.ts';

/** Hamilton's scale before and after tranquillizers: Hollander & Wolfe, Nonparametric Statistical Methods (1973), table 3.1. */
const depressionBefore = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
const depressionAfter = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
const depression = depressionAfter.map((after, index) => after - (depressionBefore[index] ?? 0));
/** Darwin's maize, crossed less self-fertilised, in eighths of an inch: Fisher, The Design of Experiments (1935), §17. */
const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
/** With a tie and a zero: https://en.wikipedia.org/wiki/Wilcoxon_signed-rank_test (2015), which finds W = 27 − 18 = 9 of 9 pairs. */
const tied = [15, -7, 5, 20, 0, -9, 17, -12, 5, -10];
/** Permeability of the human chorioamnion: Hollander & Wolfe, table 4.1 (R's example of wilcox.test). */
const atTerm = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const early = [1.15, 0.88, 0.9, 0.74, 1.21];

describe('the signed-rank test', () => {
  it('has the critical values of the published tables', () => {
    // Largest sums that are significant with n pairs, one-sided: McCornack, JASA 60 (1965), pp. 864–871.
    const table: Readonly<Record<number, readonly number[]>> = {
      0.05: [0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 30, 35, 41, 47, 53, 60, 67, 75, 83, 91, 100],
      0.025: [-1, 0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52, 58, 65, 73, 81, 89],
      0.01: [-1, -1, 0, 1, 3, 5, 7, 9, 12, 15, 19, 23, 27, 32, 37, 43, 49, 55, 62, 69, 76],
      0.005: [-1, -1, -1, 0, 1, 3, 5, 7, 9, 12, 15, 19, 23, 27, 32, 37, 42, 48, 54, 61, 68],
    };
    for (const [alpha, row] of Object.entries(table))
      expect(row.map((_, index) => criticalValue(wholeRankChances(index + 5), Number(alpha)))).toEqual(row);
  });

  it('finds what the worked examples find', () => {
    // 0.0195: Hollander & Wolfe, example 3.1; 96 and half of 0.04126: R's wilcox.test(maize).
    expect(testSignedRank(depression.map((difference) => -difference))).toMatchObject({
      statistic: 40,
      pGreater: 10 / 512,
    });
    expect(testSignedRank(maize)).toMatchObject({ pairs: 15, statistic: 96, pGreater: 676 / 32_768 });
  });

  it('ranks zeros and leaves them out, and gives ties the mean of their ranks', () => {
    expect(testSignedRank(tied.filter((difference) => difference !== 0))).toMatchObject({ pairs: 9, statistic: 27 });
    // With the zero ranked first, each of the other ranks is one higher.
    expect(testSignedRank(tied)).toMatchObject({ pairs: 9, statistic: 27 + 5 });
  });

  it('says nothing where nothing differs, or nothing is there', () => {
    expect(testSignedRank([0, 0, 0])).toEqual({ pairs: 0, statistic: 0, pGreater: 1, pLess: 1 });
    expect(testSignedRank([])).toMatchObject({ pGreater: 1, pLess: 1 });
    expect(testSignedRank([3])).toMatchObject({ pGreater: 0.5, pLess: 1 });
    expect(() => testSignedRank([1, Number.NaN])).toThrow(RangeError);
  });

  const differences = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 9 });

  it('agrees with all signs counted one by one, with ties and zeros', () => {
    fc.assert(
      fc.property(differences, (values) => {
        const { pGreater, pLess } = testSignedRank(values);
        expect([pGreater, pLess]).toEqual(countSigns(values).map((p) => expect.closeTo(p, 12)));
      }),
    );
  });

  it('is symmetric, blind to scale, and the surer the larger the differences', () => {
    fc.assert(
      fc.property(differences, fc.integer({ min: 1, max: 9 }), (values, scale) => {
        const test = testSignedRank(values);
        const mirrored = testSignedRank(values.map((value) => -value));
        expect(mirrored.pLess).toBeCloseTo(test.pGreater, 12);
        expect(testSignedRank(values.map((value) => value * scale))).toEqual(test);
        const distinct = values.map((value, index) => value + index / 100);
        const shifted = testSignedRank(distinct.map((value) => value + scale));
        expect(shifted.pGreater).toBeLessThanOrEqual(testSignedRank(distinct).pGreater + 1e-12);
      }),
    );
  });
});

describe('the shift of Hodges and Lehmann', () => {
  it('has the estimates and bounds of the worked examples', () => {
    // Hollander & Wolfe, examples 3.3 and 3.6: −0.46, and (−0.786, −0.010) with 96.1 %.
    const { estimate, lower, upper } = pairedShift(depression, 0.02);
    expect([estimate, lower, upper]).toEqual([-0.46, -0.786, -0.01].map((value) => expect.closeTo(value, 9)));
    // R's wilcox.test(atTerm, early, conf.int = TRUE): 0.305, and (−0.15, 0.76) with 95 %.
    const between = unpairedShift(early, atTerm, 0.025);
    expect([between.estimate, between.lower, between.upper]).toEqual(
      [0.305, -0.15, 0.76].map((value) => expect.closeTo(value, 9)),
    );
  });

  it('has no bounds where there are too few values for them', () => {
    expect(pairedShift([1, 2, 3, 4], 0.05)).toEqual({
      estimate: 2.5,
      lower: Number.NEGATIVE_INFINITY,
      upper: Number.POSITIVE_INFINITY,
    });
    expect(pairedShift([1, 2, 3, 4, 5], 0.05)).toEqual({ estimate: 3, lower: 1, upper: 5 });
    expect(unpairedShift([1, 2], [2, 4], 0.05)).toMatchObject({ estimate: 1.5, lower: Number.NEGATIVE_INFINITY });
    expect(unpairedShift([1, 2, 3], [11, 12, 13], 0.05)).toEqual({ estimate: 10, lower: 8, upper: 12 });
  });

  it('excludes 0 exactly where the test rejects, and moves with the values', () => {
    const continuous = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(continuous, fc.constantFrom(0.1, 0.05, 0.01), (values, alpha) => {
        const sizes = values.map(Math.abs);
        fc.pre(new Set(sizes).size === sizes.length && !sizes.includes(0));
        const shift = pairedShift(values, alpha);
        expect(shift.lower > 0).toBe(testSignedRank(values).pGreater <= alpha + 1e-12);
        const mirrored = pairedShift(
          values.map((value) => -value),
          alpha,
        );
        expect([mirrored.estimate, mirrored.lower, mirrored.upper].map((value) => 0 - value)).toEqual(
          [shift.estimate, shift.upper, shift.lower].map((value) =>
            Number.isFinite(value) ? expect.closeTo(value, 9) : value,
          ),
        );
        expect(
          pairedShift(
            values.map((value) => value + 3),
            alpha,
          ).estimate,
        ).toBeCloseTo(shift.estimate + 3, 9);
      }),
    );
  });
});

describe('the rank-sum distribution', () => {
  it('has the critical values of the published tables', () => {
    // Two groups of n from 3 to 10, one-sided 5 % and two-sided 5 %: Mann & Whitney (1947); Milton, JASA 59 (1964), pp. 925–934.
    const sizes = [3, 4, 5, 6, 7, 8, 9, 10];
    expect(sizes.map((n) => criticalValue(rankSumDistribution(n, n), 0.05))).toEqual([0, 1, 4, 7, 11, 15, 21, 27]);
    expect(sizes.map((n) => criticalValue(rankSumDistribution(n, n), 0.025))).toEqual([-1, 0, 2, 5, 8, 13, 17, 23]);
  });

  it('finds what the worked example finds', () => {
    // U = 35 of 50 with p = 0.1272: Hollander & Wolfe, example 4.1, and R's wilcox.test(…, alternative = "greater").
    const chances = rankSumDistribution(atTerm.length, early.length);
    expect(chances.slice(35).reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(0.1272, 4);
  });

  it('is symmetric, in both groups and around its middle', () => {
    const size = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(size, size, (first, second) => {
        const chances = [...rankSumDistribution(first, second)];
        const close = chances.map((chance) => expect.closeTo(chance, 12));
        expect([...rankSumDistribution(second, first)]).toEqual(close);
        expect([...chances].reverse()).toEqual(close);
        expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 12);
      }),
    );
  });
});

describe('Holm’s correction', () => {
  it('finds what the worked example finds', () => {
    // https://en.wikipedia.org/wiki/Holm–Bonferroni_method, its example; R's p.adjust gives the same.
    expect(adjustHolm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  it('keeps the order, lowers nothing, and does no more than Bonferroni', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), (chances) => {
        const adjusted = adjustHolm(chances);
        for (const [i, chance] of chances.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(chance);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, chance * chances.length));
          for (const [j, other] of chances.entries())
            if (chance < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? 0);
        }
      }),
    );
  });
});

function wholeRankChances(pairs: number): Float64Array {
  const ranks = Array.from({ length: pairs }, (_, index) => index + 1);
  return signedRankDistribution(ranks).filter((_, index) => index % 2 === 0);
}

/** The largest value with at most `alpha` at or below it; −1 when there is none. */
function criticalValue(chances: Float64Array, alpha: number): number {
  const below = chances.map((_, index) => chances.slice(0, index + 1).reduce((sum, chance) => sum + chance, 0));
  return below.findIndex((chance) => chance > alpha) - 1;
}

/** The two chances, from all 2^n ways to give the ranks a sign. */
function countSigns(values: readonly number[]): [number, number] {
  const rankOf = (value: number) => {
    const sizes = values.map(Math.abs).sort((a, b) => a - b);
    return (sizes.indexOf(Math.abs(value)) + sizes.lastIndexOf(Math.abs(value))) / 2 + 1;
  };
  const differing = values.filter((value) => value !== 0);
  const observed = differing.reduce((sum, value) => sum + (value > 0 ? rankOf(value) : 0), 0);
  const sums = differing.reduce<number[]>((all, value) => all.flatMap((sum) => [sum, sum + rankOf(value)]), [0]);
  const share = (keep: (sum: number) => boolean) => sums.filter(keep).length / sums.length;
  return [share((sum) => sum >= observed), share((sum) => sum <= observed)];
}
