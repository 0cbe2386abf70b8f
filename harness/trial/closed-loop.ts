// One contender's HTTP endpoint under a closed loop (autocannon): each connection asks again as soon as it is answered, with ever more
// connections, until more of them bring no more answers. A long poll is answered by the next change, which comes as fast as asked.
import autocannon from 'autocannon';
import { messagePrefix, metricNames, paths } from '../../servers/protocol.ts';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import { cpuMsPerSecond, type Reading, type Sources, sumOverServers, takeReading } from '../measure/reading.ts';
import { StatementReader } from '../measure/statements.ts';
import { type CeilingStep, isStillRising } from '../model/ceiling.ts';
import { planUpdates } from '../plan/arrivals.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { Publisher } from '../publisher/publisher.ts';
import { settleAll, within } from '../services/deadline.ts';
import { coresBusy, readMachineCpu } from '../services/machine-cpu.ts';
import type { TrialContext } from './run-trial.ts';
import { watch, whileAlive } from './watch.ts';

/** Until all connections are open and the code is warm. */
const warmUpUs = 1_000_000;
/** Between two changes for long polls: each is one answer to every connection. */
const changeEveryUs = 50_000;
const cleanupLimitMs = 5_000;

export interface ClosedLoop {
  /** Connections of each step, rising. */
  readonly connections: readonly number[];
  /** How long an answer may take at the 99th percentile. */
  readonly boundUs: number;
  readonly onStep: (step: CeilingStep) => void;
}

type Context = Pick<TrialContext, 'guard' | 'bundles' | 'system' | 'signal'>;

/** Starts the system, runs the steps, and leaves nothing behind. Each step is measured for the plan's window. */
export async function runClosedLoop(plan: TrialPlan, loop: ClosedLoop, context: Context): Promise<CeilingStep[]> {
  const { guard, bundles, signal } = context;
  const { services } = context.system;
  const cleanups: (() => Promise<unknown>)[] = [];
  try {
    signal.throwIfAborted();
    const layout = await context.system.prepare(plan);
    if (layout.publish === null) throw new FreshetError('bug', 'a closed loop needs a system that can be published to');
    const [system, publisher, statements] = await settleAll([
      layout.start(),
      Publisher.start({ guard, bundle: bundles.publisher, publish: layout.publish }),
      StatementReader.open(layout.database),
    ]);
    cleanups.push(
      () => system.stop(),
      () => publisher.stop(),
      () => statements.close(),
    );
    const over = new AbortController();
    cleanups.push(async () => over.abort());
    const sources: Sources = {
      statements,
      metricsUrls: layout.metricsUrls,
      authority: layout.target.authority,
      processes: system.processes,
    };
    const alive = watch({
      signal,
      until: over.signal,
      services: [services.postgres, services.redis],
      children: [publisher.child],
      deaths: [system.died],
      losses: [publisher.lost],
    });
    const [address] = layout.target.addresses;
    const origin = `${layout.target.authority === null ? 'http' : 'https'}://${address?.host}:${address?.port}`;
    return await whileAlive(alive, climb(plan, loop, { origin, sources, publisher, signal }));
  } finally {
    for (const cleanup of cleanups.reverse()) await within(cleanup(), cleanupLimitMs);
  }
}

interface Rig {
  readonly origin: string;
  readonly sources: Sources;
  readonly publisher: Publisher;
  readonly signal: AbortSignal;
}

async function climb(plan: TrialPlan, loop: ClosedLoop, rig: Rig): Promise<CeilingStep[]> {
  const steps: CeilingStep[] = [];
  const isHeld = plan.contender.transport === 'long-polling';
  let firstVersion = 1;
  for (const connections of loop.connections) {
    if (!isStillRising(steps)) break;
    if (isHeld) {
      const updates = planUpdates({
        audiences: 1,
        windowUs: 2 * warmUpUs + plan.windowUs,
        intervalUs: changeEveryUs,
        kind: 'fixed',
        seed: plan.seed,
        firstVersion,
        startUs: nowUs(),
      });
      firstVersion += updates.length;
      rig.publisher.schedule(updates);
    }
    const step = await runStep({ connections, isHeld, windowUs: plan.windowUs, boundUs: loop.boundUs }, rig);
    steps.push(step);
    loop.onStep(step);
  }
  return steps;
}

interface StepPlan {
  readonly connections: number;
  readonly isHeld: boolean;
  readonly windowUs: number;
  readonly boundUs: number;
}

async function runStep({ connections, isHeld, windowUs, boundUs }: StepPlan, rig: Rig): Promise<CeilingStep> {
  const url = `${rig.origin}${paths.dashboard}?audience=0`;
  const loading = autocannon({
    url,
    connections,
    duration: (warmUpUs + windowUs) / 1e6 + 0.5,
    timeout: 30,
    ...(isHeld && { requests: [heldRequest()] }),
  });
  const finished = Promise.resolve(loading);
  const stop = () => (loading as unknown as { stop(): void }).stop();
  rig.signal.addEventListener('abort', stop);
  try {
    await sleepUs(warmUpUs);
    const before = await takeReading(rig.sources);
    const own = process.cpuUsage();
    const machine = readMachineCpu();
    await sleepUs(windowUs);
    const busy = coresBusy(machine, readMachineCpu());
    const after = await takeReading(rig.sources);
    const used = process.cpuUsage(own);
    const tookUs = after.cpu.before.cpuAtUs - before.cpu.after.cpuAtUs;
    const result = await finished;
    const p99Us = result.latency.p99 * 1_000;
    const failures = result.errors + result.timeouts + result.non2xx;
    return {
      load: `${formatNumber(connections)} connections`,
      perSecond: ((answersOf(after) - answersOf(before)) / tookUs) * 1e6,
      p99Us,
      cores: { ...coresBetween(before, after), generator: (used.user + used.system) / tookUs, machine: busy },
      poolWaiting: sumOverServers(after, metricNames.poolWaitingPeak),
      failed: failureOf(failures, p99Us, boundUs),
    };
  } finally {
    rig.signal.removeEventListener('abort', stop);
  }
}

/** Asks for what is newer than anything that came yet; the first is answered from memory, without a query of its own. */
function heldRequest(): autocannon.Request {
  let newest = 0;
  return {
    setupRequest: (request) => ({ ...request, path: `${paths.dashboard}?audience=0&after=${newest}` }),
    onResponse: (_status, body) => {
      newest = Math.max(newest, versionOf(body));
    },
  };
}

/** 0 for an answer that holds none: nothing new. */
function versionOf(body: string): number {
  const prefix = [messagePrefix.update, messagePrefix.snapshot].find((each) => body.startsWith(each));
  return prefix === undefined ? 0 : Number.parseInt(body.slice(prefix.length, prefix.length + 16), 10);
}

function answersOf(reading: Reading): number {
  return sumOverServers(reading, metricNames.responses, { status: '200' });
}

function coresBetween(before: Reading, after: Reading): Omit<CeilingStep['cores'], 'generator' | 'machine'> {
  const cores = (part: 'servers' | 'postgres' | 'relay' | 'redis') => {
    const ms = cpuMsPerSecond(before, after, part);
    return ms === null ? null : ms / 1_000;
  };
  return {
    servers: cores('servers'),
    postgres: cores('postgres'),
    relay: cores('relay'),
    redis: cores('redis'),
  };
}

function failureOf(failures: number, p99Us: number, boundUs: number): string | null {
  if (failures > 0) return `${formatNumber(failures)} requests without an answer of use`;
  return p99Us > boundUs ? `p99 ${formatDurationUs(p99Us)}, over ${formatDurationUs(boundUs)}` : null;
}
