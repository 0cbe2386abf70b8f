// Distributions: HdrHistograms of whole µs, three digits (error at most 0.1 %), merged exactly, encoded for records and between processes.
import * as hdr from 'hdr-histogram-js';
import type { Unit } from './metrics.ts';
import type { DistributionValue } from './record.ts';

export type Histogram = hdr.Histogram;

const options = {
  bitBucketSize: 32,
  autoResize: true,
  numberOfSignificantValueDigits: 3,
  lowestDiscernibleValue: 1,
  highestTrackableValue: 2 ** 32,
} as const;

export function createHistogram(): Histogram {
  return hdr.build(options);
}

/** Records a duration of at least 0; parts of a µs are rounded. */
export function recordUs(histogram: Histogram, us: number, count = 1): void {
  histogram.recordValueWithCount(Math.max(0, Math.round(us)), count);
}

export function encodeHistogram(histogram: Histogram): string {
  return hdr.encodeIntoCompressedBase64(histogram);
}

export function decodeHistogram(encoded: string): Histogram {
  return hdr.decodeFromCompressedBase64(encoded, 32);
}

export function mergeHistograms(encoded: readonly string[]): Histogram {
  const merged = createHistogram();
  for (const part of encoded) merged.add(decodeHistogram(part));
  return merged;
}

/**
 * The record's form of a distribution. `censored` observations are longer than all that were seen,
 * so a quantile that falls among them is `null`, and so are the maximum and the mean.
 */
export function summarize(histogram: Histogram, unit: Unit, censored = 0): DistributionValue {
  const seen = histogram.totalCount;
  const count = seen + censored;
  const quantile = (share: number) =>
    seen === 0 || share * count > seen ? null : histogram.getValueAtPercentile(((share * count) / seen) * 100);
  return {
    unit,
    count,
    censored,
    min: seen === 0 ? null : histogram.getValueAtPercentile(0),
    mean: seen === 0 || censored > 0 ? null : histogram.mean,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    p999: quantile(0.999),
    max: seen === 0 || censored > 0 ? null : histogram.getValueAtPercentile(100),
    histogram: encodeHistogram(histogram),
  };
}
