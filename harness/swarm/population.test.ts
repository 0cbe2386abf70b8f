// Clients that vanish, read slowly, or come and go, each against a server in the test's process.
import { afterEach, expect, test } from 'vitest';
import { nowUs } from '../contract/clock.ts';
import { DashboardServer } from './dashboard-server.fixture.ts';
import { type RigOptions, ShardRig } from './shard-rig.fixture.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function openRig(transport: 'websocket' | 'sse', options: RigOptions = {}) {
  const server = await DashboardServer.start();
  open.push({ close: () => server.stop() });
  const rig = new ShardRig(transport, server, options);
  open.push(rig);
  await rig.connect();
  return { server, rig };
}

test('a vanished client ends no connection, is not waited for, and misses nothing of what comes later', async () => {
  const { server, rig } = await openRig('websocket');
  rig.openWindow(nowUs(), nowUs() + 10e6);
  await rig.publish([1]);
  rig.vanish();
  await rig.progress('none is connected', ({ connected, behind }) => connected === 0 && behind === 0);
  rig.planVersions([2]);
  server.publish(2);
  await rig.progress('nobody is behind', ({ behind }) => behind === 0);
  const { trial, censored, sessions } = await rig.finish();
  expect(trial).toMatchObject({ delivered: 4, missed: 0, ended: 0, gaveUp: 0 });
  expect(censored).toBe(0);
  expect(sessions.returns).toEqual([]);
});

test('a slow client reads on after its pause, and loses nothing', async () => {
  const { rig } = await openRig('sse', { readPauseUs: 50_000 });
  rig.openWindow(nowUs(), nowUs() + 10e6);
  await rig.publish([1]);
  await rig.publish([2, 3, 4]);
  const { trial } = await rig.finish();
  expect(trial).toMatchObject({ delivered: 16, missed: 0, ended: 0 });
});

test('clients that come and go lose no connection, and hold the newest version when it is over', async () => {
  const { rig } = await openRig('websocket', { churn: { stayUs: 60_000, awayUs: 20_000 } });
  const endUs = nowUs() + 600_000;
  rig.openWindow(nowUs(), endUs);
  await rig.publish([1]);
  await rig.progress('the window is over and all are back', ({ connected }) => nowUs() > endUs && connected === 4);
  const { trial, sessions } = await rig.finish();
  expect(trial.opened).toBeGreaterThan(4 + 4 * 2);
  expect(trial).toMatchObject({ missed: 0, ended: 0, gaveUp: 0 });
  expect(sessions.counts.lost).toEqual([]);
});
