// `bench`: runs a scenario for its contenders on real services and ends with a table, a record and a report.
// Read `runBench` from top to bottom; what one trial does is in harness/trial/run-trial.ts.

import { wallClock } from '../contract/clock.ts';
import { exitCodes, FreshetError, systemFailure } from '../contract/errors.ts';
import type { Limits } from '../contract/limits.ts';
import type { RunRecord, TrialRecord } from '../contract/record.ts';
import { runRecordSchemaName } from '../contract/record.ts';
import type { Scenario } from '../contract/scenario.ts';
import { formatDurationUs } from '../contract/units.ts';
import { capacityProblems, descriptorsNeeded, serverProblems } from '../plan/capacity.ts';
import { serviceFaultOf } from '../plan/service-fault.ts';
import { nameTrials } from '../plan/trial-names.ts';
import { expectedTrialUs, type TrialPlan } from '../plan/trial-plan.ts';
import { describeEnvironment, freshetVersion } from '../record/environment.ts';
import { openStore, type RecordStore } from '../record/store.ts';
import { buildBundles, entryPoints } from '../services/bundle.ts';
import { createDatabase } from '../services/database.ts';
import { settleAll } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { raiseOpenFiles, readLimits } from '../services/limits.ts';
import { findNginx } from '../services/nginx.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import type { Service } from '../services/service.ts';
import type { Executor } from '../swarm/executor.ts';
import { referenceSystem, usesRelay } from '../targets/reference-system.ts';
import type { MeasuredSystem } from '../targets/system.ts';
import type { Phase } from '../trial/phases.ts';
import { runTrial, type TrialContext } from '../trial/run-trial.ts';
import type { TimelinePoint } from '../trial/timeline.ts';
import { toItsEnd, type Watch, watch } from '../trial/watch.ts';
import { conclude } from './conclude.ts';
import { type Placed, withCrew } from './crew.ts';
import { prepareForeignGround } from './foreign-ground.ts';
import { guarded } from './guarded.ts';
import { abortOnSignals } from './interrupt.ts';
import { createProgress, type Progress } from './progress.ts';
import type { BenchRequest } from './request.ts';
import { keepsThresholds } from './thresholds.ts';

export interface BenchOptions {
  /** Print the record as JSON instead of the table. */
  readonly json: boolean;
  /** The command line, to be repeated from the record. */
  readonly commandLine: string;
}

/** Runs all trials of the request. Returns the exit code; what was measured is kept whatever happens. */
export async function runBench(request: BenchRequest, options: BenchOptions): Promise<number> {
  // Before there is anything to end: a terminal's Ctrl-C also ends the compiler that tsx loads our sources with.
  await import('./render.ts');
  const limits = await ensureCapacity(request.trials, request.crew === null ? capacityProblems : serverProblems);
  const progress = createProgress(process.stderr);
  const signal = abortOnSignals('what was measured is kept');
  try {
    for (const line of request.scaled) progress.note(line);
    const { record, store } = await beginRecord(request, limits, { ...options, warn: progress.note });
    const failure = await measure({ request, limits, record, store, progress, signal });
    await conclude({ record: stamped(record), store, failure, progress, json: options.json });
    if (statusOf(record) === 'invalid') return exitCodes.invalid;
    return (await keepsThresholds(record, request.thresholds, store.directory)) ? 0 : exitCodes.gate;
  } finally {
    progress.end();
  }
}

