// A Redis of the run's own: no persistence, free port, 127.0.0.1 only, random password. The program is the one on PATH,
// or Debian's package unpacked into the cache.
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { type Child, describeExit, startChild } from './child.ts';
import { within } from './deadline.ts';
import { type Program, unpackDebianPackage } from './debian-package.ts';
import { asService, findOnPath, firstUse, onFreePort } from './embedded.ts';
import type { Guard } from './guard.ts';
import { readRedisVersion } from './redis-client.ts';
import type { Service } from './service.ts';

const readyTimeoutMs = 10_000;
const stopGraceMs = 2_000;

export interface RedisOptions {
  readonly guard: Guard;
  /** Told, in a few words, of what takes longer than a second. */
  readonly progress?: (what: string) => void;
}

/** Starts it in about 50 ms, plus 12 s once where the package has to be fetched. Throws `environment` with every way to get one. */
export async function startEmbeddedRedis(options: RedisOptions): Promise<Service> {
  const { guard } = options;
  const program = await findProgram(options);
  const directory = join(guard.directory, `redis-${randomBytes(3).toString('hex')}`);
  const password = randomBytes(16).toString('hex');
  await mkdir(directory, { mode: 0o700 });
  const start = (port: number) => startServer({ guard, program, directory, port, password });
  const { child, port } = await onFreePort(start);
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const service = {
    name: 'redis',
    driver: 'embedded',
    version: await firstUse('redis', readRedisVersion(url)),
    url,
  } as const;
  return asService(service, {
    child,
    directory,
    stop: (running) => running.stop(stopGraceMs),
    again: { crash: (running) => running.stop(0), start: () => start(port) },
  });
}

async function findProgram({ guard, progress }: RedisOptions): Promise<Program> {
  for (const name of ['redis-server', 'valkey-server']) {
    const command = await findOnPath(name);
    if (command !== null) return { command, env: {} };
  }
  try {
    return await unpackDebianPackage({ guard, package: 'redis-server', program: 'redis-server', progress });
  } catch (error) {
    throw new FreshetError(
      'environment',
      `no Redis: neither redis-server nor valkey-server is on PATH, and ${messageOf(error)}; expected one of them; ` +
        'install it (apt-get install redis-server, dnf install valkey, brew install redis), or pass --redis redis://HOST:6379 (or REDIS_URL)',
      { cause: error },
    );
  }
}

interface ServerOptions {
  readonly guard: Guard;
  readonly program: Program;
  readonly directory: string;
  readonly port: number;
  readonly password: string;
}

async function startServer(options: ServerOptions): Promise<Child> {
  const { guard, program, directory } = options;
  const child = await startChild({
    guard,
    name: 'redis',
    command: program.command,
    // Its configuration comes on stdin: no list of processes and no file shows the password.
    args: ['-'],
    env: program.env,
    cwd: directory,
  });
  const said: string[] = [];
  const ready = new Promise<'ready'>((resolve) => {
    child.onLine((line) => {
      // What it says after that goes nowhere, but must be read, or its pipe would fill.
      if (said.length < 100) said.push(line);
      if (line.includes('Ready to accept connections')) resolve('ready');
    });
  });
  child.stdin.end(redisConfiguration(options));
  const outcome = await within(Promise.race([ready, child.exited]), readyTimeoutMs);
  if (outcome === 'ready') return child;
  await child.stop(0);
  const what =
    outcome === null ? `was not ready after ${readyTimeoutMs / 1000} s` : `ended with ${describeExit(outcome)}`;
  const words = [...said.slice(-3), child.stderrTail().trim()].filter((line) => line !== '').join(' | ');
  throw new FreshetError('environment', `redis ${what}: ${words}`);
}

/** What redis.conf says; of a Redis in a container too. */
export function redisConfiguration({
  directory,
  port,
  password,
}: Pick<ServerOptions, 'directory' | 'port' | 'password'>): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${directory}"`,
    // Nothing is kept, and no fork for a snapshot disturbs the measurement.
    'save ""',
    'appendonly no',
    'daemonize no',
    'databases 1',
    'loglevel notice',
    // Freed, if at all, after the window: the default wakes a rehash a hundred times a second.
    'activerehashing no',
  ];
  return `${lines.join('\n')}\n`;
}
