// When clients come back, and what the window sees of the wire, with a whole shard on real sockets.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nowUs, sleepUntilUs } from '../contract/clock.ts';
import { backoffOf, backoffRandom, backoffUs } from '../plan/backoff.ts';
import { criticalDistance, uniformityDistance } from '../plan/uniformity.fixture.ts';
import { DashboardServer } from './dashboard-server.fixture.ts';
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

async function connect(transport: 'websocket' | 'polling', options: RigOptions): Promise<ShardRig> {
  const rig = new ShardRig(transport, server, options);
  rigs.push(rig);
  await rig.connect();
  return rig;
}

test('clients cut off without a close frame come back when their seeds say, and not before', async () => {
  const clients = 5;
  const rig = await connect('websocket', { clients });
  const cutUs = nowUs();
  server.cut();
  await server.until('all are back', () => server.asked.length === 2 * clients);
  const plannedUs = rig.plan.ranks
    .map((rank) => backoffUs(backoffOf('article'), 0, backoffRandom(rig.plan.seed, rank, 0), 0))
    .sort((a, b) => a - b);
  const tookUs = server.asked.slice(clients).map(({ atUs }) => atUs - cutUs);
  plannedUs.forEach((us, k) => {
    expect(tookUs[k]).toBeGreaterThanOrEqual(us);
    expect(tookUs[k]).toBeLessThan(us + 400_000);
  });
  expect(new Set(plannedUs).size).toBe(clients);
  expect((await rig.finish()).trial).toMatchObject({ ended: clients, opened: 2 * clients, gaveUp: 0 });
});

test('5,000 clients, dealt to two shards, plan the first delays that one would, and the article’s: uniform from 1 to 1.3 s', async () => {
  const clients = 5_000;
  const everyOther = (first: number) => Array.from({ length: clients / 2 }, (_, k) => first + 2 * k);
  const shards = await Promise.all(
    [0, 1].map((first) => connect('websocket', { clients, ranks: everyOther(first), connectRate: 20_000 })),
  );
  for (const shard of shards) shard.openWindow(nowUs(), nowUs() + 1_000_000);
  server.cut();
  await server.until('all are gone', () => server.sockets.size === 0);
  const results = await Promise.all(shards.map((shard) => shard.finish()));
  const returns = results.flatMap(({ sessions }) => sessions.returns);
  expect(new Set(returns.map(({ rank }) => rank)).size).toBe(clients);
  const { seed } = shards[0]?.plan ?? { seed: 0 };
  for (const { rank, plannedUs } of returns)
    expect(plannedUs).toBeCloseTo(backoffUs(backoffOf('article'), 0, backoffRandom(seed, rank, 0), 0), 0);
  const plannedUs = returns.map((each) => each.plannedUs ?? 0);
  expect(uniformityDistance(plannedUs, 1e6, 1.3e6)).toBeLessThan(criticalDistance(clients));
  expect(uniformityDistance(plannedUs, 1e6, 1.25e6)).toBeGreaterThan(criticalDistance(clients));
});

test('the window counts the bytes of the wire that fall into it, and no others', async () => {
  const rig = await connect('websocket', { clients: 3 });
  await rig.publish([1]);
  const startUs = nowUs() + 10_000;
  const endUs = startUs + 800_000;
  rig.openWindow(startUs, endUs);
  await sleepUntilUs(startUs + 50_000);
  const before = { bytes: server.bytesOut, payload: server.payloadOut };
  await rig.publish([2]);
  const after = { bytes: server.bytesOut, payload: server.payloadOut };
  await sleepUntilUs(endUs + 50_000);
  await rig.publish([3]);
  const { traffic, windowUs, cpuUs } = await rig.finish();
  expect(traffic).toEqual({
    bytesIn: after.bytes - before.bytes,
    payloadIn: after.payload - before.payload,
    bytesOut: 0,
    payloadOut: 0,
  });
  expect(windowUs.startUs).toBeGreaterThanOrEqual(startUs);
  expect(windowUs.endUs).toBeGreaterThanOrEqual(endUs);
  expect(cpuUs).toBeGreaterThan(0);
});

test('the observations of a tracked client are kept, one for each poll of the window', async () => {
  const pollIntervalUs = 20_000;
  const rig = await connect('polling', { clients: 2, tracked: [1], pollIntervalUs });
  const startUs = Math.ceil(nowUs() / pollIntervalUs) * pollIntervalUs;
  rig.openWindow(startUs, startUs + 10 * pollIntervalUs);
  await sleepUntilUs(startUs + 11 * pollIntervalUs);
  const { samples, window } = await rig.finish();
  expect(samples.every(({ rank, us }) => rank === 1 && us >= 0)).toBe(true);
  const keys = samples.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.every((key) => key >= startUs / pollIntervalUs && key < startUs / pollIntervalUs + 10)).toBe(true);
  expect(keys.length).toBeGreaterThanOrEqual(10 - window.skipped);
});
