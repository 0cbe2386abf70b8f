import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createHistogram,
  decodeHistogram,
  encodeHistogram,
  mergeHistograms,
  recordUs,
  summarize,
} from './histogram.ts';

function histogramOf(values: readonly number[]) {
  const histogram = createHistogram();
  for (const value of values) recordUs(histogram, value);
  return histogram;
}

/** The smallest value such that at least this share of all is not above it. */
function exactQuantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

const durations = fc.array(fc.nat(120_000_000), { minLength: 1, maxLength: 400 });

describe('a distribution', () => {
  test('has quantiles within 0.1 % of the exact ones', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const { p50, p90, p99 } = summarize(histogramOf(values), 'us');
        for (const [share, found] of [
          [0.5, p50],
          [0.9, p90],
          [0.99, p99],
        ] as const) {
          const exact = exactQuantile(values, share);
          expect(Math.abs((found as number) - exact)).toBeLessThanOrEqual(1 + exact / 1000);
        }
      }),
    );
  });

  test('is the same whether recorded whole or merged from encoded parts', () => {
    fc.assert(
      fc.property(durations, durations, (left, right) => {
        const whole = summarize(histogramOf([...left, ...right]), 'us');
        const merged = summarize(
          mergeHistograms([left, right].map((part) => encodeHistogram(histogramOf(part)))),
          'us',
        );
        expect({ ...merged, histogram: '' }).toEqual({ ...whole, histogram: '' });
      }),
      { numRuns: 40 },
    );
  });

  test('survives encoding, values beyond 32 bits of µs included', () => {
    const histogram = histogramOf([0, 1, 2_000, 2 ** 33]);
    const read = decodeHistogram(encodeHistogram(histogram));
    expect(read.totalCount).toBe(4);
    expect(read.maxValue / 2 ** 33).toBeCloseTo(1, 2);
  });

  test('puts censored observations beyond all seen ones: a quantile among them is null', () => {
    const seen = Array.from({ length: 90 }, (_, index) => index + 1);
    const value = summarize(histogramOf(seen), 'us', 10);
    expect(value).toMatchObject({
      count: 100,
      censored: 10,
      min: 1,
      mean: null,
      p50: 50,
      p90: 90,
      p99: null,
      p999: null,
      max: null,
    });
  });

  test('that saw nothing but censored observations has no quantiles at all', () => {
    expect(summarize(createHistogram(), 'us', 3)).toMatchObject({
      count: 3,
      min: null,
      mean: null,
      p50: null,
      max: null,
    });
  });
});
