// A run for the tests to kill: a guard, services that were away for a moment, a child that ignores SIGTERM and SIGINT, one that is stopped,
// and one the guard was never told of. Says what it made as one JSON line, then waits to be killed (or ends by itself: `finish`).
import { spawn } from 'node:child_process';
import { startChild } from './child.ts';
import { createDatabase } from './database.ts';
import { openGuard } from './guard.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

interface Task {
  /** Someone's Postgres, in which to create a database. */
  postgresUrl?: string;
  services: boolean;
  finish: boolean;
}

const task: Task = JSON.parse(process.argv[2] ?? '');
const guard = await openGuard();
const pids: Record<string, number> = {};

const stubborn = `process.on('SIGTERM', () => {}).on('SIGINT', () => {}); setInterval(() => {}, 1000); console.log('{}')`;
const run = { guard, command: process.execPath, readyLine: true };
const [stubbornChild, stoppedChild, ...services] = await Promise.all([
  startChild({ ...run, name: 'stubborn', args: ['-e', stubborn] }),
  startChild({ ...run, name: 'stopped', args: ['-e', stubborn] }),
  ...(task.services ? [startPostgres({ guard }), startRedis({ guard })] : []),
]);
// What was taken away and brought back belongs to the run like what was never gone.
for (const { interruption } of services) {
  await interruption?.begin('abruptly');
  await interruption?.end();
}
pids.stubborn = stubbornChild.pid;
pids.stopped = stoppedChild.pid;
process.kill(pids.stopped, 'SIGSTOP');
const unregistered = spawn('sleep', ['300'], {
  detached: true,
  stdio: 'ignore',
  env: { ...process.env, FRESHET_RUN: guard.runId },
});
pids.unregistered = unregistered.pid ?? 0;
for (const service of services) pids[service.name] = service.pid ?? 0;

let database: string | null = null;
if (task.postgresUrl !== undefined) {
  const postgres = await startPostgres({ guard, url: task.postgresUrl });
  database = (await createDatabase({ guard, postgres })).name;
}

const urls = services.map((service) => service.url);
process.stdout.write(`${JSON.stringify({ directory: guard.directory, runId: guard.runId, pids, database, urls })}\n`);
if (task.finish) await guard.close();
else setInterval(() => {}, 1_000);
