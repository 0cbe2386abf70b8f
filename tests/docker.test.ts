// The docker path for real: containers through testcontainers, then all of docker-compose.yml. Run by .ci/docker, which has made the image.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunRecord, runRecord } from '../harness/contract/record.ts';
import { freePort } from '../harness/services/ports.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const slow = 120_000;

/** One alone, one with relay and Redis, one behind nginx, which ends TLS there. */
const contenders = 'polling,websocket,sse+postgres+nodes=2+balancer=ip-hash+tls=on';
const bench = ['bench', '--quick', '--contenders', contenders];

let results: string;
let embedded: RunRecord;
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), 'freshet-docker-'));
  embedded = await measure('embedded');
}, slow);
afterAll(() => rmSync(results, { recursive: true, force: true }));

async function measure(driver: 'embedded' | 'docker'): Promise<RunRecord> {
  const out = join(results, driver);
  const args = ['--import', 'tsx', 'harness/cli.ts', ...bench, '--services', driver, '--out', out];
  const ended = await run(process.execPath, args, { cwd: root }).catch(
    (error: { code: number; stderr: string }) => error,
  );
  // A smoke run on a busy machine may be void; its record is whole all the same.
  if ('code' in ended && ended.code !== 4) throw new Error(ended.stderr);
  return readRecord(out);
}

function readRecord(out: string): RunRecord {
  return runRecord.parse(JSON.parse(readFileSync(join(out, 'latest/run.json'), 'utf8')));
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { cwd: root, encoding: 'utf8' }).trim();
}

const containersOfRuns = () => docker('ps', '-aq', '--filter', 'label=freshet.run');

/** What a record has where, but for the figures: a figure or that there is none. */
function shapeOf(record: RunRecord) {
  return record.trials.map(({ contender, metrics, settings, timeline, ...trial }) => ({
    contender,
    keys: Object.keys(trial).sort(),
    settings: Object.keys(settings).sort(),
    series: Object.keys(timeline.series).sort(),
    metrics: Object.keys(metrics).sort(),
  }));
}

/** Names of a contender's figures without a value, with the reason. */
function unmeasured(record: RunRecord, contender: string): Map<string, string> {
  const metrics = record.trials.find((trial) => trial.contender === contender)?.metrics ?? {};
  return new Map(
    Object.entries(metrics).flatMap(([name, figure]) =>
      figure !== undefined && 'value' in figure && figure.value === null ? [[name, figure.reason] as const] : [],
    ),
  );
}

/** Figures that are there or not by chance in a run of a second: what is hidden by noise, or voided by a busy machine. */
const isByChance = (reason: string) => /collection|noise|idle|generator|canary|distrust/i.test(reason);

describe('bench --services docker', () => {
  let record: RunRecord;
  beforeAll(async () => {
    record = await measure('docker');
  }, slow);

  test('makes a record of the same shape, which names driver and version of each service', () => {
    expect(shapeOf(record)).toEqual(shapeOf(embedded));
    const { postgres, redis, nginx } = record.services;
    for (const service of [postgres, redis, nginx])
      expect(service).toMatchObject({ driver: 'docker', version: expect.stringMatching(/\d+\.\d+/) });
  });

  test('measures what the embedded services are measured for, their CPU included', () => {
    for (const { contender } of embedded.trials) {
      const known = unmeasured(embedded, contender);
      const lost = [...unmeasured(record, contender)].filter(
        ([name, reason]) => !known.has(name) && !isByChance(reason),
      );
      expect(lost, contender).toEqual([]);
    }
    const balanced = record.trials.at(-1);
    expect(balanced?.metrics['nginx.cpuMsPerSecond']).toMatchObject({ value: expect.any(Number) });
  });

  test('counts queries in the container as arithmetic has them', () => {
    const queries = record.trials.find(({ contender }) => contender === 'polling')?.metrics['db.queriesPerMinute'];
    if (queries === undefined || !('value' in queries) || queries.value === null) throw new Error('no queries counted');
    expect(Math.abs(queries.value / (queries.expected ?? 0) - 1)).toBeLessThan(0.2);
  });

  test(
    'leaves nothing, also when it and all it started is killed',
    async () => {
      expect(containersOfRuns()).toBe('');
      const args = [
        '--import',
        'tsx',
        'harness/cli.ts',
        ...bench,
        '--services',
        'docker',
        '--out',
        join(results, 'killed'),
      ];
      const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' });
      await vi.waitFor(() => expect(containersOfRuns().split('\n').length).toBeGreaterThan(1), {
        timeout: 30_000,
        interval: 100,
      });
      child.kill('SIGKILL');
      await once(child, 'exit');
      await vi.waitFor(() => expect(containersOfRuns()).toBe(''), { timeout: 30_000, interval: 200 });
      // A creation that was under way would show by now.
      expect(docker('volume', 'ls', '-q')).toBe('');
    },
    slow,
  );
});

describe('docker compose', () => {
  const out = () => join(results, 'composed');
  let port: number;
  const compose = (...args: string[]) =>
    run('docker', ['compose', ...args], {
      cwd: root,
      env: {
        ...process.env,
        FRESHET_PORT: String(port),
        FRESHET_RESULTS: out(),
        FRESHET_USER: `${process.getuid?.()}:${process.getgid?.()}`,
      },
    });

  beforeAll(async () => {
    port = await freePort();
    await compose('up', '--detach', '--scale', 'websocket=3', '--scale', 'bench=0');
  }, slow);
  afterAll(async () => {
    await compose('down', '--volumes', '--remove-orphans', '--timeout', '3');
    expect(docker('ps', '-aq', '--filter', 'label=com.docker.compose.project=freshet')).toBe('');
    expect(docker('network', 'ls', '-q', '--filter', 'label=com.docker.compose.project=freshet')).toBe('');
  }, slow);

  test(
    'serves each transport behind nginx, and finds all containers of a scaled one',
    async () => {
      const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
      for (const path of ['/polling/dashboard', '/long-polling/dashboard']) {
        const answer = await (await ask(path)).json();
        expect(answer, path).toMatchObject({ type: 'snapshot', tiles: expect.any(Array) });
      }
      const stream = await ask('/sse/events');
      expect(stream.headers.get('content-type')).toContain('text/event-stream');
      await stream.body?.cancel();
      const nodes = new Set<string | null>();
      await vi.waitFor(
        async () => {
          nodes.add((await ask('/websocket/healthz')).headers.get('x-node'));
          expect(nodes.size).toBe(3);
        },
        { timeout: 15_000, interval: 50 },
      );
    },
    slow,
  );

  test(
    'measures, and writes a record of the same shape where it is mounted',
    async () => {
      const ended = await compose('run', '--rm', '--no-deps', 'bench', ...bench.slice(0, 3), 'polling,websocket').catch(
        (error: { code: number; stderr: string }) => error,
      );
      if ('code' in ended && ended.code !== 4) throw new Error(ended.stderr);
      const record = readRecord(out());
      expect(shapeOf(record)).toEqual(shapeOf(embedded).slice(0, 2));
      expect(record.services).toMatchObject({ postgres: { driver: 'url' }, redis: { driver: 'url' } });
      // Their processes are another container's.
      expect(unmeasured(record, 'polling').get('db.cpuMsPerSecond') ?? 'measured').not.toBe('measured');
      expect(unmeasured(record, 'polling').has('db.queriesPerMinute')).toBe(false);
    },
    slow,
  );
});
