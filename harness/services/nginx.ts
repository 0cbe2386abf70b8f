// A load balancer of the run's own: nginx without root, in a directory that goes with it, configured by the text it is given.
// The program is the one on PATH, or Debian's package unpacked into the cache.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleepUs } from '../contract/clock.ts';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { type Child, describeExit, lastWords, startChild } from './child.ts';
import { type Program, unpackDebianPackage } from './debian-package.ts';
import { readDockerNginxVersion, startDockerNginx } from './docker-services.ts';
import { asService, findOnPath } from './embedded.ts';
import type { Guard } from './guard.ts';
import { type BalancerPlan, nginxConf } from './nginx-conf.ts';
import { childrenOf } from './processes.ts';
import type { OwnDriver, Service } from './service.ts';

/** A program on this machine, or an image's. */
export type NginxProgram = LocalNginx | { readonly driver: 'docker'; readonly version: string };

interface LocalNginx extends Program {
  readonly driver: 'embedded';
  readonly version: string;
}

const readyTimeoutMs = 10_000;
const readyCheckUs = 10_000;
const stopGraceMs = 2_000;

/** The program; about 15 s once where the package has to be fetched. Throws `environment` with every way to get one. */
export async function findNginx(options: {
  readonly guard: Guard;
  readonly driver?: OwnDriver;
  readonly progress?: (what: string) => void;
}): Promise<NginxProgram> {
  const { guard, driver, progress } = options;
  if (driver === 'docker') return { driver, version: await readDockerNginxVersion(guard) };
  const command = await findOnPath('nginx');
  if (command !== null) return withVersion({ command, env: {} }, guard);
  try {
    const unpacked = { guard, package: 'nginx', program: 'nginx', versionFlag: '-v', progress };
    return await withVersion(await unpackDebianPackage(unpacked), guard);
  } catch (error) {
    throw new FreshetError(
      'environment',
      `no nginx: it is not on PATH, and ${messageOf(error)}; expected one for contenders with a balancer; ` +
        'install it (apt-get install nginx-light, dnf install nginx, brew install nginx), or leave out +balancer=…',
      { cause: error },
    );
  }
}

async function withVersion(program: Program, guard: Guard): Promise<LocalNginx> {
  const child = await startChild({ guard, name: 'nginx', ...program, args: ['-v'] });
  child.onLine(() => {});
  await child.closed;
  return { ...program, driver: 'embedded', version: /nginx\/(\S+)/.exec(child.stderrTail())?.[1] ?? 'unknown' };
}

/** Starts it in about 30 ms. Throws `environment` with its own words when it cannot start. */
export async function startNginx(options: {
  readonly guard: Guard;
  readonly program: NginxProgram;
  readonly plan: BalancerPlan;
}): Promise<Service> {
  const { guard, program, plan } = options;
  if (program.driver === 'docker') return startDockerNginx({ guard, version: program.version, plan });
  const directory = join(guard.directory, `nginx-${randomBytes(3).toString('hex')}`);
  await mkdir(directory, { mode: 0o700 });
  await writeFile(join(directory, 'nginx.conf'), nginxConf(plan));
  const child = await startChild({
    guard,
    name: 'nginx',
    command: program.command,
    args: ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr'],
    env: program.env,
  });
  child.onLine(() => {});
  child.stdin.end();
  const workers = await untilReady(child, { directory, workers: plan.workers });
  for (const pid of workers) guard.adopt(pid);
  const url = `${plan.tls === null ? 'http' : 'https'}://${plan.host}:${plan.port}`;
  const identity = { name: 'nginx', driver: 'embedded', version: program.version, url } as const;
  return asService(identity, {
    child,
    directory,
    async stop() {
      await child.stop(stopGraceMs);
      for (const pid of workers) if (isGone(pid)) guard.forget(pid);
    },
  });
}

/**
 * It says nothing when it is ready, but writes its pid once it listens, and then starts its workers. They outlive a master that is
 * killed, and nothing else tells whose they are: they write over their environment.
 */
async function untilReady(child: Child, expected: { directory: string; workers: number }): Promise<readonly number[]> {
  const hasWorkers = process.platform === 'linux';
  let ended: string | null = null;
  void child.closed.then((exit) => {
    ended = `ended with ${describeExit(exit)}`;
  });
  for (let waitedUs = 0; ended === null; waitedUs += readyCheckUs) {
    const workers = childrenOf(child.pid);
    if (existsSync(join(expected.directory, 'nginx.pid')) && (!hasWorkers || workers.length === expected.workers))
      return workers;
    if (waitedUs >= readyTimeoutMs * 1000) ended = `was not ready after ${readyTimeoutMs / 1000} s`;
    await sleepUs(readyCheckUs);
  }
  await child.stop(0);
  throw new FreshetError('environment', `nginx ${ended}: ${lastWords(child)}`);
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
