// One metric's values over repetitions → one figure, merged as the catalogue says: distributions as histograms, never as
// averaged percentiles; what was not measured stays unmeasured and keeps its reason.
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { spellQuantile } from '../harness/contract/comparison.ts';
import { type MetricName, metricOf } from '../harness/contract/metrics.ts';
import {
  type DistributionValue,
  isCertain,
  isDistribution,
  type MetricValue,
  mostUncertainShare,
  type ScalarValue,
} from '../harness/contract/record.ts';
import { formatFigure } from './figures.ts';

interface FigureBase {
  readonly unit: string;
  /** What arithmetic predicts (of a distribution: its median), and why. */
  readonly expected: number | null;
  readonly because: string | null;
  /** In how many of the repetitions it was measured. */
  readonly measured: number;
  readonly repetitions: number;
  /** Why it was not measured, in those where it was not. */
  readonly reasons: readonly string[];
  /** How far it may be from the truth because the clocks of agents were, in its unit; of repetitions the most. `null`: there was one clock. */
  readonly uncertainty: number | null;
}

interface ScalarFigure extends FigureBase {
  readonly kind: 'scalar';
  readonly value: number | null;
  /** What a figure that noise hides is known to be less than; else `null`. */
  readonly below: number | null;
  /** In how many of the repetitions noise hid it. */
  readonly hidden: number;
}

export interface DistributionFigure extends FigureBase {
  readonly kind: 'distribution';
  readonly count: number;
  readonly censored: number;
  /** The seen observations; `null` when the record's text is no histogram. */
  readonly histogram: Histogram | null;
  /** As the record states it, when there is only one repetition. */
  readonly stated: DistributionValue | null;
}

export type Figure = ScalarFigure | DistributionFigure;

/** The figure of `name` over one value a repetition; `undefined` is a repetition that does not hold the metric. */
export function mergeFigures(name: MetricName, values: readonly (MetricValue | undefined)[]): Figure {
  const distributions = values.filter(isDistribution);
  const scalars = values.filter(
    (value): value is ScalarValue => value !== undefined && 'value' in value && value.value !== null,
  );
  const base = {
    unit: values.find((value) => value !== undefined)?.unit ?? metricOf(name).unit,
    expected: combine(name, present(values.map((value) => value?.expected))),
    because: values.find((value) => value?.expectedBecause !== undefined)?.expectedBecause ?? null,
    measured: distributions.length > 0 ? distributions.length : scalars.length,
    repetitions: values.length,
    reasons: reasonsOf(values),
    uncertainty: uncertaintyOf(values),
  };
  if (distributions.length > 0) return { ...base, kind: 'distribution', ...mergeDistributions(distributions) };
  return {
    ...base,
    kind: 'scalar',
    ...mergeScalars(name, present(scalars.map(({ value }) => value)), present(values.map(belowOf))),
  };
}

/** What a value that noise hides is known to be less than. */
export function belowOf(value: MetricValue | undefined): number | undefined {
  return value !== undefined && 'below' in value ? value.below : undefined;
}

/** A hidden value lies anywhere from 0 to what it is below: the figure is known where that makes no difference to it. */
function mergeScalars(
  name: MetricName,
  seen: readonly number[],
  bounds: readonly number[],
): Pick<ScalarFigure, 'value' | 'below' | 'hidden'> {
  const least = combine(name, [...seen, ...bounds.map(() => 0)]);
  const most = combine(name, [...seen, ...bounds]);
  const isKnown = least === most;
  return { value: isKnown ? most : null, below: isKnown ? null : most, hidden: bounds.length };
}

/**
 * The value at `quantile` (0 to 1, the last) over all observations; `null` where it falls among those not seen by the end of the drain,
 * or where the clocks of agents do not tell it.
 */
export function quantileOf(figure: DistributionFigure, quantile: number): number | null {
  const stated = statedQuantile(figure.stated, quantile);
  const value = stated === undefined ? observedQuantile(figure, quantile) : stated;
  return value === null || !isCertain(value, figure.uncertainty ?? 0) ? null : value;
}

/** Whether the value at `quantile` lies beyond all that was seen, so is more than any number. */
export function isUnseen(figure: Figure | undefined, quantile: number): boolean {
  if (figure?.kind !== 'distribution' || figure.histogram === null) return false;
  return figure.censored > 0 && rankOf(figure, quantile) > figure.histogram.totalCount;
}