interface Measurement {
  readonly request: BenchRequest;
  readonly limits: Limits;
  readonly record: RunRecord;
  readonly store: RecordStore;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Measures until all is done or something ends it, which is returned; then nothing of it is left but the record. */
async function measure(measurement: Measurement): Promise<unknown> {
  const { store, progress, signal } = measurement;
  try {
    await guarded({ signal, onEnd: () => progress.step('cleaning up') }, (guard) => {
      guard.addDirectory(store.scratch);
      const { request } = measurement;
      const options = { guard, signal, say: progress.note };
      return withCrew(request.crew, options, (placed) => measureTrials({ ...measurement, guard }, placed));
    });
    return null;
  } catch (error) {
    return signal.aborted ? signal.reason : systemFailure(error);
  }
}

/** What this machine allows, raised as far as it can be. Throws `environment`, before anything starts, when that is too little. */
export async function ensureCapacity(
  trials: readonly TrialPlan[],
  problemsOf: typeof capacityProblems = capacityProblems,
): Promise<Limits> {
  await raiseOpenFiles(Math.max(...trials.map(descriptorsNeeded)));
  const limits = readLimits();
  const problems = new Set(trials.flatMap((plan) => problemsOf(plan, limits)));
  if (problems.size > 0) throw new FreshetError('environment', [...problems]);
  return limits;
}

/** Starts the services and runs one trial after the other; the record grows by each and is written at once. */
async function measureTrials(
  measurement: Measurement & { guard: Guard },
  { executor, serveHost }: Placed,
): Promise<void> {
  const { request, record, store, guard, progress, signal } = measurement;
  const { trials } = request;
  signal.throwIfAborted();
  await store.write(stamped(record));
  if (request.targets.length > 0) {
    const alive = watch({ signal, services: [] });
    await runTrials(measurement, { ...(await prepareForeignGround(request.targets, { ...request, guard })), alive });
    return;
  }
  progress.step('starting Postgres and Redis');
  const needsRedis = trials.some(needsRedisFor);
  const needsNginx = trials.some(({ balancing }) => balancing !== null);
  const [bundles, postgres, redis, nginx] = await settleAll([
    buildBundles(guard.directory, entryPoints()),
    startPostgres({ guard, driver: request.services, url: request.postgresUrl }),
    needsRedis ? startRedis({ guard, driver: request.services, url: request.redisUrl }) : null,
    needsNginx ? findNginx({ guard, driver: request.services, progress: progress.step }) : null,
  ]);
  record.services.postgres = describeService(postgres);
  if (redis !== null) record.services.redis = describeService(redis);
  if (nginx !== null) record.services.nginx = describeService(nginx);
  const services = watch({ signal, services: [postgres, redis] });
  const database = await toItsEnd(services, createDatabase({ guard, postgres }));
  const system = referenceSystem({ guard, bundle: bundles.servers, database, postgres, redis, nginx, serveHost });
  await runTrials(measurement, { bundles, system, alive: services, ...(executor !== undefined && { executor }) });
  await database.drop();
  await Promise.all([postgres.stop(), redis?.stop()]);
}

/** What all trials of a run share. */
interface Ground {
  readonly bundles: TrialContext['bundles'];
  readonly system: MeasuredSystem;
  readonly alive: Watch;
  readonly executor?: Executor;
}

async function runTrials(
  { request, limits, record, store, guard, progress, signal }: Measurement & { guard: Guard },
  { alive, ...ground }: Ground,
): Promise<void> {
  const { trials } = request;
  const names = nameTrials(trials);
  for (const [index, plan] of trials.entries()) {
    signal.throwIfAborted();
    progress.beginTrial(plan, {
      name: names[index] ?? plan.contender.name,
      index: index + 1,
      count: trials.length,
      leftUs: expectedUs(trials.slice(index)),
    });
    const onPhase = (phase: Phase) => progress.phase(phase);
    const onPoint = (point: TimelinePoint) => progress.point(point);
    const { keep } = store;
    const context = { guard, limits, ...ground, signal, keep, onPhase, onPoint };
    const trial = await toItsEnd(alive, runTrial(plan, context));
    record.trials.push(trial);
    record.missing.shift();
    for (const { severity, message } of trial.health)
      progress.note(`      ${severity === 'fatal' ? 'FATAL' : 'note'}: ${message}`);
    await store.write(stamped(record));
  }
}

async function beginRecord(
  request: BenchRequest,
  limits: Limits,
  options: BenchOptions & { warn: (line: string) => void },
) {
  const startedAt = wallClock();
  const names = nameTrials(request.trials);
  const store = await openStore({
    root: request.out,
    startedAt,
    scenario: request.scenarios.map(({ name }) => name).join('+'),
    warn: options.warn,
  });
  const record: RunRecord = {
    schema: runRecordSchemaName,
    id: store.directory.split('/').at(-1) ?? '',
    startedAt: startedAt.toISOString(),
    finishedAt: startedAt.toISOString(),
    status: 'interrupted',
    command: options.commandLine,
    freshet: await freshetVersion(),
    seed: request.seed,
    environment: await describeEnvironment(limits),
    services: {},
    scenarios: describeScenarios(request.scenarios),
    trials: [],
    missing: request.trials.map(({ scenario, repetition }, index) => `${scenario} ${names[index]} #${repetition}`),
    ...(request.require.length > 0 ? { require: [...request.require] } : {}),
  };
  return { record, store };
}

function describeScenarios(scenarios: readonly Scenario[]): NonNullable<RunRecord['scenarios']> {
  const described = scenarios.map(({ name, question, columns }) => {
    return [name, { question, ...(columns === undefined ? {} : { columns: [...columns] }) }] as const;
  });
  return Object.fromEntries(described);
}

/** The record as it stands. */
function stamped(record: RunRecord): RunRecord {
  return { ...record, status: statusOf(record), finishedAt: wallClock().toISOString() };
}

function statusOf(record: RunRecord): RunRecord['status'] {
  const isFatal = (trial: TrialRecord) => trial.health.some(({ severity }) => severity === 'fatal');
  if (record.missing.length > 0) return 'interrupted';
  return record.trials.some(isFatal) ? 'invalid' : 'complete';
}

function describeService({ driver, version }: Pick<Service, 'driver' | 'version'>) {
  return { driver, version };
}

/** A fault that takes Redis away needs one also where the contender does without. */
function needsRedisFor({ contender, fault }: TrialPlan): boolean {
  return usesRelay(contender) || (fault !== null && serviceFaultOf(fault.kind)?.service === 'redis');
}

/** What `--dry-run` prints: every trial, and how long all will take. */
export function describePlan(request: BenchRequest): string {
  const { trials, scenarios, scaled } = request;
  const names = nameTrials(trials);
  const lines = trials.map((plan, index) => {
    const { scenario, clients, windowUs } = plan;
    return `${String(index + 1).padStart(4)}. ${scenario.padEnd(16)} ${(names[index] ?? '').padEnd(41)} ${clients} clients, window ${formatDurationUs(windowUs)}, about ${formatDurationUs(Math.round(expectedTrialUs(plan) / 1e6) * 1e6)}`;
  });
  return [
    ...scenarios.map(({ name, question }) => `${name}: ${question}`),
    ...scaled,
    ...lines,
    `About ${formatDurationUs(Math.round(expectedUs(trials) / 1e6) * 1e6)} in all; records go to ${request.out}/.`,
  ].join('\n');
}

/** Trials, and about 8 s for services and report. */
function expectedUs(trials: readonly TrialPlan[]): number {
  return trials.reduce((sum, plan) => sum + expectedTrialUs(plan), 8e6);
}
