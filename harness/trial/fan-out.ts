// One push contender under ever faster changes: a trial each, until changes come late or are lost; then once more between the last two.
import { isDistribution, type MetricValue, scalarOf, type TrialRecord } from '../contract/record.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import type { CeilingStep } from '../model/ceiling.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { coresBusy, type MachineCpu, readMachineCpu } from '../services/machine-cpu.ts';
import type { Phase } from './phases.ts';
import { runTrial, type TrialContext } from './run-trial.ts';

export interface FanOut {
  /** Changes a second of each step, rising. */
  readonly changesPerSecond: readonly number[];
  /** How long a change may take to a screen at the 99th percentile. */
  readonly boundUs: number;
  readonly onStep: (step: CeilingStep) => void;
}

/** Runs the steps, in the order in which they were tried. */
export async function runFanOut(plan: TrialPlan, fanOut: FanOut, context: TrialContext): Promise<CeilingStep[]> {
  const steps: CeilingStep[] = [];
  const run = async (changesPerSecond: number) => {
    const edges: MachineCpu[] = [];
    const onPhase = (phase: Phase) => {
      if (phase === 'window' || phase === 'drain') edges.push(readMachineCpu());
    };
    const trial = await runTrial({ ...plan, updateIntervalUs: 1e6 / changesPerSecond }, { ...context, onPhase });
    const [from, to] = edges;
    const machine = from === undefined || to === undefined ? null : coresBusy(from, to);
    const step = stepOf(trial, { changesPerSecond, boundUs: fanOut.boundUs, machine });
    steps.push(step);
    fanOut.onStep(step);
    return step.failed === null;
  };
  let borne = 0;
  for (const rate of fanOut.changesPerSecond) {
    if (await run(rate)) {
      borne = rate;
      continue;
    }
    if (borne > 0) await run(Math.round(Math.sqrt(borne * rate)));
    break;
  }
  return steps;
}

function stepOf(
  trial: TrialRecord,
  { changesPerSecond, boundUs, machine }: { changesPerSecond: number; boundUs: number; machine: number | null },
): CeilingStep {
  const { metrics, clients } = trial;
  const cores = (ms: MetricValue | undefined) => {
    const value = scalarOf(ms);
    return value === null ? null : value / 1_000;
  };
  const freshness = metrics.freshnessUs;
  const p99Us = isDistribution(freshness) ? freshness.p99 : null;
  const missed = scalarOf(metrics['updates.missed']) ?? 0;
  return {
    load: `${formatNumber(clients)} clients × ${formatNumber(changesPerSecond)} changes/s`,
    perSecond: clients * changesPerSecond,
    p99Us,
    cores: {
      servers: cores(metrics['server.cpuMsPerSecond']),
      postgres: cores(metrics['db.cpuMsPerSecond']),
      relay: cores(metrics['relay.cpuMsPerSecond']),
      redis: cores(metrics['redis.cpuMsPerSecond']),
      generator: scalarOf(metrics['generator.cpuShare']),
      machine,
    },
    poolWaiting: scalarOf(metrics['db.poolWaiting']) ?? 0,
    failed: failureOf({ p99Us, boundUs, missed }),
  };
}

function failureOf({
  p99Us,
  boundUs,
  missed,
}: {
  p99Us: number | null;
  boundUs: number;
  missed: number;
}): string | null {
  if (missed > 0) return `${formatNumber(missed)} versions did not reach their client`;
  if (p99Us === null) return 'not all changes were seen';
  return p99Us > boundUs ? `p99 ${formatDurationUs(p99Us)}, over ${formatDurationUs(boundUs)}` : null;
}
