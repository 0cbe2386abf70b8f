// A known delay, put in on purpose, must be measured: 100 ms one way are 100 ms of freshness for whoever is pushed to.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sleepUs } from '../contract/clock.ts';
import { decodeHistogram } from '../contract/histogram.ts';
import { DashboardServer } from './dashboard-server.fixture.ts';
import { DelayingProxy } from './delaying-proxy.fixture.ts';
import { ShardRig } from './shard-rig.fixture.ts';

const delayUs = 100_000;
const updates = 40;
/** No divisor of the delay, so that no update is on its way while another one arrives. */
const betweenUpdatesUs = 37_000;

let server: DashboardServer;
let proxy: DelayingProxy;
let rigs: ShardRig[];

beforeEach(async () => {
  server = await DashboardServer.start();
  proxy = await DelayingProxy.start(server.address, delayUs);
});

afterEach(async () => {
  for (const rig of rigs) rig.close();
  await proxy.stop();
  await server.stop();
});

test.each(['websocket', 'sse'] as const)('100 ms of network show as 100 ms of freshness over %s', async (transport) => {
  // Both see the same changes at the same time, so what else the machine does is in both.
  rigs = [server.address, proxy.address].map((address) => new ShardRig(transport, server, { clients: 4, address }));
  await Promise.all(rigs.map((rig) => rig.connect()));
  for (let version = 1; version <= updates; version++) {
    for (const rig of rigs) rig.planVersions([version]);
    server.publish(version);
    await sleepUs(betweenUpdatesUs);
  }
  await Promise.all(rigs.map((rig) => rig.caughtUp()));
  const results = await Promise.all(rigs.map((rig) => rig.finish()));
  const freshness = results.map(({ histograms }) => decodeHistogram(histograms.freshnessUs));
  expect(freshness.map(({ totalCount }) => totalCount)).toEqual([4 * updates, 4 * updates]);
  const [directUs = 0, delayedUs = 0] = freshness.map((histogram) => histogram.getValueAtPercentile(50));
  expect((delayedUs - directUs) / delayUs).toBeGreaterThan(0.97);
  expect((delayedUs - directUs) / delayUs).toBeLessThan(1.03);
});
