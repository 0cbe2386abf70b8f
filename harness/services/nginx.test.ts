// A real nginx in front of real servers: whom it picks, what it passes on, and that nothing of it is left.

import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Balancing, balancings } from '../contract/balancing.ts';
import { type Guard, openGuard } from './guard.ts';
import { isAlive } from './killed-run.testing.ts';
import { findNginx, type NginxProgram, startNginx } from './nginx.ts';
import { nginxConf } from './nginx-conf.ts';
import { freePort } from './ports.ts';
import { childrenOf } from './processes.ts';

let guard: Guard;
let program: NginxProgram;
const nodes: http.Server[] = [];
let nodePorts: number[];

/** A node says who it is, and echoes what is sent to it over an upgraded connection. */
async function startNode(name: string): Promise<number> {
  const server = http.createServer((_request, response) => response.end(name));
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.pipe(socket);
  });
  nodes.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

beforeAll(async () => {
  guard = await openGuard();
  program = await findNginx({ guard });
  nodePorts = await Promise.all(['a', 'b'].map(startNode));
});
afterAll(async () => {
  for (const node of nodes) node.closeAllConnections();
  await guard.close();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function planOf(balancing: Balancing) {
  const port = await freePort();
  const plan = { balancing, host: '127.0.0.1', port, nodePorts, connections: 50, backlog: 511, workers: 2, tls: null };
  return { ...plan, keepAliveMs: 75_000, passiveChecks: true, idleTimeoutMs: null, accessLog: null };
}

interface Answer {
  readonly node: string;
  readonly cookie: string | undefined;
}

function ask(port: number, options: { from?: string; cookie?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get({
      host: '127.0.0.1',
      port,
      agent: false,
      ...(options.from !== undefined && { localAddress: options.from }),
      ...(options.cookie !== undefined && { headers: { Cookie: options.cookie } }),
    });
    request.on('error', reject);
    request.on('response', async (response) => {
      let node = '';
      for await (const chunk of response.setEncoding('utf8')) node += chunk;
      resolve({ node, cookie: response.headers['set-cookie']?.[0]?.split(';')[0] });
    });
  });
}

async function askInTurn(port: number, options: readonly Parameters<typeof ask>[1][]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const each of options) answers.push(await ask(port, each));
  return answers;
}

const count = (answers: readonly Answer[], name: string) => answers.filter(({ node }) => node === name).length;
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);

describe('a balancer', () => {
  it('cuts a connection that is silent for longer than it waits, and no other', async () => {
    const plan = { ...(await planOf('round-robin')), idleTimeoutMs: 1_000 };
    const service = await startNginx({ guard, program, plan });
    const open = async () => {
      const socket = net.connect(plan.port, '127.0.0.1');
      socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      await once(socket, 'data');
      return socket;
    };
    const [silent, lively] = [await open(), await open()];
    const beat = setInterval(() => lively.write('echo'), 50);
    await once(silent.resume(), 'end');
    expect(lively.readableEnded).toBe(false);
    clearInterval(beat);
    lively.destroy();
    await service.stop();
  });

  it.each(balancings)('by %s carries an upgraded connection both ways, to one node', async (balancing) => {
    const plan = await planOf(balancing);
    const service = await startNginx({ guard, program, plan });
    const socket = net.connect(plan.port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
    });
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await vi.waitFor(() => expect(heard).toMatch(/^HTTP\/1.1 101 .*\r\n\r\n/s));
    socket.write('echo');
    await vi.waitFor(() => expect(heard).toMatch(/\r\n\r\necho$/));
    expect(/set-cookie: node=\w+/i.test(heard)).toBe(balancing === 'cookie');
    socket.destroy();
    await service.stop();
  });

  it('in turn deals evenly, to the last request', async () => {
    const plan = await planOf('round-robin');
    const service = await startNginx({ guard, program, plan });
    const answers = await askInTurn(plan.port, times(20, {}));
    expect([count(answers, 'a'), count(answers, 'b')]).toEqual([10, 10]);
    expect(service).toMatchObject({ name: 'nginx', driver: 'embedded', version: expect.stringMatching(/^\d+\.\d+/) });
    await service.stop();
    await service.stop();
    expect(isAlive(service.pid ?? 0)).toBe(false);
    expect(readdirSync(guard.directory).filter((name) => name.startsWith('nginx'))).toEqual([]);
  });

  it('by address sends one network to one node, and many networks to both', async () => {
    const plan = await planOf('ip-hash');
    const service = await startNginx({ guard, program, plan });
    const networks = Array.from({ length: 16 }, (_, index) => `127.9.${index}`);
    const first = await askInTurn(
      plan.port,
      networks.map((network) => ({ from: `${network}.1` })),
    );
    const neighbours = await askInTurn(
      plan.port,
      networks.map((network) => ({ from: `${network}.2` })),
    );
    expect(neighbours).toEqual(first);
    expect(Math.min(count(first, 'a'), count(first, 'b'))).toBeGreaterThan(0);
    await service.stop();
  });

  it('by cookie gives one to whom has none, and sends who brings it back to the same node', async () => {
    const plan = await planOf('cookie');
    const service = await startNginx({ guard, program, plan });
    const strangers = await askInTurn(plan.port, times(30, {}));
    expect(new Set(strangers.map(({ cookie }) => cookie)).size).toBe(30);
    expect(Math.min(count(strangers, 'a'), count(strangers, 'b'))).toBeGreaterThan(0);
    const again = await askInTurn(
      plan.port,
      strangers.map(({ cookie = '' }) => ({ cookie })),
    );
    expect(again.map(({ node }) => node)).toEqual(strangers.map(({ node }) => node));
    expect(again.every(({ cookie }) => cookie === undefined)).toBe(true);
    await service.stop();
  });

  it('tells when it dies, and its workers end with the run', async () => {
    const own = await openGuard();
    const service = await startNginx({ guard: own, program, plan: await planOf('least-conn') });
    const workers = childrenOf(service.pid ?? 0);
    process.kill(service.pid ?? 0, 'SIGKILL');
    expect((await service.lost).message).toContain(`nginx (pid ${service.pid}) died during the run with SIGKILL`);
    await service.stop();
    await own.close();
    expect(workers.map(isAlive)).toEqual([false, false]);
  });

  it('that cannot start says why', async () => {
    const broken = { ...(await planOf('least-conn')), port: await freePort(), backlog: -5 };
    await expect(startNginx({ guard, program, plan: broken })).rejects.toThrow(/^nginx ended with exit code 1: .*-5/);
  });

  it('that cannot be had is one error with every way to get it', async () => {
    vi.stubEnv('PATH', mkdtempSync(join(guard.directory, 'bin-')));
    vi.stubEnv('XDG_CACHE_HOME', mkdtempSync(join(guard.directory, 'cache-')));
    await expect(findNginx({ guard })).rejects.toThrow(
      /^no nginx: it is not on PATH, and Debian's package .*apt-get install nginx-light.*leave out \+balancer=/,
    );
  });
});

it('a configuration names no path of this machine', async () => {
  for (const balancing of balancings) expect(nginxConf(await planOf(balancing))).not.toMatch(/\/(tmp|var|home|etc)\b/);
});