/** Whether it was seen, but the clocks of agents do not tell it. */
export function isUnsure(figure: Figure | undefined, quantile: number): boolean {
  if (figure?.kind !== 'distribution' || figure.uncertainty === null) return false;
  return quantileOf(figure, quantile) === null && observedQuantile(figure, quantile) !== null;
}

function observedQuantile(figure: DistributionFigure, quantile: number): number | null {
  if (figure.histogram === null || figure.count === 0) return null;
  const seen = figure.histogram.totalCount;
  const rank = rankOf(figure, quantile);
  // Half a rank below, so that rounding cannot push it over to the next observation.
  return rank > seen ? null : figure.histogram.getValueAtPercentile(((rank - 0.5) / seen) * 100);
}

function rankOf({ count }: DistributionFigure, quantile: number): number {
  return Math.max(1, Math.ceil(quantile * count - 1e-9));
}

/** The one number that stands for a figure: a scalar's value, a distribution's median. */
export function centreOf(figure: Figure | undefined): number | null {
  if (figure === undefined) return null;
  return figure.kind === 'scalar' ? figure.value : quantileOf(figure, 0.5);
}

/** Why a figure, or a distribution's `quantile`, has no number, for a footnote that names it by `word`. */
export function reasonOf(figure: Figure | undefined, quantile = 0.5, word = spellQuantile(quantile)): string {
  if (figure === undefined) return 'not in the run record';
  if (figure.kind === 'scalar') return figure.reasons.join('; ') || 'not in the run record';
  if (figure.count === 0) return 'no observation fell into the window';
  if (isUnsure(figure, quantile))
    return `${word} is not told: the agents’ clocks may be off by ${formatFigure(figure.uncertainty, figure.unit)}, which is more than ${mostUncertainShare * 100} % of it`;
  if (figure.censored > 0) {
    const seen = `${figure.censored.toLocaleString('en-US')} of ${figure.count.toLocaleString('en-US')} observations`;
    return `${word} lies among the ${seen} that were not seen by the end of the drain`;
  }
  return 'the record’s histogram cannot be read';
}

function mergeDistributions(
  values: readonly DistributionValue[],
): Pick<DistributionFigure, 'count' | 'censored' | 'histogram' | 'stated'> {
  const histograms = values.map((value) => decodeHistogram(value.histogram));
  const [first, ...others] = histograms;
  let histogram = first ?? null;
  for (const other of others) {
    if (histogram !== null && other !== null) histogram.add(other);
    else histogram = null;
  }
  return {
    count: sum(values.map((value) => value.count)),
    censored: sum(values.map((value) => value.censored)),
    histogram,
    stated: values.length === 1 ? (values[0] ?? null) : null,
  };
}

function decodeHistogram(base64: string): Histogram | null {
  try {
    const histogram = decodeFromCompressedBase64(base64, 32, false);
    histogram.autoResize = true;
    return histogram;
  } catch {
    return null; // A reader must show the rest of a record whose histogram is damaged; `reasonOf` says so.
  }
}

function statedQuantile(stated: DistributionValue | null, quantile: number): number | null | undefined {
  if (stated === null) return undefined;
  if (quantile === 0.5) return stated.p50;
  if (quantile === 0.9) return stated.p90;
  if (quantile === 0.99) return stated.p99;
  if (quantile === 0.999) return stated.p999;
  return quantile === 1 ? (stated.censored > 0 ? null : stated.max) : undefined;
}

function uncertaintyOf(values: readonly (MetricValue | undefined)[]): number | null {
  const known = present(
    values.map((value) => (value !== undefined && 'uncertainty' in value ? value.uncertainty : undefined)),
  );
  return known.length === 0 ? null : Math.max(...known);
}

function combine(name: MetricName, values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const how = metricOf(name).acrossRepetitions;
  if (how === 'mean') return sum(values) / values.length;
  return how === 'max' ? Math.max(...values) : median(values);
}

function reasonsOf(values: readonly (MetricValue | undefined)[]): string[] {
  const reasons = values.map((value) => {
    if (value === undefined) return 'not in the run record';
    return 'value' in value && value.value === null && 'reason' in value ? value.reason : null;
  });
  return [...new Set(reasons.filter((reason) => reason !== null))];
}

/** The middle value; of an even number of values, the mean of the two in the middle. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function present(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined);
}
