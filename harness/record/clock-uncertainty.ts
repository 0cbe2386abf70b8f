// The figures of a trial whose clients ran on agents → each with how far the clocks may have been apart, and none that this may be a
// tenth of. Where all clients ran beside the publisher there is one clock, and nothing to state.
import { type MetricName, metricOf } from '../contract/metrics.ts';
import {
  type DistributionValue,
  isCertain,
  isDistribution,
  type MetricValue,
  mostUncertainShare,
  points,
  type ScalarValue,
  type TrialRecord,
} from '../contract/record.ts';
import { formatDurationUs } from '../contract/units.ts';

type Metrics = Partial<Record<MetricName, MetricValue>>;

/** What a count of a slice is counted over. */
const sliceUs = 100_000;

interface Occasion {
  /** Clients make the changes: moments of one agent are compared with another's. */
  readonly isBetweenAgents: boolean;
  /** Moments at which screens became stale or fresh by the clients' clocks: each shifts the time by the uncertainty at most. */
  readonly edges: number;
  /** All screens' time, of which the metric is a share. */
  readonly screenUs: (name: MetricName) => number;
}

/** The metrics as far as the clocks of these agents allow. */
export function withUncertainty(
  metrics: Metrics,
  agents: NonNullable<TrialRecord['agents']>,
  { isBetweenAgents, edges, screenUs }: Occasion,
): Metrics {
  // Of a lost agent nothing is in the figures.
  const there = agents.filter(({ clients, clock, lost }) => clients > 0 && (lost === null || clock !== null));
  if (there.length === 0) return metrics;
  const unread = there.filter(({ clock }) => (clock?.uncertaintyUs ?? null) === null).map(({ name }) => name);
  const [most = 0, next = 0] = there.map(({ clock }) => clock?.uncertaintyUs ?? 0).toSorted((a, b) => b - a);
  const uncertaintyUs = isBetweenAgents ? most + next : most;
  const entries = Object.entries(metrics).map(([name, value]) => {
    const { acrossClocks } = metricOf(name as MetricName);
    if (acrossClocks === undefined || 'reason' in value) return [name, value];
    if (unread.length > 0) return [name, withheld(value, `the clock of ${unread.join(', ')} could not be read`)];
    if (acrossClocks === 'difference')
      return [name, isDistribution(value) ? doubtDistribution(value, uncertaintyUs) : value];
    if (isDistribution(value)) return [name, value];
    if (acrossClocks === 'slice')
      return [
        name,
        isCertain(sliceUs, uncertaintyUs) ? value : withheld(value, tooFar(uncertaintyUs, 'the 100 ms it counts over')),
      ];
    return [name, doubtScalar(value, (uncertaintyUs * edges) / screenUs(name as MetricName), uncertaintyUs)];
  });
  return Object.fromEntries(entries);
}

/** Every observation is wrong by that much at most, and so is every quantile and the mean. */
function doubtDistribution(value: DistributionValue, uncertainty: number): DistributionValue {
  const doubted = points.filter((point) => {
    const figure = value[point];
    return figure !== null && !isCertain(figure, uncertainty);
  });
  const reason = tooFar(uncertainty, 'it');
  return {
    ...value,
    ...Object.fromEntries(doubted.map((point) => [point, null])),
    uncertainty,
    ...(doubted.length > 0 && { reasons: Object.fromEntries(doubted.map((point) => [point, reason])) }),
  };
}

function doubtScalar(value: ScalarValue, uncertainty: number, uncertaintyUs: number): MetricValue {
  return isCertain(value.value, uncertainty) ? { ...value, uncertainty } : withheld(value, tooFar(uncertaintyUs, 'it'));
}

function tooFar(uncertaintyUs: number, what: string): string {
  return `the agents’ clocks may be off by ${formatDurationUs(uncertaintyUs)}, which makes up more than ${mostUncertainShare * 100} % of ${what}`;
}

function withheld({ unit, expected, expectedBecause }: MetricValue, reason: string): MetricValue {
  return {
    unit,
    value: null,
    reason,
    ...(expected !== undefined && { expected }),
    ...(expectedBecause !== undefined && { expectedBecause }),
  };
}
