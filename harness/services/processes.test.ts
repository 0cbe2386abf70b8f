import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';
import { type Guard, openGuard } from './guard.ts';
import { cpuUs, namespacedPid, rssBytes, socketMemoryBytes } from './processes.ts';

let guard: Guard;
beforeAll(async () => {
  guard = await openGuard();
});
afterAll(() => guard.close());

/** Burns CPU when told for how long, by its own account, and tells what it used in µs. */
const burner = `
  const used = () => { const { user, system } = process.cpuUsage(); return user + system; };
  process.on('message', (us) => { const from = used(); while (used() - from < us); process.send(used() - from); });
  process.send('ready')`;

async function startBurner(): Promise<Child & { burn(us: number): Promise<number> }> {
  const child = await startChild({ guard, name: 'burner', command: process.execPath, args: ['-e', burner], ipc: true });
  const next = () => new Promise<unknown>((resolve) => child.onMessage(resolve));
  await next();
  return Object.assign(child, {
    burn: (us: number) => {
      child.send(us);
      return next().then(Number);
    },
  });
}

const numberOf = (value: number | null) => value ?? Number.NaN;

describe.skipIf(!existsSync('/proc'))('CPU time', () => {
  it('is what a process used, within 10 %', async () => {
    const child = await startBurner();
    const beforeUs = numberOf(cpuUs(child.pid));
    const usedUs = await child.burn(400_000);
    const measuredUs = numberOf(cpuUs(child.pid)) - beforeUs;
    expect(Math.abs(measuredUs / usedUs - 1)).toBeLessThan(0.1);
    await child.stop(0);
  });

  it('keeps what a child used after the child has ended', async () => {
    // The parent waits for its children; the second one lives on.
    const parent = await startChild({
      guard,
      name: 'parent',
      command: process.execPath,
      args: [
        '-e',
        `const { spawn } = require('node:child_process');
         const burn = 'const t = process.cpuUsage; while (t().user + t().system < 400000); console.log()';
         const first = spawn(process.execPath, ['-e', burn]);
         first.on('exit', () => spawn(process.execPath, ['-e', burn + ';setInterval(() => {}, 1000)']).stdout.on('data', () => console.log(1)));
         setInterval(() => {}, 1000)`,
      ],
      readyLine: true,
    });
    const withoutUs = numberOf(cpuUs(parent.pid));
    const withUs = numberOf(cpuUs(parent.pid, { children: true }));
    expect(withUs - withoutUs).toBeGreaterThan(790_000);
    expect(withUs - withoutUs).toBeLessThan(1_000_000);
    await parent.stop(0);
  });

  it('leaves out the children it is told to', async () => {
    const parent = await startChild({
      guard,
      name: 'parent',
      command: process.execPath,
      args: [
        '-e',
        `const { spawn } = require('node:child_process');
         const burn = 'const t = process.cpuUsage; while (t().user + t().system < 300000); console.log(); setInterval(() => {}, 1000)';
         const child = spawn(process.execPath, ['-e', burn]);
         child.stdout.on('data', () => console.log(child.pid))`,
      ],
      readyLine: true,
    });
    const childPid = Number(parent.ready);
    const allUs = numberOf(cpuUs(parent.pid, { children: true }));
    const restUs = numberOf(cpuUs(parent.pid, { children: true, exclude: new Set([childPid]) }));
    expect(allUs - restUs).toBeGreaterThan(290_000);
    await parent.stop(0);
  });

  it('is null for a process that is gone', async () => {
    const child = await startChild({ guard, name: 'short', command: 'true', args: [] });
    await child.exited;
    expect(cpuUs(child.pid)).toBeNull();
    expect(cpuUs(child.pid, { children: true })).toBeNull();
    expect(rssBytes(child.pid)).toBeNull();
  });
});

describe.skipIf(!existsSync('/proc'))('memory', () => {
  it('of a process is what Node itself reports', () => {
    const ownBytes = process.memoryUsage.rss();
    expect(Math.abs(numberOf(rssBytes(process.pid)) / ownBytes - 1)).toBeLessThan(0.1);
  });

  it('of sockets grows with what waits in them', async () => {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const clients = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    const before = numberOf(socketMemoryBytes());
    for (const client of clients) client.write(Buffer.alloc(1_000_000));
    await new Promise(setImmediate);
    expect(numberOf(socketMemoryBytes()) - before).toBeGreaterThan(3_000_000);
    for (const client of clients) client.destroy();
    server.close();
  });
});

describe.skipIf(!existsSync('/proc'))('the pid a process knows itself by', () => {
  it('is ours for one of our own system, and none for one that is gone', async () => {
    expect(namespacedPid(process.pid)).toBe(process.pid);
    const child = await startBurner();
    await child.stop(0);
    expect(namespacedPid(child.pid)).toBeNull();
  });
});
