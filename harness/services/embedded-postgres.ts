// A Postgres of the run's own: fresh data directory, free port, 127.0.0.1 only, random password. It is tuned to stay out of
// the measurement, not to keep data: nothing here survives the run.
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { unprivilegedAccount } from './account.ts';
import { type Child, describeExit, startChild } from './child.ts';
import { asService, firstUse, onFreePort } from './embedded.ts';
import type { Guard } from './guard.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { readPostgresVersion } from './postgres-client.ts';
import type { Service } from './service.ts';

const readyTimeoutMs = 30_000;
const stopGraceMs = 5_000;

/** Those of a Postgres in a container too. */
export const postgresSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // No socket file: its path has a length limit that temporary directories exceed.
  unix_socket_directories: '',
  // Several servers with pools of 10, the relay, the publisher and the samplers, with room to spare.
  max_connections: '300',
  // The data is thrown away; waiting for the disk would measure the disk.
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  // Background work at a moment of its own choosing would fall into some windows and not into others: no checkpoint and no
  // autovacuum during a run. Updates of the few dashboards are pruned on the page (HOT); `prepare` analyses what it seeds.
  checkpoint_timeout: '1h',
  max_wal_size: '4GB',
  autovacuum: 'off',
  // Compiling a query of 1 ms costs more than it saves, and when it happens depends on estimates.
  jit: 'off',
  // One query, one backend: its CPU time is the backend's.
  max_parallel_workers_per_gather: '0',
  // Files in the data directory, which go with it; /dev/shm would keep them after a SIGKILL.
  dynamic_shared_memory_type: 'mmap',
  // A backend that crashes takes all connections with it; then the run must end, and not go on with new ones.
  restart_after_crash: 'off',
  shared_preload_libraries: 'pg_stat_statements',
  // Counts must not be evicted: a run has a few dozen different statements.
  'pg_stat_statements.max': '10000',
  // What clients sent. `all` would count the statements inside functions as well, which no client sent.
  'pg_stat_statements.track': 'top',
  'pg_stat_statements.track_utility': 'on',
  // A shutdown keeps them, so that a restart in the middle of a window loses no count.
  'pg_stat_statements.save': 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Starts it in about 1.3 s. Throws `environment` with Postgres' own words when it will not start. */
export async function startEmbeddedPostgres(guard: Guard): Promise<Service> {
  const binaries = await findPostgresBinaries(guard);
  const directory = join(guard.directory, `postgres-${randomBytes(3).toString('hex')}`);
  const password = randomBytes(16).toString('hex');
  await initialise({ guard, binaries, directory, password });
  const start = (port: number) => startServer({ guard, binaries, directory, port });
  const { child, port } = await onFreePort(start);
  // Said, because a PGSSLMODE in the environment would hold otherwise.
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=disable`;
  const service = {
    name: 'postgres',
    driver: 'embedded',
    version: await firstUse('postgres', readPostgresVersion(url)),
    url,
  } as const;
  return asService(service, {
    child,
    directory,
    stop: stopServer,
    again: {
      // `immediate`: no time for the sessions, and the write-ahead log is read at the next start.
      crash: (running) => running.stop(stopGraceMs, 'SIGQUIT'),
      start: () => start(port),
    },
  });
}

interface Place {
  readonly guard: Guard;
  readonly binaries: string;
  readonly directory: string;
}

async function initialise(place: Place & { password: string }): Promise<void> {
  const account = unprivilegedAccount();
  const passwordFile = `${place.directory}.password`;
  await mkdir(place.directory, { mode: 0o700 });
  await writeFile(passwordFile, `${place.password}\n`, { mode: 0o600 });
  if (account !== null) {
    await chown(place.directory, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  const child = await startChild({
    guard: place.guard,
    name: 'initdb',
    command: join(place.binaries, 'bin/initdb'),
    args: ['-D', place.directory, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`].concat(
      // C: the same order and speed on every machine. Not cleaned: what it leaves when it is killed, the watchdog must find.
      ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions', '--no-clean'],
      ['-c', `dynamic_shared_memory_type=${postgresSettings.dynamic_shared_memory_type}`],
    ),
    cwd: place.guard.directory,
    account,
  });
  const exit = await child.exited;
  await rm(passwordFile);
  if (exit.code !== 0) {
    throw new FreshetError('environment', `initdb ended with ${describeExit(exit)}: ${lastLines(child)}`);
  }
}

async function startServer(place: Place & { port: number }): Promise<Child> {
  const args = Object.entries({ ...postgresSettings, port: String(place.port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const child = await startChild({
    guard: place.guard,
    name: 'postgres',
    command: join(place.binaries, 'bin/postgres'),
    args: ['-D', place.directory, ...args],
    cwd: place.guard.directory,
    account: unprivilegedAccount(),
  });
  let exit: string | null = null;
  void child.exited.then((ended) => {
    exit = describeExit(ended);
  });
  for (let waitedMs = 0; waitedMs < readyTimeoutMs && exit === null; waitedMs += 10) {
    if (await isReady(place.directory)) return child;
    await sleepUs(10_000);
  }
  await child.stop(0);
  const what = exit === null ? `was not ready after ${readyTimeoutMs / 1000} s` : `ended with ${exit}`;
  throw new FreshetError('environment', `postgres ${what}: ${lastLines(child)}`);
}

/** The last line of postmaster.pid, which pg_ctl reads too: certain that it is this server, unlike an answer on the port. */
async function isReady(directory: string): Promise<boolean> {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '');
  return text.split('\n')[7]?.trim() === 'ready';
}

/** `fast`: ends the sessions (`smart`, which is what SIGTERM asks for, would wait for them). */
async function stopServer(child: Child): Promise<void> {
  await child.stop(stopGraceMs, 'SIGINT');
}

function lastLines(child: Child): string {
  return child.stderrTail().trim().split('\n').slice(-3).join(' | ');
}
