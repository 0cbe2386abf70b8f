// A metric's value in the record's form: measured, or `null` with its reason; with what arithmetic expected, where it knows.

import { type Histogram, summarize } from '../contract/histogram.ts';
import { type MetricName, metricOf } from '../contract/metrics.ts';
import type { DistributionValue, MetricValue } from '../contract/record.ts';
import type { Estimate } from '../measure/estimate.ts';
import type { Expectation } from '../model/theory.ts';

/** A scalar; `null` needs the reason. */
export function scalar(
  name: MetricName,
  value: number | null,
  reason: string,
  expectation: Expectation | null = null,
): Exclude<MetricValue, DistributionValue> {
  const { unit } = metricOf(name);
  return value === null || !Number.isFinite(value)
    ? { unit, value: null, reason, ...expected(expectation) }
    : { unit, value, ...expected(expectation) };
}

/** A scalar that is the mean of a sample, with its margin. */
export function estimated(name: MetricName, estimate: Estimate | null, reason: string): MetricValue {
  const value = scalar(name, estimate?.value ?? null, reason);
  return estimate === null || estimate.margin === null || value.value === null
    ? value
    : { ...value, margin: estimate.margin };
}

/** A distribution; one without observations is unmeasured. */
export function distribution(
  name: MetricName,
  histogram: Histogram | null,
  reason: string,
  options: { censored?: number; expectation?: Expectation | null } = {},
): MetricValue {
  const { unit } = metricOf(name);
  const { censored = 0, expectation = null } = options;
  if (histogram === null || histogram.totalCount + censored === 0)
    return { unit, value: null, reason, ...expected(expectation) };
  return { ...summarize(histogram, unit, censored), ...expected(expectation) };
}

function expected(expectation: Expectation | null): { expected?: number; expectedBecause?: string } {
  return expectation === null ? {} : { expected: expectation.value, expectedBecause: expectation.because };
}
