// What becomes of one client's actions, over real sockets: each comes to one end, whatever the server does.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { nowUs } from '../contract/clock.ts';
import type { Transport } from '../contract/record.ts';
import { referenceTarget } from '../targets/reference.ts';
import { ActionLog } from './action-log.ts';
import { Actor } from './actor.ts';
import { Requests } from './requests.ts';
import { Scheduler } from './scheduler.ts';

let server: Server | null = null;
const scheduler = new Scheduler();
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** An actor of a server that answers as told; what it says goes to `say`. */
async function startActor(
  answer: (body: { intendedUs: number }, response: ServerResponse, request: IncomingMessage) => void,
  { transport = 'sse', say = () => true }: { transport?: Transport; say?: (text: string) => boolean } = {},
) {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('latin1')) body += chunk;
    answer(JSON.parse(body), response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const plan = {
    kind: 'reference',
    keepAlive: true,
    etag: false,
    auth: 'cookie',
    token: 'é',
    authority: null,
  } as const;
  const target = referenceTarget({ ...plan, transport, addresses: [address] });
  const log = new ActionLog();
  log.windowStartUs = 0;
  const context = {
    target,
    scheduler,
    requests: new Requests(target),
    traffic: { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 },
    localPorts: null,
    tls: null,
    connectTimeoutUs: 1_000_000,
    requestTimeoutUs: 300_000,
    pollIntervalUs: 1,
    late: 'skip',
    random: () => 0,
  } as const;
  if (target.action === undefined) throw new Error('the target has no actions');
  const actor = new Actor({ rank: 0, audience: 2, address, held: 7, say }, { context, way: target.action, log });
  return { actor, log };
}

const settled = (log: ActionLog, count: number) =>
  expect.poll(() => log.trial.due - log.pending, { timeout: 5_000 }).toBe(count);
const inMs = (...ms: number[]) => ms.map((each) => Math.round(nowUs() + each * 1000));

describe('actions by POST', () => {
  test('are sent as fetch would, one kept connection carries them, and the answer’s version is theirs', async () => {
    const heads: string[] = [];
    const ports = new Set<number | undefined>();
    const { actor, log } = await startActor(({ intendedUs }, response, { method, url, headers, socket }) => {
      heads.push(
        [method, url, headers.cookie, headers['content-type'], headers.origin === `http://${headers.host}`].join(' '),
      );
      ports.add(socket.remotePort);
      response.end(JSON.stringify({ version: intendedUs % 1000 }));
    });
    const timesUs = [...inMs(1), ...inMs(2)];
    for (const [index, us] of timesUs.entries()) {
      actor.plan([us]);
      await settled(log, index + 1);
    }
    expect(heads[0]).toBe('POST /actions?audience=2 token=%C3%A9 application/json true');
    expect(ports.size).toBe(1);
    const acted = log.take();
    expect(acted).toMatchObject(timesUs.map((us) => ({ audience: 2, version: us % 1000, intendedUs: us })));
    for (const { intendedUs, sentUs, ackedUs } of acted) expect(intendedUs <= sentUs && sentUs <= ackedUs).toBe(true);
    expect(log.traffic.bytesOut).toBeGreaterThan(log.traffic.payloadOut);
    expect(log.pending).toBe(0);
    actor.close();
  });

  test('are due from when they are planned, so that one that came to no end would be missed', async () => {
    const { actor, log } = await startActor((_body, response) => response.end('{"version":1}'));
    log.windowStartUs = nowUs() + 7_000_000;
    actor.plan([...inMs(5_000), ...inMs(9_000)]);
    expect([log.trial, log.inWindow]).toMatchObject([{ due: 2, unsent: 0 }, { due: 1 }]);
    expect(log.pending).toBe(2);
    actor.close();
    expect([log.trial, log.inWindow]).toMatchObject([
      { due: 2, unsent: 2 },
      { due: 1, unsent: 1 },
    ]);
  });

  test('do not wait for each other: a stalled server shows in each from its own intended time', async () => {
    const held: ServerResponse[] = [];
    const { actor, log } = await startActor((_body, response) => {
      held.push(response);
      if (held.length === 5) setTimeout(() => held.forEach((each) => void each.end('{"version":1}')), 100);
      if (held.length > 5) response.end('{"version":1}');
    });
    // Five connections; the sixth waits, its intended time kept.
    actor.plan(inMs(5, 5, 5, 5, 5, 5));
    await settled(log, 6);
    expect(log.trial.acknowledged).toBe(6);
    expect(log.ackUs.getValueAtPercentile(0)).toBeGreaterThanOrEqual(90_000);
    actor.close();
  });

  test('are refused by a status or an answer without a version, unanswered by an end or a silence, and never tried again', async () => {
    const answers: ((response: ServerResponse) => void)[] = [
      (response) => response.writeHead(503).end(),
      (response) => response.end('{}'),
      (response) => response.destroy(),
      () => {},
    ];
    let asked = 0;
    const { actor, log } = await startActor((_body, response) => answers[asked++]?.(response));
    actor.plan(inMs(5, 40, 80, 120));
    const deadlines = setInterval(() => actor.expire(nowUs()), 20);
    await settled(log, 4);
    clearInterval(deadlines);
    expect(log.trial).toEqual({ due: 4, acknowledged: 0, refused: 2, unsent: 0, unanswered: 2 });
    expect(asked).toBe(4);
    actor.close();
  });

  test('cannot be sent where nobody listens', async () => {
    const { actor, log } = await startActor(() => {});
    server?.close();
    actor.plan(inMs(5));
    await settled(log, 1);
    expect(log.trial.unsent).toBe(1);
  });

  test('are given up at the end, those that were never sent as such', async () => {
    const { actor, log } = await startActor(() => {});
    actor.plan([...inMs(1), nowUs() + 60_000_000]);
    await vi.waitFor(() => expect(log.traffic.payloadOut).toBeGreaterThan(0));
    actor.settle();
    expect(log.trial).toEqual({ due: 2, acknowledged: 0, refused: 0, unsent: 1, unanswered: 1 });
    expect(log.pending).toBe(0);
    actor.close();
  });
});

describe('actions up a WebSocket', () => {
  test('are answered by their ids, in any order, or refused, or lost with the socket; none is sent without one', async () => {
    const said: { id: number; intendedUs: number }[] = [];
    const say = (text: string) => said.length < 3 && said.push(JSON.parse(text)) > 0;
    const { actor, log } = await startActor(() => {}, { transport: 'websocket', say });
    const timesUs = inMs(1, 2, 3, 4);
    actor.plan(timesUs);
    await settled(log, 1);
    actor.acted(3, 12, 40);
    actor.acted(1, null, 50);
    actor.acted(99, 13, 40);
    actor.lostSocket();
    expect(log.trial).toEqual({ due: 4, acknowledged: 1, refused: 1, unsent: 1, unanswered: 1 });
    expect(log.take()).toMatchObject([{ version: 12, intendedUs: timesUs[2] }]);
    const frame = 6 + JSON.stringify({ type: 'action', ...said[0] }).length;
    expect(log.frames).toEqual({ bytesIn: 130, bytesOut: 3 * frame });
  });
});
