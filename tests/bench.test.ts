// The main job from one end to the other: real Postgres, real Redis, real sockets, every process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canHave, type MetricName, metricNames, metricOf } from '../harness/contract/metrics.ts';
import {
  isDistribution,
  type MetricValue,
  type RunRecord,
  runRecord,
  scalarOf,
  type TrialRecord,
} from '../harness/contract/record.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Bench {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stderr has said this. */
  says(text: string): Promise<void>;
}

function startBench(args: readonly string[]): Bench {
  return start(['bench', ...args]);
}

function start(args: readonly string[]): Bench {
  const child = spawn(process.execPath, ['--import', 'tsx', 'harness/cli.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting: { text: string; resolve: () => void }[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const wait of waiting) if (stderr.includes(wait.text)) wait.resolve();
  });
  return {
    child,
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })),
    says: (text) =>
      new Promise((resolve) => {
        waiting.push({ text, resolve });
        if (stderr.includes(text)) resolve();
      }),
  };
}

function readRun(out: string): RunRecord {
  return runRecord.parse(JSON.parse(readFileSync(join(out, 'latest', 'run.json'), 'utf8')));
}

/** Whether this machine was too busy for the figure: then it is null, its reason begins so, and a finding names it. */
function isVoid({ metrics, health }: TrialRecord, name: MetricName): boolean {
  const value = metrics[name];
  const isNamed = health.some(({ voids }) => voids?.includes(name));
  expect(value !== undefined && 'reason' in value && value.reason.startsWith('void: ')).toBe(isNamed);
  return isNamed;
}

/** Run directories of any run that are still there. */
function runDirectories(): string[] {
  return readdirSync(tmpdir()).filter((name) => /^freshet-[0-9a-f]{12}/.test(name));
}

let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'freshet-test-'));
});
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

