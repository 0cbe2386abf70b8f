// The article's claim that a WebSocket needs a sticky load balancer, put to a real nginx before two nodes of Socket.IO: what breaks
// without stickiness is what takes several requests and leaves its state in one node, which a WebSocket does not.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Balancing } from '../harness/contract/balancing.ts';
import { type Guard, openGuard } from '../harness/services/guard.ts';
import { findNginx, startNginx } from '../harness/services/nginx.ts';
import { freePort } from '../harness/services/ports.ts';
import type { Service } from '../harness/services/service.ts';

let guard: Guard;
const nodes: Server[] = [];
const nodePorts: number[] = [];
/** Why nodes refused a request. */
const refusals: string[] = [];
const balancers = new Map<Balancing, Service>();

/** A node that says who it is to everyone who asks. */
async function startNode(name: string): Promise<void> {
  const server = http.createServer();
  const node = new Server(server);
  node.on('connection', (socket) => socket.on('who', (answer: (name: string) => void) => answer(name)));
  node.engine.on('connection_error', ({ message }: { message: string }) => refusals.push(message));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  nodes.push(node);
  nodePorts.push((server.address() as AddressInfo).port);
}

beforeAll(async () => {
  guard = await openGuard();
  await startNode('a');
  await startNode('b');
  const program = await findNginx({ guard });
  const common = { host: '127.0.0.1', nodePorts, connections: 50, backlog: 511, workers: 2, tls: null };
  for (const balancing of ['round-robin', 'least-conn', 'ip-hash', 'cookie'] as const) {
    const patience = { keepAliveMs: 75_000, passiveChecks: true, idleTimeoutMs: null, accessLog: null };
    const plan = { ...common, ...patience, balancing, port: await freePort() };
    balancers.set(balancing, await startNginx({ guard, program, plan }));
  }
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await guard.close();
});

/** The nodes that answered a client's four questions; or why it could not connect. */
async function visit(balancing: Balancing, transports: ('polling' | 'websocket')[]): Promise<string> {
  const client = io(balancers.get(balancing)?.url ?? '', {
    transports,
    reconnection: false,
    forceNew: true,
    // A browser brings its cookies back; a client in Node does so when it is told to.
    withCredentials: true,
  });
  try {
    await connected(client);
    const answers: string[] = [];
    for (let turn = 0; turn < 4; turn++) answers.push(await client.timeout(5_000).emitWithAck('who'));
    return answers.join('');
  } catch (error) {
    return `status ${String((error as { description?: unknown }).description)}`;
  } finally {
    client.close();
  }
}

function connected(client: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('connect', resolve).once('connect_error', reject).once('disconnect', reject);
  });
}

async function visits(...[balancing, transports]: Parameters<typeof visit>): Promise<string[]> {
  const all: string[] = [];
  for (let client = 0; client < 4; client++) all.push(await visit(balancing, transports));
  return all;
}

describe('without stickiness', () => {
  it('a WebSocket stays with the node it was opened on, and the next one goes to the other', async () => {
    expect([...(await visits('round-robin', ['websocket']))].sort()).toEqual(['aaaa', 'aaaa', 'bbbb', 'bbbb']);
  });

  it('a bare one of the ws library does, too', async () => {
    const url = `${balancers.get('round-robin')?.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(url);
    const [hello] = await once(socket, 'message');
    expect(String(hello)).toMatch(/^0\{"sid":/);
    socket.terminate();
  });

  it('Socket.IO’s polling handshake fails: its second request meets a node that does not know its session', async () => {
    const outcomes = await visits('round-robin', ['polling']);
    expect(outcomes).toEqual(outcomes.map(() => 'status 400'));
    expect(new Set(refusals)).toEqual(new Set(['Session ID unknown']));
  });
});

describe.each(['ip-hash', 'cookie'] as const)('sticky by %s', (balancing) => {
  it('the polling handshake succeeds, and all requests meet one node', async () => {
    for (const outcome of await visits(balancing, ['polling'])) expect(outcome).toMatch(/^(aaaa|bbbb)$/);
  });
});
