// `doctor`: what this machine allows and how to raise it, found by trying: the services are started, the stillness is measured.
import os from 'node:os';
import { nowUs, sleepUntilUs } from '../contract/clock.ts';
import { exitCodes, messageOf } from '../contract/errors.ts';
import { formatDurationUs } from '../contract/units.ts';
import { capacityProblems, shardCount } from '../plan/capacity.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { freshetVersion } from '../record/environment.ts';
import { type Guard, openGuard } from '../services/guard.ts';
import { readLimits } from '../services/limits.ts';
import { findNginx } from '../services/nginx.ts';
import { startPostgres } from '../services/postgres.ts';
import { cpuUs } from '../services/processes.ts';
import { startRedis } from '../services/redis.ts';
import type { OwnDriver, Service } from '../services/service.ts';
import { abortOnSignals } from './interrupt.ts';
import {
  describeLimits,
  describeStillness,
  lacking,
  type MachineRow,
  note,
  ok,
  type Stillness,
} from './machine-check.ts';
import type { BenchRequest } from './request.ts';

/** Prints a row for each thing that was looked at, and whether the trials asked for would fit. Returns 3 when they, or the main job, could not run. */
export async function runDoctor(request: BenchRequest): Promise<number> {
  const limits = readLimits();
  const signal = abortOnSignals();
  const rows = [
    ...(await tryServices(request, signal)),
    process.platform === 'linux' && cpuUs(process.pid) !== null
      ? ok('CPU and memory', 'can be read of every process')
      : note('CPU and memory', 'cannot be read here (no /proc), and will be – in every record'),
    ...describeLimits(limits),
    ...describeStillness(await measureStillness()),
  ];
  signal.throwIfAborted();
  const fits = request.trials.map((plan) => ({ plan, problems: capacityProblems(plan, limits) }));
  process.stdout.write(
    [
      `Freshet ${await freshetVersion()} on ${os.type()} ${os.release()}, Node ${process.version}`,
      '',
      ...rows.map(({ verdict, what, says }) => `${verdict.padEnd(8)} ${what.padEnd(20)} ${says}`),
      '',
      ...fits.map(({ plan, problems }) => describeFit(plan, problems, shardCount(plan.clients, plan, limits))),
      '',
    ].join('\n'),
  );
  const isFit =
    rows.every(({ verdict }) => verdict !== 'lacking') && fits.every(({ problems }) => problems.length === 0);
  return isFit ? 0 : exitCodes.environment;
}

function describeFit(plan: TrialPlan, problems: readonly string[], shards: number): string {
  const name = `${plan.contender.name} with ${plan.clients} clients`;
  return problems.length > 0
    ? `no       ${problems.join('; ')}`
    : `fits     ${name}, in ${shards} shard${shards === 1 ? '' : 's'}`;
}

async function tryServices(request: BenchRequest, signal: AbortSignal): Promise<MachineRow[]> {
  const guard = await openGuard();
  try {
    const postgres = await tryService('Postgres', () =>
      startPostgres({ guard, driver: request.services, url: request.postgresUrl }),
    );
    signal.throwIfAborted();
    const redis = await tryService('Redis', () =>
      startRedis({ guard, driver: request.services, url: request.redisUrl }),
    );
    signal.throwIfAborted();
    return [postgres, redis, await lookForNginx(guard, request.services)];
  } finally {
    await guard.close();
  }
}

async function tryService(what: string, start: () => Promise<Service>): Promise<MachineRow> {
  const startedUs = nowUs();
  try {
    const service = await start();
    const tookUs = nowUs() - startedUs;
    await service.stop();
    return ok(what, `${service.version}, ${service.driver}, started in ${formatDurationUs(tookUs)}`);
  } catch (error) {
    return lacking(what, messageOf(error));
  }
}

/** Only contenders with a balancer need it. */
async function lookForNginx(guard: Guard, driver: OwnDriver): Promise<MachineRow> {
  try {
    return ok('nginx', `${(await findNginx({ guard, driver })).version}, for contenders with a balancer`);
  } catch (error) {
    return note('nginx', messageOf(error));
  }
}

/** A second in which this process only sets timers. */
async function measureStillness(): Promise<Stillness> {
  const before = readCpuTimes();
  let timerLateUs = 0;
  for (let tick = 0; tick < 100; tick++) {
    const dueUs = nowUs() + 10_000;
    await sleepUntilUs(dueUs);
    timerLateUs = Math.max(timerLateUs, nowUs() - dueUs);
  }
  const after = readCpuTimes();
  const allMs = after.allMs - before.allMs;
  const readings = 100_000;
  const startUs = nowUs();
  for (let reading = 0; reading < readings; reading++) nowUs();
  return {
    busyShare: allMs === 0 ? null : (after.busyMs - before.busyMs) / allMs,
    timerLateUs,
    clockReadNs: ((nowUs() - startUs) * 1000) / readings,
  };
}

function readCpuTimes(): { busyMs: number; allMs: number } {
  let busyMs = 0;
  let allMs = 0;
  for (const { times } of os.cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    allMs += sum;
    busyMs += sum - times.idle;
  }
  return { busyMs, allMs };
}
