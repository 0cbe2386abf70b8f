// A rolling deploy and a proxy that cuts idle connections, from one end to the other: every process, nginx among them, is real.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MetricName } from '../harness/contract/metrics.ts';
import { isDistribution, type RunRecord, scalarOf, type TrialRecord } from '../harness/contract/record.ts';
import { readRun, runCommand } from './command.fixture.ts';

const clients = 40;

let out: string;
let record: RunRecord;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'freshet-deploys-'));
  const settings = [
    'fault-at=500ms',
    'every=1s',
    'down=500ms',
    'recovery=3s',
    'proxy-timeout=600ms',
    'control=200ms',
  ].flatMap((setting) => ['--set', setting]);
  const scale = ['--clients', String(clients), '--update-interval', '1500ms', '--duration', '3s'];
  const contender = 'websocket+postgres+heartbeat=none+nodes=2+spread=300ms';
  const args = ['rolling-deploy', 'idle-proxy', ...scale, ...settings, '--contenders', contender, '--out', out];
  // A finding against the figures of a busy machine is no concern of these tests.
  const { code, stderr } = await runCommand('bench', ...args);
  expect([0, 4], stderr).toContain(code);
  record = readRun(out);
}, 120_000);
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

function trial(scenario: string): TrialRecord {
  const found = record.trials.find((each) => each.scenario === scenario);
  if (found === undefined) throw new Error(`no trial of ${scenario}`);
  return found;
}

test('a rolling deploy accounts for every client: each was cut off, came back, and lacks nothing', () => {
  const { metrics, events } = trial('rolling-deploy');
  expect(metrics['deploy.awayUs']).toMatchObject({ count: clients, censored: 0 });
  const away = metrics['deploy.awayUs'];
  // Nobody is told to go twice by one node, and no node keeps its clients.
  expect(isDistribution(away) && (away.min ?? 0) > 0).toBe(true);
  const losses = scalarOf(metrics['deploy.lossesPerClient']) ?? 0;
  expect(losses).toBeGreaterThanOrEqual(1);
  expect(losses).toBeLessThanOrEqual(2);
  expect(scalarOf(metrics['updates.missed'])).toBe(0);
  expect(scalarOf(metrics['deploy.gaveUp'])).toBe(0);
  const told = events.filter(({ kind }) => kind === 'consequence').map(({ what }) => what.split(';')[0]);
  expect(told).toEqual(
    [1, 2].flatMap((node) => ['was told to go', 'was gone', 'listened again'].map((word) => `server ${node} ${word}`)),
  );
});

test('says where the clients are after a deploy', () => {
  const figure = (name: MetricName) => scalarOf(trial('rolling-deploy').metrics[name]) ?? -1;
  expect(figure('deploy.skewAfter')).toBeGreaterThanOrEqual(1);
  // Two nodes: what one has less than its share, the other has more.
  const last = figure('deploy.lastNodeShare');
  expect(Math.max(last, 2 - last)).toBeCloseTo(figure('deploy.skewAfter'));
});

test('a proxy that cuts idle connections cuts every stream without heartbeats, and each costs a query when it comes back', () => {
  const { metrics, settings } = trial('idle-proxy');
  expect(settings).toMatchObject({ 'proxy-timeout': '600ms', sources: 'many' });
  const lost = scalarOf(metrics['sessions.lost']) ?? 0;
  expect(lost).toBeGreaterThanOrEqual(clients);
  expect(scalarOf(metrics['db.queriesPerMinute']) ?? 0).toBeGreaterThan(clients);
  expect(scalarOf(metrics['updates.missed'])).toBe(0);
});

test('keeps the nginx.conf that cut them', () => {
  const conf = readFileSync(join(out, 'latest', `nginx-idle-proxy-${trial('idle-proxy').contender}.conf`), 'utf8');
  expect(conf).toContain('proxy_read_timeout 600ms;');
});
