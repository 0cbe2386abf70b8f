// The main job from one end to the other: real Postgres, real Redis, real sockets, every process of its own.
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canHave, type MetricName, metricNames, metricOf } from '../harness/contract/metrics.ts';
import {
  isDistribution,
  type MetricValue,
  type RunRecord,
  scalarOf,
  type TrialRecord,
} from '../harness/contract/record.ts';
import { type Ended, readRun, runCommand } from './command.fixture.ts';

/** Whether this machine was too busy for the figure: then it is null, its reason begins so, and a finding names it. */
function isVoid({ metrics, health }: TrialRecord, name: MetricName): boolean {
  const value = metrics[name];
  const isNamed = health.some(({ voids }) => voids?.includes(name));
  expect(value !== undefined && 'reason' in value && value.reason.startsWith('void: ')).toBe(isNamed);
  return isNamed;
}

let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'freshet-test-'));
});
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

/** What only a trial with a fault, or with clients unlike the others, can have. */
const faultMetrics = metricNames.filter((name) => metricOf(name).needsFault ?? metricOf(name).needs);

/** Two nodes behind nginx: what only those can have is measured as well. */
const balanced = 'sse+redis+nodes=2+balancer=ip-hash';
const contenders = ['polling', 'polling+cache=1s', 'polling+etag', 'long-polling', 'sse', balanced, 'websocket'];

