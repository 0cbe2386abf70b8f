// A whole shard against a server that does wrong: what the server did must be what the shard counted, no more and no less.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeHistogram } from '../contract/histogram.ts';
import type { Transport } from '../contract/record.ts';
import { pollPhaseUs } from '../plan/arrivals.ts';
import { backoffOf } from '../plan/backoff.ts';
import { DashboardServer, status } from './dashboard-server.fixture.ts';
import type { ShardResult } from './shard-contract.ts';
import { type RigOptions, ShardRig } from './shard-rig.fixture.ts';

let server: DashboardServer;
let rigs: ShardRig[];

beforeEach(async () => {
  server = await DashboardServer.start();
  rigs = [];
});

afterEach(async () => {
  for (const rig of rigs) rig.close();
  await server.stop();
});

async function connect(transport: Transport, options: RigOptions = {}): Promise<ShardRig> {
  const rig = new ShardRig(transport, server, options);
  rigs.push(rig);
  await rig.connect();
  return rig;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, k) => from + k);
}

function accountedFor({ trial }: ShardResult): number {
  return trial.delivered + trial.superseded + trial.missed;
}

describe.each(['sse', 'websocket'] as const)('over %s', (transport) => {
  test('every third update withheld and one sent twice show as exactly that', async () => {
    const rig = await connect(transport);
    const { clients } = rig.plan;
    rig.planVersions(range(1, 31));
    for (const version of range(1, 30)) server.publish(version, { to: () => version % 3 !== 0 });
    const [someone] = server.subscribers;
    server.publish(29, { to: (subscriber) => subscriber === someone });
    server.publish(31);
    await rig.caughtUp();
    const result = await rig.finish();
    expect(result.trial).toMatchObject({
      delivered: 21 * clients,
      missed: 10 * clients,
      superseded: 0,
      duplicate: 1,
      outOfOrder: 0,
      snapshots: clients,
      updates: 21 * clients + 1,
    });
    expect(result).toMatchObject({ expected: 31 * clients, holding: clients, newestHeld: [31], censored: 0 });
    expect(accountedFor(result)).toBe(result.expected);
  });

  test('updates withheld at the end are missed, and censored', async () => {
    const rig = await connect(transport);
    const { clients } = rig.plan;
    await rig.publish([1, 2]);
    rig.planVersions([3, 4]);
    const result = await rig.finish();
    expect(result.trial).toMatchObject({ delivered: 2 * clients, missed: 2 * clients });
    expect(result).toMatchObject({ expected: 4 * clients, censored: 2 * clients, newestHeld: [2] });
  });

  test('an update that comes after its successor is out of order, not missed', async () => {
    const rig = await connect(transport);
    const { clients } = rig.plan;
    rig.planVersions([1, 2, 3, 4]);
    for (const version of [1, 3, 2, 4]) server.publish(version);
    await rig.caughtUp();
    const result = await rig.finish();
    expect(result.trial).toMatchObject({ delivered: 4 * clients, missed: 0, duplicate: 0, outOfOrder: clients });
    expect(accountedFor(result)).toBe(result.expected);
  });
});

describe.each(['polling', 'long-polling'] as const)('over %s', (transport) => {
  test('versions that were never asked for are superseded, not missed', async () => {
    const rig = await connect(transport);
    const { clients } = rig.plan;
    await rig.publish(range(1, 10));
    await rig.publish(range(11, 30));
    const result = await rig.finish();
    expect(result.trial).toMatchObject({ missed: 0, duplicate: 0, outOfOrder: 0 });
    expect(result.trial.superseded).toBeGreaterThan(0);
    expect(result).toMatchObject({ expected: 30 * clients, censored: 0, newestHeld: [30] });
    expect(accountedFor(result)).toBe(result.expected);
    expect(decodeHistogram(result.histograms.freshnessUs).totalCount).toBe(30 * clients);
  });
});

