// A contender's figure → its value and the range in which it may lie, as far as the run can tell.
import type { Subject } from '../../harness/contract/comparison.ts';
import { type MetricName, metricOf } from '../../harness/contract/metrics.ts';
import { type MetricValue, scalarOf } from '../../harness/contract/record.ts';
import { formatWithUnit } from '../figures.ts';
import { belowOf, centreOf, type Figure, isUnseen, mergeFigures, quantileOf, reasonOf } from '../merge.ts';
import type { Contender } from '../run.ts';
import { pollFreshnessUs } from './arithmetic.ts';
import { traitsOf } from './traits.ts';

/** A timing of one repetition may come out this much higher or lower in the next. */
const singleRunShare = 0.1;

/** Where a figure may lie, in its unit, and why no closer. */
interface Range {
  readonly low: number;
  readonly high: number;
  readonly doubt: string;
}

export type Evidence =
  | ({ readonly kind: 'measured'; readonly value: number } & Range)
  /** Hidden by noise, and therefore below this. */
  | ({ readonly kind: 'hidden'; readonly below: number } & Range)
  /** Beyond everything that was seen: clients were still without it when the trial ended. */
  | { readonly kind: 'unseen'; readonly reason: string }
  | { readonly kind: 'unmeasured'; readonly reason: string };

/** What the run knows of it. Repetitions merge as in the table, and their spread is the range. */
export function evidenceOf(contender: Contender, question: Subject): Evidence {
  const figure = contender.figures[question.metric];
  const value = numberOf(figure, question.quantile);
  const [below, hidden] = figure?.kind === 'scalar' ? [figure.below, figure.hidden] : [null, 0];
  if (value === null && below === null) {
    const quantile = question.quantile ?? undefined;
    const kind = isUnseen(figure, quantile ?? 0.5) ? 'unseen' : 'unmeasured';
    return { kind, reason: reasonOf(figure, quantile, 'it') };
  }
  if (figure !== undefined && figure.measured + hidden < figure.repetitions) {
    const reason = `measured in ${figure.measured} of ${figure.repetitions} repetitions only (${figure.reasons.join('; ')})`;
    return { kind: 'unmeasured', reason };
  }
  if (hidden > 0) {
    const range = hiddenRangeOf(contender, question.metric);
    if (below !== null) return { kind: 'hidden', below, ...range };
    if (value !== null) return { kind: 'measured', value, ...range };
  }
  if (value === null) return { kind: 'unmeasured', reason: reasonOf(figure, question.quantile ?? undefined, 'it') };
  return { kind: 'measured', value, ...rangeOf(contender, question, value) };
}

/** Of repetitions some of which noise hides: from nothing to the most that one of them can have had. */
function hiddenRangeOf({ trials, figures }: Contender, metric: MetricName): Range {
  const tops = trials.map(({ metrics: { [metric]: value } }) => scalarOf(value) ?? lessThan(belowOf(value) ?? 0));
  const high = Math.max(...tops);
  const doubt =
    trials.length === 1
      ? reasonOf(figures[metric])
      : `repetitions from what noise hides to ${formatWithUnit(high, metricOf(metric).unit)}`;
  return { low: 0, high, doubt };
}

/** The largest number below `bound`. */
function lessThan(bound: number): number {
  return bound * (1 - Number.EPSILON);
}

function numberOf(figure: Figure | undefined, quantile: number | null): number | null {
  if (figure === undefined) return null;
  return figure.kind === 'scalar' ? figure.value : quantileOf(figure, quantile ?? 0.5);
}

function rangeOf(contender: Contender, question: Subject, value: number): Range {
  const { metric, quantile } = question;
  const { unit, deterministic } = metricOf(metric);
  const around = (margin: number, doubt: string) => ({ low: value - margin, high: value + margin, doubt });
  const [trial, ...others] = contender.trials;
  if (others.length > 0) {
    const each = contender.trials.map(
      (one) => numberOf(mergeFigures(metric, [one.metrics[metric]]), quantile) ?? value,
    );
    const open = contender.figures[metric]?.uncertainty ?? 0;
    const [low, high] = [Math.min(value, ...each) - open, Math.max(value, ...each) + open];
    return { low, high, doubt: `repetitions from ${formatWithUnit(low, unit)} to ${formatWithUnit(high, unit)}` };
  }
  const margin = marginOf(trial.metrics[metric]);
  if (margin !== null) return around(margin, `± ${formatWithUnit(margin, unit)}`);
  // A count at the window's edge may fall on either side of it.
  if (deterministic) return around(unit === '1/min' ? 60e6 / trial.windowUs : 0, 'within one count of the limit');
  const cached = metric === 'freshnessUs' ? cachedRange(contender, quantile ?? 0.5, value) : null;
  return cached ?? around(singleRunShare * Math.abs(value), 'within 10 % of the limit, too close for one repetition');
}

/** Changes at even distances meet a cache at one moment of its life, which another run may meet at any other; `null` without a cache. */
function cachedRange(contender: Contender, quantile: number, value: number): Range | null {
  const { cacheUs, pollIntervalUs: intervalUs } = traitsOf(contender);
  const tripUs = centreOf(contender.figures.requestUs);
  if (cacheUs === 0 || intervalUs === null || tripUs === null) return null;
  const youngUs = pollFreshnessUs({ intervalUs, cacheUs: 0, tripUs }, quantile);
  const [low, high] = [Math.min(value, youngUs), Math.max(value, youngUs + cacheUs)];
  const ends = `${formatWithUnit(low, 'us')} to ${formatWithUnit(high, 'us')}`;
  return { low, high, doubt: `${ends} by where in the cache’s life the changes come` };
}

function marginOf(value: MetricValue | undefined): number | null {
  return value !== undefined && 'margin' in value ? (value.margin ?? null) : null;
}
