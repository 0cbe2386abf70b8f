// The benchmark's flow: for each transport servers, and for each step a generator process of its own.
import { fileURLToPath } from 'node:url';
import type { Transport } from '../../harness/contract/record.ts';
import { buildBundles, entryPoints } from '../../harness/services/bundle.ts';
import { createDatabase } from '../../harness/services/database.ts';
import { settleAll } from '../../harness/services/deadline.ts';
import { type Guard, openGuard } from '../../harness/services/guard.ts';
import { startPostgres } from '../../harness/services/postgres.ts';
import { type LoopResult, type StepResult, type SwarmCosts, summarize } from './costs.ts';
import { type BenchPlan, connectRate, nodesFor, stepsOf } from './plan.ts';
import { Rig } from './rig.ts';

const generatorEntry = fileURLToPath(new URL('generator.ts', import.meta.url));

export interface RunOptions {
  /** A Postgres that runs already; without it one of its own. */
  readonly postgresUrl: string | undefined;
  readonly signal: AbortSignal;
  /** Told what is measured next. */
  readonly onStep: (what: string) => void;
}

/** Measures all of it. Throws `environment` when a part does not start or breaks, or the signal's reason; leaves nothing behind. */
export async function runSwarmBenchmark(plan: BenchPlan, options: RunOptions): Promise<SwarmCosts> {
  const guard = await openGuard();
  const aborted = new Promise<never>((_, reject) => {
    options.signal.addEventListener('abort', () => reject(options.signal.reason), { once: true });
  });
  try {
    return await Promise.race([measureAll(guard, plan, options), aborted]);
  } finally {
    await guard.close();
  }
}

async function measureAll(guard: Guard, plan: BenchPlan, options: RunOptions): Promise<SwarmCosts> {
  const [bundles, postgres] = await settleAll([
    buildBundles(guard.directory, { ...entryPoints(), generator: generatorEntry }),
    startPostgres({ guard, url: options.postgresUrl }),
  ]);
  const database = await createDatabase({ guard, postgres });
  const steps: StepResult[] = [];
  const loops: LoopResult[] = [];
  // The closed loop asks the polling servers, with or without the polling clients.
  const served = new Set<Transport>([...plan.transports, ...(plan.loop === null ? [] : (['polling'] as const))]);
  for (const transport of served) {
    const rig = await Rig.start({ guard, database, bundles }, transport, nodesFor(plan));
    for (let round = 0; round < plan.repeat; round++) {
      if (plan.transports.includes(transport)) steps.push(...(await measureRound(rig, round, plan, options)));
      if (transport === 'polling' && plan.loop !== null) loops.push(...(await measureLoops(rig, round, plan, options)));
    }
    await rig.stop();
  }
  await database.drop();
  return summarize(steps, loops);
}

type Round = readonly [rig: Rig, round: number, plan: BenchPlan, options: RunOptions];

async function measureRound(...[rig, round, plan, { onStep }]: Round): Promise<StepResult[]> {
  const { target } = rig;
  const results: StepResult[] = [];
  for (const { client, clients } of stepsOf(plan, target.transport, round)) {
    onStep(`${target.transport}, ${clients.toLocaleString('en-US')} clients of ${client}`);
    const job = { client, target, clients, connectRate, pollIntervalUs: plan.pollIntervalUs };
    results.push({ transport: target.transport, client, clients, measured: await rig.measure(job, plan) });
  }
  return results;
}

async function measureLoops(...[rig, round, { loop }, { onStep }]: Round): Promise<LoopResult[]> {
  const results: LoopResult[] = [];
  if (loop === null) return results;
  const order = ['freshet', 'autocannon'] as const;
  for (const client of round % 2 === 0 ? order : order.toReversed()) {
    onStep(`closed loop, ${loop.connections} connections of ${client}`);
    const { count, cpuUs } = await rig.loop({ client, target: rig.target, ...loop });
    results.push({ client, connections: loop.connections, requestsPerCpuSecond: count / (cpuUs / 1e6) });
  }
  return results;
}