describe('a client comes back', () => {
  test('over sse, after the time the stream asked for, and is sent what it missed', async () => {
    server.retryMs = 30;
    const rig = await connect('sse');
    const { clients } = rig.plan;
    await rig.publish([1, 2]);
    server.cut();
    await server.until('all are gone', () => server.subscribers.size === 0);
    await rig.publish([3, 4]);
    const result = await rig.finish();
    expect(result.trial).toMatchObject({ delivered: 4 * clients, missed: 0, duplicate: 0, ended: clients, gaveUp: 0 });
    expect(result.trial).toMatchObject({ opened: 2 * clients, snapshots: clients });
  });

  test('over polling, at the next tick of its phase', async () => {
    const pollIntervalUs = 200_000;
    const rig = await connect('polling', { clients: 1, pollIntervalUs });
    server.answerWith((exchange) => {
      server.answerWith(null);
      status(500)(exchange);
    });
    const before = server.asked.length;
    await server.until('it has polled on', () => server.asked.length >= before + 3);
    const result = await rig.finish();
    expect(result.trial).toMatchObject({ failedAnswers: 1, ended: 1, gaveUp: 0, opened: 2 });
    const phaseUs = pollPhaseUs(0, { clients: 1, intervalUs: pollIntervalUs, seed: rig.plan.seed });
    const ticks = server.asked.map(({ atUs }) => Math.floor((atUs - phaseUs) / pollIntervalUs));
    expect(new Set(ticks).size).toBe(ticks.length);
  });

  test('over polling, not before its Retry-After', async () => {
    const rig = await connect('polling', { clients: 1 });
    server.answerWith((exchange) => {
      server.answerWith(null);
      status(503, { 'Retry-After': '1' })(exchange);
    });
    const before = server.asked.length;
    await server.until('it is back', () => server.asked.length === before + 2);
    const [refused, next] = server.asked.slice(before);
    expect((next?.atUs ?? 0) - (refused?.atUs ?? 0)).toBeGreaterThanOrEqual(1_000_000);
    expect((await rig.finish()).trial).toMatchObject({ failedAnswers: 1, gaveUp: 0 });
  });

  test('over long-polling, and knows what it held', async () => {
    const rig = await connect('long-polling', { clients: 1 });
    await rig.publish([1]);
    await server.until('it waits', () => server.subscribers.size === 1);
    server.cut();
    await server.until('it is gone', () => server.sockets.size === 0);
    const before = server.asked.length;
    await rig.publish([2]);
    const result = await rig.finish();
    expect(result.trial).toMatchObject({ delivered: 2, missed: 0, ended: 1, opened: 2 });
    expect(server.asked[before]?.url).toContain('after=1');
  });
});

describe('a client does not come back', () => {
  test('over websocket after 1008 or 1000, while one that was closed with 1001 does, twice', async () => {
    const rig = await connect('websocket', { clients: 3 });
    const [unauthorized, done, other] = server.webSockets;
    unauthorized?.close(1008);
    done?.close(1000);
    other?.close(1001);
    await server.until('it is back', () => server.connectionsOpened === 4 && server.subscribers.size === 1);
    for (const webSocket of server.webSockets) webSocket.close(1001);
    await server.until('it is back again', () => server.connectionsOpened === 5 && server.subscribers.size === 1);
    // Two waits of 1 s or more are over: any other retry would have come after 1.3 s at the latest.
    const result = await rig.finish();
    expect(server.asked).toHaveLength(5);
    expect(result.trial).toMatchObject({ gaveUp: 1, ended: 4, opened: 5 });
  });

  test('over sse after a 503, though the server recovers', async () => {
    server.retryMs = 30;
    const rig = await connect('sse');
    const { clients } = rig.plan;
    server.answerWith(status(503, { 'Retry-After': '0' }));
    server.cut();
    await rig.progress('all have given up', ({ gaveUp }) => gaveUp === clients);
    server.answerWith(null);
    // Two reports are 200 ms apart, many times the reconnection time.
    await rig.progress('nobody is connected', ({ connected }) => connected === 0);
    await rig.progress('nobody is connected still', ({ connected }) => connected === 0);
    expect(server.asked).toHaveLength(2 * clients);
    expect((await rig.finish()).trial).toMatchObject({ gaveUp: clients, failedAnswers: clients, opened: clients });
  });

  test('but does, over websocket, after a handshake that was answered with 503', async () => {
    const rig = await connect('websocket', { clients: 3, backoff: backoffOf('phoenix') });
    server.answerWith(status(503));
    server.cut();
    await server.until('all have been refused, twice', () => server.asked.length >= 9);
    server.answerWith(null);
    await server.until('all are back', () => server.subscribers.size === 3);
    expect((await rig.finish()).trial).toMatchObject({ gaveUp: 0, opened: 6 });
  });

  test('after close', async () => {
    const rig = await connect('sse', { clients: 2 });
    rig.close();
    await server.until('all are gone', () => server.sockets.size === 0);
    expect(server.connectionsOpened).toBe(2);
  });
});
