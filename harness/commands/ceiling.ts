// `ceiling`: how many dashboards this server could bear with each contender, and what gives out first. HTTP endpoints are driven in a
// closed loop, streams by ever faster changes. Generator and system share the machine: where the generator gives out, it says so.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import type { Limits } from '../contract/limits.ts';
import { formatDurationUs } from '../contract/units.ts';
import { type CeilingResult, type CeilingStep, type ContenderCeiling, ceilingOf } from '../model/ceiling.ts';
import { otherDescriptors } from '../plan/capacity.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { buildBundles, entryPoints } from '../services/bundle.ts';
import { createDatabase } from '../services/database.ts';
import { settleAll } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { findNginx } from '../services/nginx.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import { referenceSystem, usesRelay } from '../targets/reference-system.ts';
import { runClosedLoop } from '../trial/closed-loop.ts';
import { runFanOut } from '../trial/fan-out.ts';
import type { TrialContext } from '../trial/run-trial.ts';
import { toItsEnd, watch } from '../trial/watch.ts';
import { ensureCapacity } from './bench.ts';
import type { CeilingRequest } from './ceiling-request.ts';
import { describeCeilings, describeStep } from './ceiling-table.ts';
import { guarded } from './guarded.ts';
import { abortOnSignals } from './interrupt.ts';

/** Of polling contenders; a long poll is held, so that more of them are needed. */
const pollConnections = [16, 64, 256];
const heldConnections = [128, 512, 1_024];
const changesPerSecond = [20, 40, 80, 160];

/** Returns the exit code. What was measured is printed whatever ends it. */
export async function runCeiling(request: CeilingRequest, { json }: { json: boolean }): Promise<number> {
  const limits = await ensureCapacity(request.plans);
  const signal = abortOnSignals('what was measured is printed');
  const contenders: ContenderCeiling[] = [];
  try {
    await guarded({ signal }, (guard) => measureAll({ request, limits, guard, signal, contenders }));
  } finally {
    const { boundUs, pollIntervalUs, updateIntervalUs } = request;
    const settings = { cores: limits.cores, boundUs, pollIntervalUs, updateIntervalUs };
    const result: CeilingResult = { schema: 'freshet.ceiling/1', ...settings, contenders };
    if (contenders.length > 0) {
      process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : describeCeilings(result));
      if (request.out !== null) await writeResult(request.out, result);
    }
  }
  return 0;
}

interface Measurement {
  readonly request: CeilingRequest;
  readonly limits: Limits;
  readonly guard: Guard;
  readonly signal: AbortSignal;
  /** Grows by each. */
  readonly contenders: ContenderCeiling[];
}

async function measureAll({ request, limits, guard, signal, contenders }: Measurement): Promise<void> {
  const { plans } = request;
  say('starting Postgres and Redis …');
  const needsRedis = plans.some(({ contender }) => usesRelay(contender));
  const [bundles, postgres, redis, nginx] = await settleAll([
    buildBundles(guard.directory, entryPoints()),
    startPostgres({ guard, driver: request.services, url: request.postgresUrl }),
    needsRedis ? startRedis({ guard, driver: request.services, url: request.redisUrl }) : null,
    plans.some(({ balancing }) => balancing !== null) ? findNginx({ guard, driver: request.services }) : null,
  ]);
  const services = watch({ signal, services: [postgres, redis] });
  const database = await toItsEnd(services, createDatabase({ guard, postgres }));
  const quiet = { onPhase: () => {}, onPoint: () => {} };
  const system = referenceSystem({ guard, bundle: bundles.servers, database, postgres, redis, nginx });
  const context = { guard, bundles, limits, system, signal, ...quiet };
  for (const [index, plan] of plans.entries()) {
    signal.throwIfAborted();
    say(`[${index + 1}/${plans.length}] ${plan.contender.name}`);
    const steps = await toItsEnd(services, climb(plan, request, context));
    contenders.push(describeContender(plan, steps, request, limits));
  }
  await database.drop();
  await Promise.all([postgres.stop(), redis?.stop()]);
}

function climb(plan: TrialPlan, { boundUs }: CeilingRequest, context: TrialContext): Promise<CeilingStep[]> {
  const onStep = (step: CeilingStep) => say(`      ${describeStep(step)}`);
  const { transport } = plan.contender;
  if (transport === 'sse' || transport === 'websocket')
    return runFanOut(plan, { changesPerSecond, boundUs, onStep }, context);
  const connections = transport === 'polling' ? pollConnections : heldConnections;
  return runClosedLoop(plan, { connections, boundUs, onStep }, context);
}

function describeContender(
  plan: TrialPlan,
  steps: readonly CeilingStep[],
  request: CeilingRequest,
  { cores, openFiles }: Limits,
): ContenderCeiling {
  const isPolling = plan.contender.transport === 'polling';
  const ownIntervalUs = plan.contender.given.interval;
  const pollIntervalUs = ownIntervalUs === undefined ? request.pollIntervalUs : Number(ownIntervalUs);
  // Polls are spread over their interval; a change goes to all screens at once, and must be there in time.
  const unitUs = isPolling ? pollIntervalUs : Math.min(request.updateIntervalUs, request.boundUs);
  const machine = { cores, nodes: plan.nodes, poolSize: plan.poolSize };
  return {
    contender: plan.contender.name,
    unit: isPolling ? 'polls' : plan.contender.transport === 'long-polling' ? 'answers' : 'messages',
    ceiling: ceilingOf(steps, { machine, dashboardsPerUnit: unitUs / 1e6 }),
    mostConnections: openFiles === null ? null : plan.nodes * (openFiles - plan.poolSize - otherDescriptors),
    steps,
  };
}

/** What `--dry-run` prints. */
export function describeCeilingPlan({ plans, boundUs }: CeilingRequest): string {
  const lines = plans.map(({ contender, clients, windowUs }) => {
    const { transport } = contender;
    const isPushed = transport === 'sse' || transport === 'websocket';
    const loads = isPushed
      ? `${clients} clients, ${changesPerSecond.join(', ')} changes/s`
      : `${(transport === 'polling' ? pollConnections : heldConnections).join(', ')} connections`;
    return `  ${contender.name.padEnd(24)} ${loads}, each for ${formatDurationUs(windowUs)}`;
  });
  return [`Steps of rising load, until p99 exceeds ${formatDurationUs(boundUs)} or more load brings no more:`, ...lines]
    .concat('Each contender ends early where it gives out; about two minutes in all for five.')
    .join('\n');
}

async function writeResult(directory: string, result: CeilingResult): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'ceiling.json'), `${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    throw new FreshetError(
      'environment',
      `cannot write to ${directory}: ${messageOf(error)}; expected a directory with room in it; choose another with --out`,
    );
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
