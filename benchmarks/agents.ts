// `npm run bench:agents`: what it costs to run clients on agents. In one run, the same clients as one local swarm and dealt to agents on this
// machine, by turns. Out: CPU of what runs the clients, of what carries the commands and reports, and how long a trial takes.
import os from 'node:os';
import { parseArgs } from 'node:util';
import { Crew } from '../harness/agents/crew.ts';
import { listAgents } from '../harness/agents/registry.ts';
import { type Contender, parseContender } from '../harness/plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../harness/plan/trial-plan.ts';
import { buildBundles, entryPoints } from '../harness/services/bundle.ts';
import { readLimits } from '../harness/services/limits.ts';
import { cpuUs } from '../harness/services/processes.ts';
import type { Executor } from '../harness/swarm/executor.ts';
import { localExecutor } from '../harness/swarm/local-executor.ts';
import type { ShardResult } from '../harness/swarm/shard-contract.ts';
import { dashboard } from '../scenarios/dashboard.ts';
import { AgentRig } from '../scripts/kill-agents/rig.ts';
import { Trials } from '../tests/agents.fixture.ts';
import { reportEnding } from './ending.ts';

interface Costs {
  readonly how: string;
  /** CPU ms a second of the window, all shards and canaries together. */
  readonly shards: number;
  /** CPU ms a second of the whole trial: this process, which runs it; the agents without their shards; their Redis. */
  readonly run: number;
  readonly agents: number;
  readonly redis: number;
  readonly trialSeconds: number;
  readonly findings: readonly string[];
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const {
    clients = '5000',
    agents = '5',
    rounds = '2',
  } = parseArgs({
    options: { clients: text, agents: text, rounds: text },
  }).values;
  const rig = await AgentRig.open();
  try {
    for (let number = 1; number <= Number(agents); number++) rig.startAgent(`agent-${number}`);
    const [trials, bundles] = [await Trials.open(rig), await buildBundles(rig.guard.directory, entryPoints())];
    await rig.untilFree(Number(agents));
    const local = localExecutor({ guard: rig.guard, bundle: bundles.shard, limits: readLimits() });
    const [{ version, host } = { version: '', host: os.hostname() }] = await listAgents(rig.meeting.client);
    const { signal } = new AbortController();
    const common = { meeting: rig.meeting, count: Number(agents), version, serveHost: '127.0.0.1', host, signal };
    const crew = await Crew.gather({ ...common, say: () => {} });
    const plan = planOf(Number(clients));
    const measure = (how: string, executor: Executor) => measureTrial({ how, executor, rig, trials, plan });
    for (let round = 0; round < Number(rounds); round++) {
      const turns = [() => measure('local', local), () => measure(`${agents} agents`, crew)];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) process.stdout.write(`${describe(await turn())}\n`);
    }
    await crew.close();
    return 0;
  } finally {
    await rig.close();
  }
}

async function measureTrial(options: {
  how: string;
  executor: Executor;
  rig: AgentRig;
  trials: Trials;
  plan: TrialPlan;
}): Promise<Costs> {
  const { how, executor, rig, trials, plan } = options;
  const results: ShardResult[] = [];
  const used = () => ({
    run: cpuUs(process.pid) ?? Number.NaN,
    agents: rig.agents.reduce((sum, { pid }) => sum + (cpuUs(pid) ?? Number.NaN), 0),
    redis: cpuUs(rig.redis.pid ?? 0) ?? Number.NaN,
  });
  const before = used();
  const trial = await trials.run(plan, overheard(executor, results));
  const after = used();
  const trialUs = Object.values(trial.phasesUs).reduce((sum, us) => sum + us, 0);
  const perSecond = (us: number, overUs: number) => (us / overUs) * 1_000;
  return {
    how,
    shards: results.reduce((sum, { cpuUs: us, windowUs }) => sum + perSecond(us, windowUs.endUs - windowUs.startUs), 0),
    run: perSecond(after.run - before.run, trialUs),
    agents: perSecond(after.agents - before.agents, trialUs),
    redis: perSecond(after.redis - before.redis, trialUs),
    trialSeconds: trialUs / 1e6,
    findings: trial.health.map(({ code }) => code),
  };
}

/** The same executor, whose shards' results are kept on their way. */
function overheard(executor: Executor, results: ShardResult[]): Executor {
  return {
    leadUs: executor.leadUs,
    seats: (plan) => executor.seats(plan),
    async start(plans, within) {
      const running = await executor.start(plans, within);
      for (const handle of running.handles) {
        const listen = handle.onReport.bind(handle);
        handle.onReport = (listener) =>
          listen((report) => {
            if (report.type === 'result') results.push(report);
            listener(report);
          });
      }
      return running;
    },
  };
}

function planOf(clients: number): TrialPlan {
  const { contender } = parseContender('sse') as { contender: Contender };
  const settings = settingsOf(dashboard, { clients, 'update-interval': 1_000_000, duration: 10_000_000 });
  const [plan] = planTrials(dashboard, { settings, contenders: [contender], repeat: 1, seed: 42 });
  return plan as TrialPlan;
}

function describe({ how, shards, run, agents, redis, trialSeconds, findings }: Costs): string {
  const ms = (value: number) => `${value.toFixed(1)} ms/s`;
  return `${how.padEnd(10)} shards ${ms(shards)}, run ${ms(run)}, agents ${ms(agents)}, their Redis ${ms(redis)}; trial ${trialSeconds.toFixed(1)} s ${findings.join(', ')}`;
}

try {
  process.exit(await main());
} catch (error) {
  process.exit(reportEnding(error));
}
