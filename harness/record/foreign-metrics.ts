// Somebody's own server: what is measured of it whatever its messages say, and what cannot be.
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue } from '../contract/record.ts';
import type { SwarmTotals } from '../measure/swarm-totals.ts';
import { isInWindow, type TrialInput } from '../measure/trial-input.ts';
import { distribution, scalar } from './values.ts';

type Metrics = Partial<Record<MetricName, MetricValue>>;

/** A reference server's messages need no count of their own: none of these. */
export function foreignMetrics({ plan }: TrialInput, totals: SwarmTotals): Metrics {
  if (plan.contender.foreign === undefined) return {};
  const clientMinutes = (totals.windowUs / 60e6) * plan.clients;
  return {
    'arrivals.perClientMinute': scalar(
      'arrivals.perClientMinute',
      totals.window.arrivals / clientMinutes,
      'the window had no length',
    ),
    'arrivals.gapUs': distribution(
      'arrivals.gapUs',
      totals.histograms.arrivalGapUs,
      'no client received two messages by the end of the window',
    ),
  };
}

/** Changes of the window: the schedule's, else those that a shard has seen. */
export function changesInWindow(input: TrialInput): number {
  const { planned, plan, results } = input;
  if (plan.contender.foreign?.changes !== 'theirs') return planned.filter((change) => isInWindow(change, input)).length;
  return Math.max(0, ...results.shards.map(({ timedInWindow }) => timedInWindow ?? 0));
}

/** The metrics, those that this system cannot have in place of a figure that would be none. */
export function withoutUnseen(metrics: Metrics, { unseen }: TrialInput): Metrics {
  const replaced = Object.entries(unseen).flatMap(([name, reason]) => {
    const metric = name as MetricName;
    return metrics[metric] === undefined ? [] : [[metric, scalar(metric, null, reason)] as const];
  });
  return { ...metrics, ...Object.fromEntries(replaced) };
}
