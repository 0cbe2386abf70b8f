// Coordinated omission, provoked: a server that answers nothing for a second must show in the corrected times, and in those alone.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nowUs, sleepUntilUs, sleepUs } from '../contract/clock.ts';
import { decodeHistogram } from '../contract/histogram.ts';
import { DashboardServer } from './dashboard-server.fixture.ts';
import { ShardRig } from './shard-rig.fixture.ts';

const stallUs = 1_000_000;
const pollIntervalUs = 20_000;
const clients = 10;
/** Long enough that the one poll of each client that meets the stall is well below 1 % of its polls, on a busy machine too. */
const windowUs = 5_000_000;
const drainUs = 200_000;

let server: DashboardServer;
let rigs: ShardRig[];

beforeEach(async () => {
  server = await DashboardServer.start();
  rigs = (['queue', 'skip'] as const).map((late) => new ShardRig('polling', server, { clients, pollIntervalUs, late }));
});

afterEach(async () => {
  for (const rig of rigs) rig.close();
  await server.stop();
});

test('a server that stalls for 1 s shows in the time from when a poll was due, not in the time from when it was sent', async () => {
  await Promise.all(rigs.map((rig) => rig.connect()));
  const startUs = nowUs();
  for (const rig of rigs) rig.openWindow(startUs, startUs + windowUs);
  server.freeze();
  await sleepUs(stallUs);
  server.thaw();
  // A tick due at the very end runs up to a timer's lateness after it; a trial has its drain there.
  await sleepUntilUs(startUs + windowUs + drainUs);
  const [queued, skipped] = await Promise.all(rigs.map((rig) => rig.finish()));
  if (queued === undefined || skipped === undefined) throw new Error('a shard is missing');

  const p99Us = (histogram: string) => decodeHistogram(histogram).getValueAtPercentile(99);
  expect(p99Us(queued.histograms.requestUs)).toBeGreaterThanOrEqual(700_000);
  expect(p99Us(queued.histograms.requestUncorrectedUs)).toBeLessThan(100_000);

  const perClient = windowUs / pollIntervalUs;
  expect(queued.window).toMatchObject({ due: perClient * clients, skipped: 0 });
  expect(decodeHistogram(queued.histograms.requestUs).totalCount).toBe(queued.window.due);

  // Whoever skips what is late is not told of the stall by its times, but by what it skipped.
  expect(skipped.window.due).toBe(perClient * clients);
  expect(skipped.window.skipped).toBeGreaterThanOrEqual((0.9 * clients * stallUs) / pollIntervalUs);
  expect(decodeHistogram(skipped.histograms.requestUs).totalCount).toBe(skipped.window.due - skipped.window.skipped);
});
