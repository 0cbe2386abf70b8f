// A contender's figure → its value and the range in which it may lie, as far as the run can tell.
import type { Subject } from '../../harness/contract/comparison.ts';
import { metricOf } from '../../harness/contract/metrics.ts';
import type { MetricValue, TrialRecord } from '../../harness/contract/record.ts';
import { type Figure, mergeFigures, quantileOf, reasonOf } from '../merge.ts';
import type { Contender } from '../run.ts';

/** A timing of one repetition may come out this much higher or lower in the next. */
const singleRunShare = 0.1;

export type Evidence =
  | { readonly kind: 'measured'; readonly value: number; readonly low: number; readonly high: number }
  /** Beyond everything that was seen: clients were still without it when the trial ended. */
  | { readonly kind: 'unseen'; readonly reason: string }
  | { readonly kind: 'unmeasured'; readonly reason: string };

/** What the run knows of it. Repetitions merge as in the table, and their spread is the range. */
export function evidenceOf({ trials, figures }: Contender, question: Subject): Evidence {
  const figure = figures[question.metric];
  const value = numberOf(figure, question.quantile);
  if (value === null) {
    const isUnseen = figure?.kind === 'distribution' && figure.censored > 0 && figure.histogram !== null;
    const reason = reasonOf(figure, 'it');
    return { kind: isUnseen ? 'unseen' : 'unmeasured', reason };
  }
  if (figure !== undefined && figure.measured < figure.repetitions) {
    const reason = `measured in ${figure.measured} of ${figure.repetitions} repetitions only (${figure.reasons.join('; ')})`;
    return { kind: 'unmeasured', reason };
  }
  return { kind: 'measured', value, ...rangeOf(trials, question, value) };
}

function numberOf(figure: Figure | undefined, quantile: number | null): number | null {
  if (figure === undefined) return null;
  return figure.kind === 'scalar' ? figure.value : quantileOf(figure, quantile ?? 0.5);
}

function rangeOf(
  trials: readonly TrialRecord[],
  { metric, quantile }: Subject,
  value: number,
): { low: number; high: number } {
  const around = (margin: number) => ({ low: value - margin, high: value + margin });
  if (trials.length > 1) {
    const each = trials.map((trial) => numberOf(mergeFigures(metric, [trial.metrics[metric]]), quantile) ?? value);
    return metricOf(metric).acrossRepetitions === 'sum'
      ? around(0)
      : { low: Math.min(value, ...each), high: Math.max(value, ...each) };
  }
  const [trial] = trials;
  const margin = marginOf(trial?.metrics[metric]);
  if (margin !== null) return around(margin);
  const { deterministic, unit } = metricOf(metric);
  if (!deterministic) return around(singleRunShare * Math.abs(value));
  // A count at the window's edge may fall on either side of it.
  return around(unit === '1/min' && trial !== undefined ? 60e6 / trial.windowUs : 0);
}

function marginOf(value: MetricValue | undefined): number | null {
  return value !== undefined && 'margin' in value ? (value.margin ?? null) : null;
}
