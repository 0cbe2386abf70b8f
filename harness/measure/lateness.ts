// The rig's own lateness against what it measures: beyond a tenth of a p99 it shows, beyond half of one that figure is void.
import type { MetricName } from '../contract/metrics.ts';
import { type HealthFinding, isDistribution, type MetricValue } from '../contract/record.ts';
import { formatDurationUs } from '../contract/units.ts';

/** Less than this is never told: timers and schedulers are as late on a healthy machine. */
const alwaysToleratedUs = 5_000;

export interface Lateness {
  readonly code: string;
  /** Ends before the number. */
  readonly what: string;
  readonly us: number;
  /** How far the truth may be from it; only what is late beyond that is told. */
  readonly marginUs: number;
  /** The figures that contain this lateness, each with what is void along with it. */
  readonly contains: Partial<Record<MetricName, readonly MetricName[]>>;
}

export function judgeLateness(lateness: Lateness, metrics: Partial<Record<MetricName, MetricValue>>): HealthFinding[] {
  const certainUs = Math.abs(lateness.us) - lateness.marginUs;
  const judged = Object.entries(lateness.contains).flatMap(([name, along]) => {
    const p99Us = p99Of(metrics[name as MetricName]);
    return p99Us === null ? [] : [{ name: name as MetricName, p99Us, along }];
  });
  const exceeding = (share: number) =>
    judged.filter(({ p99Us }) => certainUs > Math.max(share * p99Us, alwaysToleratedUs));
  const late = exceeding(0.1);
  if (late.length === 0) return [];
  const margin = lateness.marginUs === 0 ? '' : ` ± ${formatDurationUs(lateness.marginUs)}`;
  const told = late.map(({ name, p99Us }) => `${name} has a p99 of ${formatDurationUs(p99Us)}`).join(', ');
  const message = `${lateness.what} ${formatDurationUs(lateness.us)}${margin}, where ${told}`;
  const voids = [...new Set(exceeding(0.5).flatMap(({ name, along }) => [name, ...along]))];
  return voids.length === 0
    ? [{ severity: 'warn', code: lateness.code, message }]
    : [{ severity: 'fatal', code: lateness.code, message: `${message}; void are ${voids.join(', ')}`, voids }];
}

/** The metrics with every figure that a finding voids replaced by the reason. Counts stay what they are. */
export function voidFigures(
  metrics: Partial<Record<MetricName, MetricValue>>,
  findings: readonly HealthFinding[],
): Partial<Record<MetricName, MetricValue>> {
  const voided = { ...metrics };
  for (const { voids = [], message } of findings) {
    for (const name of voids) {
      const value = metrics[name];
      if (value === undefined || 'reason' in value) continue;
      const { unit, expected, expectedBecause } = value;
      voided[name] = {
        unit,
        value: null,
        reason: `void: ${message}`,
        ...(expected !== undefined && { expected }),
        ...(expectedBecause !== undefined && { expectedBecause }),
      };
    }
  }
  return voided;
}

export function p99Of(value: MetricValue | undefined): number | null {
  return isDistribution(value) ? value.p99 : null;
}
