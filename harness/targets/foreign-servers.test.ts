// Servers of nobody we know, as processes: started by a line of shell, or there already and restarted by a command.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { nowUs } from '../contract/clock.ts';
import { type Guard, openGuard } from '../services/guard.ts';
import { freePort } from '../services/ports.ts';
import { childrenOf, cpuUs, familyRssBytes, rssBytes } from '../services/processes.ts';
import type { TargetDefinition } from './define-target.ts';
import { startForeignServers } from './foreign-servers.ts';
import { listens } from './listening.ts';

let guard: Guard;
let directory = '';
let port = 0;

beforeAll(async () => {
  guard = await openGuard();
  directory = await mkdtemp(join(tmpdir(), 'foreign-servers-'));
  port = await freePort();
  writeFileSync(
    join(directory, 'server.cjs'),
    "require('node:net').createServer().listen(+process.argv[2], '127.0.0.1')",
  );
});
afterEach(async () => {
  await expect.poll(() => listens({ host: '127.0.0.1', port })).toBe(false);
});
afterAll(async () => {
  await guard.close();
  await rm(directory, { recursive: true, force: true });
});

const start = (definition: Partial<TargetDefinition>) =>
  startForeignServers({
    guard,
    name: 'api.ts',
    directory,
    address: { host: '127.0.0.1', port },
    definition: { transport: 'sse', url: `http://127.0.0.1:${port}/`, ...definition },
  });

/** Runs `work` beside a server that nobody here has started. */
async function beside<T>(work: (pid: number) => Promise<T>): Promise<T> {
  const child: ChildProcess = spawn(process.execPath, ['server.cjs', String(port)], {
    cwd: directory,
    stdio: 'ignore',
  });
  writeFileSync(join(directory, 'pid'), String(child.pid));
  try {
    await expect.poll(() => listens({ host: '127.0.0.1', port })).toBe(true);
    return await work(child.pid ?? 0);
  } finally {
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
  }
}

test('what a line of shell starts is measured whole, and ended whole', async () => {
  const system = await start({ run: `cd . && ANY=1 node server.cjs ${port}; true` });
  const [{ pid = 0 } = {}] = system.servers;
  const [server = 0] = childrenOf(pid);
  expect(system.processes.areFamilies).toBe(true);
  expect(familyRssBytes(pid)).toBeGreaterThanOrEqual(rssBytes(server) ?? Number.POSITIVE_INFINITY);
  expect(cpuUs(pid, { children: true })).toBeGreaterThan(cpuUs(pid) ?? Number.POSITIVE_INFINITY);
  await system.endServers('SIGTERM', 2_000);
  expect(await listens({ host: '127.0.0.1', port })).toBe(false);
  await system.restartServers();
  expect(await listens({ host: '127.0.0.1', port })).toBe(true);
  await system.stop();
});

test('a server that ends before it listens is told with its last words', async () => {
  const error = await start({ run: 'TOKEN=geheim nosuchprogram --serve' }).catch(String);
  expect(error).toMatch(/api\.ts ended before it listened .*nosuchprogram.*; expected its run to serve http:/);
  // What the command itself says is all that is repeated of it.
  expect(error).not.toContain('geheim');
});

test('a command restarts a server that was there already, and need not wait for it', async () => {
  // What a command leaves running in the background keeps what it writes to open.
  const restart = `kill -9 $(cat pid); sleep 0.2; node server.cjs ${port} & echo $! > pid`;
  await beside(async (before) => {
    const system = await start({ pid: 'cat pid', faults: { restart } });
    expect(system.servers).toEqual([{ name: 'api.ts', pid: before }]);
    const startUs = nowUs();
    await system.endServers('SIGKILL', 0);
    expect([system.isRestarting, system.restartsByCommand]).toEqual([true, true]);
    await system.restartServers();
    expect(nowUs() - startUs).toBeGreaterThan(200_000);
    expect(await listens({ host: '127.0.0.1', port })).toBe(true);
    const after = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    expect(after).not.toBe(before);
    await expect.poll(() => system.servers).toEqual([{ name: 'api.ts', pid: after }]);
    // It is not ours to end.
    await system.stop();
    expect(await listens({ host: '127.0.0.1', port })).toBe(true);
  });
});

test('commands end it and bring it back, one that becomes the server included; a command that fails is named', async () => {
  const faults = { kill: 'kill -9 $(cat pid)', start: `echo $$ > pid; exec node server.cjs ${port}` };
  await beside(async () => {
    const system = await start({ faults });
    expect(system.restartsByCommand).toBe(false);
    await system.endServers('SIGTERM', 0);
    await system.restartServers();
    expect(await listens({ host: '127.0.0.1', port })).toBe(true);
    const broken = await start({ faults: { restart: 'echo no such container >&2; exit 3' } });
    await broken.endServers('SIGKILL', 0);
    await expect(broken.restartServers()).rejects.toThrow(
      /^faults\.restart of api\.ts failed: exit code 3: no such container$/,
    );
  });
});

test('a pid is one of a process that runs here', async () => {
  await beside(async () => {
    await expect(start({ pid: 'echo none' })).rejects.toThrow("pid of api.ts printed 'none'; expected a process id");
    await expect(start({ pid: 2 ** 30 })).rejects.toThrow(
      /is 1073741824; expected a process that runs on this machine/,
    );
  });
});

test('who is to be there is, and who is to be started is not', async () => {
  await expect(start({})).rejects.toThrow(/^nothing listens at .*start it first, or say in the file how \(run\)$/);
  await beside(async () => {
    await expect(start({ run: 'true' })).rejects.toThrow(/^something listens at .* already/);
  });
});
