// What a comparison holds a figure to: which may fail it, by how much it must be worse, and what is too small to tell.
import { type MetricName, metricOf, type Unit } from '../../harness/contract/metrics.ts';

export interface CompareLimits {
  /** By how much a deterministic figure may be worse: a share of the baseline's; of one that is a share itself, points. */
  readonly deterministic: number;
  /** The same for timings of two runs at different times: what a busy machine cannot explain. */
  readonly timing: number;
  /** The same where too few repetitions tell how much the timings vary of themselves. */
  readonly timingUnrepeated: number;
}

export const usualLimits: CompareLimits = { deterministic: 0.02, timing: 0.5, timingUnrepeated: 2 };

/** The timings that may fail a comparison: what users feel and what is paid for. All others are shown. */
const decisiveTimings: ReadonlySet<MetricName> = new Set([
  'freshnessUs',
  'staleShare',
  'requestUs',
  'storm.recoveryUs',
  'system.cpuMsPerSecond',
  'server.rssBytes',
]);

/** Differences of timings below these are the machine's, whatever share of the baseline they are. */
const smallestTimings: Readonly<Partial<Record<Unit, number>>> = {
  us: 50_000,
  ratio: 0.02,
  'ms/s': 20,
  bytes: 20_000_000,
};

/** `deterministic`: gated tightly. `timing`: fails when far worse. `shown`: never fails. */
export type Role = 'deterministic' | 'timing' | 'shown';

/** A fault makes counts hang on moments: what is deterministic in a quiet window is not in a storm. */
export function roleOf(metric: MetricName, isStorm: boolean): Role {
  const { deterministic, better } = metricOf(metric);
  if (better === 'neither') return 'shown';
  if (deterministic) return isStorm ? 'shown' : 'deterministic';
  return decisiveTimings.has(metric) ? 'timing' : 'shown';
}

/** The smallest difference of a timing that counts, in the unit. */
export function smallestTimingOf(unit: Unit): number {
  return smallestTimings[unit] ?? 0;
}

/** The quantiles of a distribution that are compared; of a storm's recovery the last client too. */
export function quantilesOf(metric: MetricName): readonly (number | null)[] {
  if (metricOf(metric).kind !== 'distribution') return [null];
  return metric === 'storm.recoveryUs' ? [0.5, 0.99, 1] : [0.5, 0.99];
}

/** The rig's own figures are no property of what is compared. */
export function isCompared(metric: MetricName): boolean {
  return !metric.startsWith('generator.');
}