describe('a small run of seven contenders', () => {
  let ended: Ended;
  let record: RunRecord;
  const trial = (name: string): TrialRecord => {
    const found = record.trials.find(({ contender }) => contender === name);
    if (found === undefined) throw new Error(`no trial of ${name}`);
    return found;
  };
  const scalar = (name: string, metric: MetricName) => scalarOf(trial(name).metrics[metric]);

  beforeAll(async () => {
    const scale =
      '--clients 60 --audiences 2 --poll-interval 500ms --update-interval 1s --duration 3s --set control=1s';
    const asked = ['--contenders', contenders.join(','), '--require', 'bidirectional', '--out', out];
    ended = await runCommand('bench', 'dashboard', ...scale.split(' '), ...asked);
    record = readRun(out);
  }, 180_000);

  test('ends with a table, a finding and the path of the report, and nothing else on stdout', () => {
    // A long name has a line for what does not fit beside its figures.
    const pieces = contenders.flatMap((name) => name.split(/(?=\+)/));
    for (const piece of pieces) expect(ended.stdout).toContain(piece);
    expect(ended.stdout.trim().split('\n').at(-1)).toMatch(/^Report: .*report\.html$/);
    expect(record.missing).toEqual([]);
  });

  test('answers what was required, unless its figures cannot be believed', () => {
    expect(record.require).toEqual(['bidirectional']);
    expect(record.verdict).toMatchObject(
      record.status === 'invalid' ? { kind: 'withheld', simplest: [] } : { kind: 'answer', simplest: ['websocket'] },
    );
  });

  test('leaves record, report, summary and charts', () => {
    const files = readdirSync(join(out, 'latest'), { recursive: true }).map(String);
    for (const file of ['run.json', 'report.html', 'summary.md', `nginx-dashboard-${balanced}.conf`])
      expect(files).toContain(file);
    expect(files.filter((file) => file.endsWith('.svg')).length).toBeGreaterThanOrEqual(3);
    expect(files.filter((file) => file.endsWith('.png')).length).toBeGreaterThanOrEqual(3);
  });

  test('has witnesses that agree on every count, to the last one', () => {
    for (const { contender, witnesses } of record.trials) {
      expect(witnesses.length).toBeGreaterThan(1);
      for (const { what, clients, servers, database } of witnesses) {
        const known = [clients, servers, database].filter((count) => count !== null);
        expect(known.length, `${contender}: ${what}`).toBeGreaterThan(1);
        expect(new Set(known).size, `${contender}: ${what} ${JSON.stringify(known)}`).toBe(1);
        expect(known[0]).toBeGreaterThan(0);
      }
    }
  });

  test('counts database queries as arithmetic says', () => {
    // 60 clients, two polls a second: 7,200 a minute, whatever the server answers with.
    expect(Math.abs((scalar('polling', 'db.queriesPerMinute') ?? 0) / 7_200 - 1)).toBeLessThan(0.03);
    expect(Math.abs((scalar('polling+etag', 'db.queriesPerMinute') ?? 0) / 7_200 - 1)).toBeLessThan(0.03);
    // Two dashboards, each asked for about once a second.
    expect(scalar('polling+cache=1s', 'db.queriesPerMinute')).toBeLessThanOrEqual(160);
    for (const name of ['long-polling', 'sse', balanced, 'websocket'])
      expect(scalar(name, 'db.queriesPerUpdate'), name).toBe(1);
  });

  test('delivers every version to everyone: nothing missed, nothing twice, nothing unaccounted for', () => {
    for (const { contender, metrics } of record.trials) {
      expect(scalarOf(metrics['updates.missed']), contender).toBe(0);
      expect(scalarOf(metrics['updates.duplicate']), contender).toBe(0);
      expect(scalarOf(metrics.deliveryRatio), contender).toBe(1);
      const published = scalarOf(metrics['updates.published']) ?? 0;
      const told = (scalarOf(metrics['updates.delivered']) ?? 0) + (scalarOf(metrics['updates.superseded']) ?? 0);
      expect(told, contender).toBe((published / 2) * 60);
    }
  });

  test('says over time what it says in sum: when screens were stale, and when queries waited for the pool', () => {
    for (const { contender, metrics, timeline } of record.trials) {
      const { staleShare = [], poolWaitUs = [] } = timeline.series;
      expect(staleShare.length, contender).toBe(6);
      const mean = staleShare.reduce<number>((sum, share) => sum + (share ?? 0), 0) / staleShare.length;
      const whole = scalarOf(metrics.staleShare);
      if (whole !== null) expect(Math.abs(mean - whole), contender).toBeLessThan(0.01);
      expect(Math.max(...poolWaitUs.map((waitedUs) => waitedUs ?? 0)), contender).toBeGreaterThan(0);
    }
    for (const waitedUs of trial('polling').timeline.series.poolWaitUs?.slice(0, 6) ?? [])
      expect(waitedUs).toBeGreaterThan(0);
  });

  test('sees polling wait for its tick and push not', () => {
    const p50sOf = (...names: string[]) =>
      names.flatMap((name) => {
        const value = trial(name).metrics.freshnessUs;
        if (isVoid(trial(name), 'freshnessUs')) return [];
        return isDistribution(value) ? (value.p50 ?? Number.NaN) : Number.NaN;
      });
    for (const p50 of p50sOf('polling')) expect(Math.abs(p50 / 250_000 - 1)).toBeLessThan(0.25);
    for (const p50 of p50sOf('sse', 'websocket', 'long-polling')) expect(p50).toBeLessThan(150_000);
  });

  test('shows what etag saves: bytes, not queries', () => {
    expect(scalar('polling+etag', 'wire.bytesInPerClientMinute')).toBeLessThan(
      (scalar('polling', 'wire.bytesInPerClientMinute') ?? 0) * 0.8,
    );
  });

  test('records every metric of the catalogue but a storm’s in some trial, or says why not', () => {
    // 1,000 clients, or tokens behind a balancer: a trial of its own would cost more time than it proves.
    const exempt: readonly MetricName[] = ['memory.bytesPerClient', 'auth.tokensLogged'];
    // A relay with little to do is read twice and found no busier than idle: both readings stand in the reason.
    const belowIdle = /^hidden by the noise of its idle control \(\d+\.\d+ against \d+\.\d+ ms(\/s; | for )/;
    const wasRead = (value: MetricValue | undefined) =>
      isDistribution(value) ||
      scalarOf(value) !== null ||
      (value !== undefined && 'reason' in value && belowIdle.test(value.reason));
    for (const name of metricNames.filter((each) => !faultMetrics.includes(each))) {
      const values = record.trials.map(({ metrics }) => metrics[name]);
      if (record.trials.some((each) => isVoid(each, name))) continue;
      expect(
        values.every((value) => value !== undefined),
        `${name} is in every trial`,
      ).toBe(true);
      expect(values.some(wasRead) || exempt.includes(name), `${name} is measured`).toBe(true);
      const strangers = record.trials.filter(({ transport }) => !canHave(name, { transport, hasFault: false }));
      expect(
        strangers.some(({ metrics }) => wasRead(metrics[name])),
        `${name} is of the catalogue’s transports alone`,
      ).toBe(false);
    }
    const given = record.trials.flatMap(({ metrics }) => Object.keys(metrics));
    expect(given.filter((name) => faultMetrics.includes(name as MetricName))).toEqual([]);
  });

  test('voids latencies where the machine was too busy for them, never a count; exit code and record say which', () => {
    const fatal = record.trials.flatMap(({ health }) => health).filter(({ severity }) => severity === 'fatal');
    // What else runs on this machine is not ours to say: the rig's own lateness is found, or there is none.
    const lateness = ['GENERATOR_SATURATED', 'PUBLISHER_LATE'];
    expect(fatal.filter(({ code }) => !lateness.includes(code))).toEqual([]);
    const isInvalid = fatal.length > 0;
    expect(ended.code, ended.stderr).toBe(isInvalid ? 4 : 0);
    expect(record.status).toBe(isInvalid ? 'invalid' : 'complete');
    expect(ended.stdout.includes('must not be quoted')).toBe(isInvalid);
  });
});
