// Two versions of a system side by side: both are up, first one is under load and then the other. A pair begins with new processes, so
// that what a process happened to become (its code's layout, its heap) varies between pairs like all other noise, and biases none.
import type { TrialRecord } from '../contract/record.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { settleAll, within } from '../services/deadline.ts';
import type { MeasuredSystem, RunningSystem } from '../targets/system.ts';
import { runTrial, type TrialContext } from './run-trial.ts';
import { watch, whileAlive } from './watch.ts';

const cleanupLimitMs = 5_000;

/** Measures the systems of both contexts, in their order. Throws what `runTrial` throws; then too no process of the pair is left. */
export async function runPair(
  plan: TrialPlan,
  contexts: readonly [TrialContext, TrialContext],
): Promise<[TrialRecord, TrialRecord]> {
  const over = new AbortController();
  const running: RunningSystem[] = [];
  const raise = async ({ system }: TrialContext) => {
    const layout = await system.prepare(plan);
    const started = await layout.start();
    running.push(started);
    const lent = { services: system.services, prepare: async () => ({ ...layout, start: async () => lend(started) }) };
    return lent satisfies MeasuredSystem;
  };
  try {
    const [first, second] = await settleAll([raise(contexts[0]), raise(contexts[1])]);
    const alive = watch({
      signal: contexts[0].signal,
      until: over.signal,
      services: [],
      deaths: running.map(({ died }) => died),
    });
    const measure = async (): Promise<[TrialRecord, TrialRecord]> => [
      await runTrial(plan, { ...contexts[0], system: first }),
      await runTrial(plan, { ...contexts[1], system: second }),
    ];
    return await whileAlive(alive, measure());
  } finally {
    over.abort();
    await Promise.all(running.map((system) => within(system.stop(), cleanupLimitMs)));
  }
}

/** The same system, which goes on when the trial that it is lent to ends. */
function lend(system: RunningSystem): RunningSystem {
  return {
    get servers() {
      return system.servers;
    },
    get processes() {
      return system.processes;
    },
    hasRelay: system.hasRelay,
    died: system.died,
    services: system.services,
    startedInUs: system.startedInUs,
    endServers: (signal, graceMs) => system.endServers(signal, graceMs),
    restartServers: () => system.restartServers(),
    endServer: (...args) => system.endServer(...args),
    restartServer: (node) => system.restartServer(node),
    stop: async () => {},
  };
}
