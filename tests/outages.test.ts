// What the scenarios of failing databases count: an outage of each service, and a pool that is too small.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricNames, metricOf } from '../harness/contract/metrics.ts';
import { scalarOf, type TrialRecord } from '../harness/contract/record.ts';
import { readRun, runCommand } from './command.fixture.ts';

let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'freshet-test-'));
});
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

describe('an outage of each service, without resync', () => {
  let redis: TrialRecord | undefined;
  let postgres: TrialRecord | undefined;

  beforeAll(async () => {
    const timers = ['fault-at=300ms', 'down=600ms', 'quiet=1200ms', 'recovery=1500ms', 'control=100ms', 'audiences=4'];
    const settings = timers.flatMap((timer) => ['--set', timer]);
    const args = ['--clients', '20', '--update-interval', '200ms', '--contenders', 'websocket+resync=off'];
    const { code, stderr } = await runCommand(
      'bench',
      'redis-outage',
      'postgres-restart',
      ...args,
      ...settings,
      '--out',
      out,
    );
    // A busy machine voids latencies; what is asserted here are counts.
    expect([0, 4], stderr).toContain(code);
    const { trials, missing } = readRun(out);
    expect(missing).toEqual([]);
    [redis, postgres] = trials;
  }, 120_000);

  test('of Redis loses exactly what was published meanwhile; servers and relay tell when they noticed, and when they had it again', () => {
    if (redis === undefined) throw new Error('the trial is missing');
    const { metrics, events } = redis;
    expect(events.find(({ kind }) => kind === 'fault')).toMatchObject({ what: 'Redis killed' });
    const changes = Number(scalarOf(metrics['outage.changes']));
    expect(changes).toBeGreaterThan(8);
    expect(metrics['updates.missed']).toMatchObject({ expected: 5 * changes });
    // Four dashboards of five clients each; one that is on its way when Redis dies may count on either side.
    expect(Math.abs(Number(scalarOf(metrics['updates.missed'])) - 5 * changes)).toBeLessThanOrEqual(5);
    expect(metrics['outage.catchUpUs']).toMatchObject({ count: 20, censored: 0 });
    expect(Number(scalarOf(metrics['outage.noticedUs']))).toBeLessThan(600_000);
    const told = events.filter(({ kind }) => kind === 'consequence').map(({ what }) => what);
    for (const who of ['server 1', 'server 2', 'relay']) expect(told).toContain(`${who} has Redis again`);
    for (const name of metricNames.filter((each) => metricOf(each).needsFault === 'service'))
      expect(metrics[name], name).not.toHaveProperty('reason');
  });

  test('of Postgres is outlived by servers, publisher and counters: all is committed, seen and counted', () => {
    if (postgres === undefined) throw new Error('the trial is missing');
    const { metrics, witnesses, clients } = postgres;
    expect(Number(scalarOf(metrics['outage.committedLate']))).toBeGreaterThan(0);
    expect(metrics['outage.catchUpUs']).toMatchObject({ count: clients, censored: 0 });
    expect(scalarOf(metrics['outage.connectionsLost'])).toBe(0);
    const queries = witnesses.find(({ what }) => what === 'database queries');
    expect(queries?.database).toBe(queries?.servers);
    const reason = expect.stringContaining('ended the process');
    expect(metrics['db.cpuMsPerSecond']).toMatchObject({ value: null, reason });
  });
});

describe('a small pool drain', { timeout: 120_000 }, () => {
  test('answers what its connections can do; other polls wait or are refused, and none is lost from the count', async () => {
    const args = ['pool-drain', '--quick', '--clients', '20', '--contenders', 'polling'];
    const { stdout, stderr } = await runCommand('bench', ...args, '--out', out);
    const [trial] = readRun(out).trials;
    if (trial === undefined) throw new Error(`no trial: ${stderr}`);
    const { metrics, health, witnesses } = trial;
    const expectedBecause = expect.stringContaining('2 connections × 60 s / 50 ms');
    expect(metrics['db.queriesPerMinute']).toMatchObject({ expected: 2_400, expectedBecause });
    expect(scalarOf(metrics['db.queriesPerMinute'])).toBeLessThan(2_600);
    expect(scalarOf(metrics['db.poolTimeouts'])).toBeGreaterThan(0);
    expect(scalarOf(metrics['http.failedShare'])).toBeGreaterThan(0);
    expect(health.map(({ code }) => code)).toContain('SYSTEM_SATURATED');
    // A refusal ends no streak of overlapping polls: each is an answer that both sides count.
    const answers = witnesses.find(({ what }) => what === 'HTTP answers');
    expect(answers?.clients).toBe(answers?.servers);
    expect(stdout).toContain('time-outs');
  });
});
