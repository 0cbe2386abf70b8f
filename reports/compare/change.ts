// One metric of a contender in two runs → how it changed, within what, and whether that fails the comparison.
import { type MetricName, metricOf } from '../../harness/contract/metrics.ts';
import { isDistribution, type MetricValue, type TrialRecord } from '../../harness/contract/record.ts';
import { type Figure, isUnseen, mergeFigures, quantileOf, reasonOf } from '../merge.ts';
import type { Contender } from '../run.ts';
import { unpairedShift } from '../statistics/hodges-lehmann.ts';
import { type CompareLimits, type Role, roleOf, smallestTimingOf } from './rules.ts';

/** `worse` and `better` are beyond the limit, `same` is within it, `unknown` could not be compared. */
export type Outcome = 'worse' | 'better' | 'same' | 'unknown';

export interface Change {
  readonly metric: MetricName;
  /** `null` for a scalar. */
  readonly quantile: number | null;
  readonly role: Role;
  readonly unit: string;
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** candidate / baseline; `null` where there is none. */
  readonly ratio: number | null;
  /** Bounds of the ratio that together hold with 90 %, from the spread between repetitions; `null` below three of each. */
  readonly interval: { readonly lower: number; readonly upper: number } | null;
  readonly outcome: Outcome;
  /** It fails the comparison. */
  readonly isFailure: boolean;
  /** Why it is unknown. */
  readonly reason: string | null;
}

/** Three of each are the fewest whose rank interval holds with 90 %. */
const fewestRepetitions = 3;
const alpha = 0.05;
/** Pings and pongs every 30 s, of which a short window holds all clients' or none. */
const heartbeatBytesPerMinute = 50;

interface Pair {
  readonly baseline: Contender;
  readonly candidate: Contender;
}

/** The change of `metric`, or `null` when neither run holds it. */
export function changeOf(
  pair: Pair,
  { metric, quantile }: { metric: MetricName; quantile: number | null },
  limits: CompareLimits,
): Change | null {
  const [left, right] = [pair.baseline, pair.candidate].map(({ figures }) => figures[metric]);
  if (left === undefined && right === undefined) return null;
  const baseline = readFigure(left, quantile);
  const candidate = readFigure(right, quantile);
  const interval = intervalOf(pair, metric, quantile);
  const role = roleOf(metric, isStorm(pair));
  const measured = { metric, quantile, role, unit: metricOf(metric).unit, baseline, candidate, interval };
  if (baseline === null || candidate === null)
    return {
      ...measured,
      ...judgeUnmeasured(
        role,
        { figure: left, value: baseline, quantile },
        { figure: right, value: candidate, quantile },
      ),
    };
  const outcome = judge({ ...measured, baseline, candidate }, limits, pair);
  return {
    ...measured,
    ratio: baseline === 0 ? null : candidate / baseline,
    outcome,
    isFailure: outcome === 'worse' && role !== 'shown',
    reason: null,
  };
}

/** A counter that the candidate alone lost may hide anything; of a time that it no longer saw the end, it is worse than any number. */
function judgeUnmeasured(
  role: Role,
  left: { figure: Figure | undefined; value: number | null; quantile: number | null },
  right: { figure: Figure | undefined; value: number | null; quantile: number | null },
): Pick<Change, 'ratio' | 'outcome' | 'isFailure' | 'reason'> {
  const isLost = left.value !== null;
  const isBeyond = isLost && isUnseen(right.figure, right.quantile ?? 0.5);
  const { figure, quantile } = isLost ? right : left;
  return {
    ratio: null,
    outcome: isBeyond ? 'worse' : 'unknown',
    isFailure: isLost && (role === 'deterministic' || (role === 'timing' && isBeyond)),
    reason: reasonOf(figure, quantile ?? undefined),
  };
}

function judge(
  change: { metric: MetricName; role: Role; baseline: number; candidate: number; interval: Change['interval'] },
  limits: CompareLimits,
  pair: Pair,
): Outcome {
  const { metric, role, baseline, candidate, interval } = change;
  const { better, unit } = metricOf(metric);
  if (better === 'neither') return 'same';
  const worseBy = better === 'lower' ? candidate - baseline : baseline - candidate;
  const timing = interval === null ? limits.timingUnrepeated : limits.timing;
  const allowed =
    role === 'deterministic'
      ? Math.max(
          unit === 'ratio' ? limits.deterministic : limits.deterministic * baseline,
          1.01 * grainOf(metric, pair),
        )
      : Math.max(timing * Math.min(baseline, candidate), smallestTimingOf(unit), apartOf(metric, pair));
  if (Math.abs(worseBy) <= allowed * (1 + 1e-9)) return 'same';
  // Repetitions that overlap so far that the change may be none decide nothing.
  if (role !== 'deterministic' && interval !== null && interval.lower <= 1 && interval.upper >= 1) return 'same';
  return worseBy > 0 ? 'worse' : 'better';
}

/** What two runs may differ by for the clocks of their agents alone. */
function apartOf(metric: MetricName, { baseline, candidate }: Pair): number {
  return [baseline, candidate].reduce((sum, { figures }) => sum + (figures[metric]?.uncertainty ?? 0), 0);
}

/** What falls inside or outside the window by chance, in the metric's unit: a query at its edge, a heartbeat; 0 for what is counted at rest. */
function grainOf(metric: MetricName, { baseline, candidate }: Pair): number {
  const trials = [baseline.trials[0], candidate.trials[0]];
  if (metric === 'db.queriesPerUpdate')
    return Math.max(...trials.map((trial) => 1 / Math.max(1, changesInWindow(trial))));
  const { unit } = metricOf(metric);
  if (unit === '1/min') return Math.max(...trials.map(({ windowUs }) => 60e6 / Math.max(1, windowUs)));
  return unit === 'bytes/min' ? heartbeatBytesPerMinute : 0;
}

function changesInWindow({ events, windowUs }: TrialRecord): number {
  return events.filter(({ kind, atUs }) => kind === 'change' && atUs >= 0 && atUs < windowUs).length;
}

function isStorm({ baseline }: Pair): boolean {
  return baseline.trials[0].events.some(({ kind }) => kind === 'fault');
}

function readFigure(figure: Figure | undefined, quantile: number | null): number | null {
  if (figure === undefined) return null;
  return figure.kind === 'distribution' ? quantileOf(figure, quantile ?? 0.5) : figure.value;
}

function intervalOf({ baseline, candidate }: Pair, metric: MetricName, quantile: number | null): Change['interval'] {
  const [before, after] = [baseline, candidate].map(({ trials }) =>
    trials.map((trial) => singleValue(trial.metrics[metric], metric, quantile)).filter((value) => value !== null),
  );
  if (before === undefined || after === undefined) return null;
  if (Math.min(before.length, after.length) < fewestRepetitions) return null;
  if ([...before, ...after].some((value) => value <= 0)) return null;
  const { lower, upper } = unpairedShift(before.map(Math.log), after.map(Math.log), alpha);
  return { lower: Math.exp(lower), upper: Math.exp(upper) };
}

function singleValue(value: MetricValue | undefined, metric: MetricName, quantile: number | null): number | null {
  if (value === undefined) return null;
  if (isDistribution(value)) return readFigure(mergeFigures(metric, [value]), quantile);
  return value.value;
}
