import { describe, expect, it } from 'vitest';
import { seededRandom } from '../plan/random.ts';
import { estimateTrend, theilSen } from './trend.ts';

function noisyLine(slope: number, noise: number, count = 60, seed = 1): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => 1_000 + slope * at + noise * (random() - 0.5));
}

describe('the trend of a series', () => {
  it('is the median slope of all pairs, which one wild value does not move', () => {
    expect(theilSen([0, 1, 2, 3])).toBe(1);
    expect(theilSen([0, 2, 4, 6, 1_000, 10, 12])).toBeCloseTo(2, 9);
  });

  it('covers the true slope in nine of ten noisy series, and 0 only where nothing grows', () => {
    const covers = (slope: number) =>
      Array.from({ length: 12 }, (_, seed) => estimateTrend(noisyLine(slope, 50, 40, seed), seed)).filter(
        (trend) => trend !== null && Math.abs(trend.slope - slope) <= trend.margin,
      ).length;
    expect(covers(0)).toBeGreaterThanOrEqual(10);
    expect(covers(3)).toBeGreaterThanOrEqual(10);
    const grows = estimateTrend(noisyLine(3, 50), 1);
    expect((grows?.slope ?? 0) - (grows?.margin ?? 0)).toBeGreaterThan(0);
  });

  it('is per step of the series also where a long one is thinned', () => {
    expect(estimateTrend(noisyLine(0.5, 1, 2_000), 1)?.slope).toBeCloseTo(0.5, 2);
  });

  it('is unknown of a few values', () => {
    expect(estimateTrend([1, 2, 3], 1)).toBeNull();
  });
});