/** What only a trial with a fault, or with clients unlike the others, can have, and of that what one that befalls the servers alone can have. */
const faultMetrics = metricNames.filter((name) => metricOf(name).needsFault ?? metricOf(name).needs);
const stormMetrics = faultMetrics.filter((name) => metricOf(name).needsFault === 'server');

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
    const settings = [
      'dashboard',
      '--clients',
      '60',
      '--audiences',
      '2',
      '--poll-interval',
      '500ms',
      '--update-interval',
      '1s',
    ];
    const bench = startBench([
      ...settings,
      '--duration',
      '3s',
      '--set',
      'control=1s',
      '--contenders',
      contenders.join(','),
      '--require',
      'bidirectional',
      '--out',
      out,
    ]);
    ended = await bench.ended;
    record = readRun(out);
  }, 180_000);

  test('ends with a table, a finding and the path of the report, and nothing else on stdout', () => {
    for (const name of contenders) expect(ended.stdout).toContain(name);
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
    const belowIdle = /^hidden by the noise of its idle control \(\d+\.\d+ against \d+\.\d+ ms\/s; /;
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

describe('a run that is ended early', () => {
  const small = [
    'dashboard',
    '--clients',
    '20',
    '--poll-interval',
    '200ms',
    '--update-interval',
    '500ms',
    '--duration',
    '1s',
    '--set',
    'control=100ms',
  ];

  test('by Ctrl-C keeps what was measured, says so, exits 130 and leaves nothing', { timeout: 120_000 }, async () => {
    const bench = startBench([...small, '--contenders', 'sse,polling,polling+etag', '--out', out]);
    await bench.says('[2/3]');
    bench.child.kill('SIGINT');
    const { code, stderr } = await bench.ended;
    expect(code, stderr).toBe(130);
    expect(stderr.trim().split('\n').at(-1)).toBe('Interrupted by SIGINT; what was measured is kept.');
    const record = readRun(out);
    expect(record).toMatchObject({
      status: 'interrupted',
      missing: ['dashboard polling #1', 'dashboard polling+etag #1'],
    });
    expect(record.trials.map(({ contender }) => contender)).toEqual(['sse']);
    expect(existsSync(join(out, 'latest', 'report.html'))).toBe(true);
  });

  test('by SIGKILL leaves a valid record and, within seconds, no process and no directory', {
    timeout: 120_000,
  }, async () => {
    const before = runDirectories();
    const bench = startBench([...small, '--contenders', 'sse,websocket', '--out', out]);
    await bench.says('[2/2]');
    const own = runDirectories().filter((name) => !before.includes(name));
    expect(own.length).toBeGreaterThan(0);
    bench.child.kill('SIGKILL');
    await bench.ended;
    expect(readRun(out)).toMatchObject({ status: 'interrupted', missing: ['dashboard websocket #1'] });
    await expect.poll(() => runDirectories().filter((name) => own.includes(name)), { timeout: 20_000 }).toEqual([]);
  });

  test('by nobody who reads on is not one: a closed stderr and stdout leave record and report', {
    timeout: 120_000,
  }, async () => {
    const bench = startBench([...small, '--contenders', 'sse', '--out', out]);
    await bench.says('starting');
    bench.child.stderr?.destroy();
    bench.child.stdout?.destroy();
    const { code } = await bench.ended;
    const { status, missing } = readRun(out);
    // A busy machine may void its figures, as in any run; it must not end it.
    expect(`${status} ${code}`).toMatch(/^(complete 0|invalid 4)$/);
    expect(missing).toEqual([]);
    expect(existsSync(join(out, 'latest', 'report.html'))).toBe(true);
  });

  test('by a Postgres that cannot be reached leaves no directory, though other things were still being made', async () => {
    const before = runDirectories();
    const url = 'postgres://nobody:secret@127.0.0.1:1/none';
    const { code, stderr } = await startBench([...small, '--postgres', url, '--out', out]).ended;
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/Postgres at .*127\.0\.0\.1:1.* cannot be used/);
    expect(stderr).not.toContain('secret');
    expect(runDirectories().filter((name) => !before.includes(name))).toEqual([]);
  });

  test('by a results folder that cannot be written is told in one line, before anything starts', async () => {
    const { code, stderr } = await startBench([...small, '--out', '/dev/null/results']).ended;
    expect(code).toBe(3);
    expect(stderr.trim()).toMatch(/^cannot write to \/dev\/null\/results: .*; choose another with --out$/);
  });
});

describe('a small reconnect storm', { timeout: 60_000 }, () => {
  test('counts every client back, here over TLS, records every figure of a storm, and can be simulated', async () => {
    const args = ['reconnect-storm', '--quick', '--clients', '40', '--contenders', 'websocket+tls+backoff=article'];
    const { stderr } = await startBench([...args, '--out', out]).ended;
    const [trial] = readRun(out).trials;
    if (trial === undefined) throw new Error(`no trial: ${stderr}`);
    const { metrics } = trial;
    for (const name of stormMetrics) expect(metrics[name], name).not.toHaveProperty('reason');
    expect(metrics['storm.recoveryUs']).toMatchObject({ count: 40, max: expect.any(Number) });
    expect(scalarOf(metrics['storm.gaveUp'])).toBe(0);
    expect(scalarOf(metrics['storm.attemptsPerClient'])).toBe(Number(scalarOf(metrics['storm.attempts'])) / 40);
    expect(scalarOf(metrics['storm.attempts'])).toBeGreaterThanOrEqual(40);
    const [fault] = trial.events.filter(({ kind }) => kind === 'fault');
    expect(fault).toMatchObject({ what: 'server killed' });
    const { clientsConnected = [] } = trial.timeline.series;
    expect([clientsConnected[0], Math.min(...clientsConnected.map(Number)), clientsConnected.at(-1)]).toEqual([
      40, 0, 40,
    ]);
    expect(Number(scalarOf(metrics['storm.missedAway']))).toBe(
      Number(scalarOf(metrics['storm.madeUpBySnapshot'])) + Number(scalarOf(metrics['storm.madeUpByReplay'])),
    );
    const simulated = join(out, 'simulated');
    const from = join(out, 'latest', 'run.json');
    const simulation = await start(['simulate', 'storm', '--from', from, '--out', simulated]).ended;
    expect(simulation.code, simulation.stderr).toBe(0);
    expect(simulation.stdout).toMatch(/Beside what was measured:.*websocket\+tls\+backoff=article/s);
    expect(readdirSync(simulated).sort()).toEqual([
      'reconnect-storm-model.png',
      'reconnect-storm-model.svg',
      'reconnect-storm.png',
      'reconnect-storm.svg',
      'simulation.json',
    ]);
  });
});

describe('an outage of each service, without resync', () => {
  let redis: TrialRecord | undefined;
  let postgres: TrialRecord | undefined;

  beforeAll(async () => {
    const timers = ['fault-at=300ms', 'down=600ms', 'quiet=1200ms', 'recovery=1500ms', 'control=100ms', 'audiences=4'];
    const settings = timers.flatMap((timer) => ['--set', timer]);
    const args = ['--clients', '20', '--update-interval', '200ms', '--contenders', 'websocket+resync=off'];
    const { code, stderr } = await startBench(['redis-outage', 'postgres-restart', ...args, ...settings, '--out', out])
      .ended;
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
    expect(metrics['updates.missed']).toMatchObject({ expected: scalarOf(metrics['updates.missed']) });
    // Four dashboards of five clients each; one that is on its way when Redis dies may count on either side.
    expect(Math.abs(Number(scalarOf(metrics['updates.missed'])) - 5 * changes)).toBeLessThanOrEqual(5);
    expect(metrics['outage.catchUpUs']).toMatchObject({ count: 20, censored: 0 });
    expect(Number(scalarOf(metrics['outage.noticedUs']))).toBeLessThan(600_000);
    const told = events.filter(({ kind }) => kind === 'consequence').map(({ what }) => what);
    for (const who of ['server 1', 'server 2', 'relay']) expect(told).toContain(`${who} has Redis again`);
    for (const name of faultMetrics.filter((each) => metricOf(each).needsFault === 'service'))
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
    const { stdout, stderr } = await startBench([...args, '--out', out]).ended;
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
