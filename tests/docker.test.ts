// The docker path for real: containers through testcontainers, then all of docker-compose.yml. Run by .ci/docker, which has made the image.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { type RunRecord, runRecord } from '../harness/contract/record.ts';
import { childrenOf, startRun } from '../harness/services/killed-run.testing.ts';
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

const argsOf = (driver: 'embedded' | 'docker', out: string) => [
  ...['--import', 'tsx', 'harness/cli.ts'],
  ...bench,
  ...['--services', driver, '--out', out],
];

async function measure(driver: 'embedded' | 'docker'): Promise<RunRecord> {
  const out = join(results, driver);
  const ended = await run(process.execPath, argsOf(driver, out), { cwd: root }).catch(
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

  test('counts queries in the container, each once', () => {
    const queries = record.trials.find(({ contender }) => contender === 'polling')?.metrics['db.queriesPerMinute'];
    if (queries === undefined || !('value' in queries) || queries.value === null) throw new Error('no queries counted');
    // A busy machine skips polls, and sends none twice.
    const share = queries.value / (queries.expected ?? 0);
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(1.2);
  });

  describe('leaves no container and no volume', () => {
    const volumes = () => docker('volume', 'ls', '-q');
    let before: string;
    beforeAll(() => {
      expect(containersOfRuns()).toBe('');
      before = volumes();
    });

    /** Kills it as soon as it has containers, when others may be under way. */
    async function killEarly(alsoEnds: (pid: number) => readonly number[]): Promise<void> {
      const child = spawn(process.execPath, argsOf('docker', join(results, 'killed')), { cwd: root, stdio: 'ignore' });
      await vi.waitFor(() => expect(containersOfRuns()).not.toBe(''), { timeout: 30_000, interval: 50 });
      const others = alsoEnds(child.pid ?? 0);
      for (const pid of others) process.kill(pid, 'SIGKILL');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }

    test(
      'when it is killed: its watchdog removes them',
      async () => {
        await killEarly(() => []);
        await vi.waitFor(() => expect(containersOfRuns()).toBe(''), { timeout: 30_000, interval: 200 });
        expect(volumes()).toBe(before);
      },
      slow,
    );

    test(
      'when its watchdog is killed with it: the next run removes them',
      async () => {
        await killEarly((pid) => {
          const watchdogs = childrenOf(pid).filter((child) =>
            readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('watchdog.sh'),
          );
          expect(watchdogs).toHaveLength(1);
          return watchdogs;
        });
        expect(containersOfRuns()).not.toBe('');
        const next = await startRun({ finish: true });
        if (next.process.exitCode === null) await once(next.process, 'exit');
        expect(containersOfRuns()).toBe('');
        expect(volumes()).toBe(before);
      },
      slow,
    );
  });
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

  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) });

  test(
    'serves each transport behind nginx, on screens that move',
    async () => {
      const look = async (path: string) => (await (await ask(path)).json()) as { version: number };
      for (const path of ['/polling/dashboard', '/long-polling/dashboard']) {
        const first = await look(path);
        expect(first, path).toMatchObject({ type: 'snapshot', tiles: expect.any(Array) });
        await vi.waitFor(async () => expect((await look(path)).version).toBeGreaterThan(first.version), {
          timeout: 10_000,
          interval: 200,
        });
      }
      const stream = await ask('/sse/events');
      expect(stream.headers.get('content-type')).toContain('text/event-stream');
      let events = '';
      for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        events += chunk;
        if (events.includes('"type":"update"')) break;
      }
      expect(events).toContain('"type":"update"');
      const socket = new WebSocket(`ws://127.0.0.1:${port}/websocket/ws`);
      const types = new Set<string>();
      socket.on('message', (message) => types.add(JSON.parse(String(message)).type));
      await vi.waitFor(() => expect([...types]).toEqual(['snapshot', 'update']), { timeout: 10_000, interval: 100 });
      socket.terminate();
    },
    slow,
  );

  test(
    'finds all containers of a scaled transport',
    async () => {
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
      const ended = await compose('run', '--rm', '--no-deps', 'bench', ...bench.slice(0, 3), 'websocket').catch(
        (error: { code: number; stderr: string }) => error,
      );
      if ('code' in ended && ended.code !== 4) throw new Error(ended.stderr);
      const record = readRecord(out());
      expect(shapeOf(record)).toEqual(shapeOf(embedded).slice(1, 2));
      expect(record.services).toMatchObject({ postgres: { driver: 'url' }, redis: { driver: 'url' } });
      // Their processes are another container's.
      expect(unmeasured(record, 'websocket').get('db.cpuMsPerSecond') ?? 'measured').not.toBe('measured');
      expect(unmeasured(record, 'websocket').has('db.queriesPerMinute')).toBe(false);
    },
    slow,
  );

  test(
    'runs the clients on agents in other containers',
    async () => {
      await compose('up', '--detach', '--no-deps', '--no-recreate', '--scale', 'agent=4', 'agent');
      // Its servers are reached by the service's name, which a container of `run` has only when asked.
      const asked = ['--agents', '4', '--serve-as', 'bench'];
      const ended = await compose(
        ...['run', '--rm', '--no-deps', '--use-aliases', 'bench'],
        ...bench.slice(0, 3),
        ...['websocket', ...asked],
      ).catch((error: { code: number; stderr: string }) => error);
      if ('code' in ended && ended.code !== 4) throw new Error(ended.stderr);
      const [trial] = readRecord(out()).trials;
      expect(trial?.agents?.map(({ clients, lost }) => [clients, lost])).toEqual(Array(4).fill([25, null]));
      expect(new Set(trial?.agents?.map(({ host }) => host)).size).toBe(4);
      for (const { clients, servers } of trial?.witnesses ?? []) expect(clients).toBe(servers);
    },
    slow,
  );
});
