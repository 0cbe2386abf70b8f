// The example servers, foreign to us, measured through their target files: real sockets, each server a process of its own.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDistribution, type RunRecord, runRecord, scalarOf } from '../harness/contract/record.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = (name: string) => join(root, 'examples', name, 'target.ts');
let out: string;
let dashboards: RunRecord;
let storm: RunRecord;

/** socket.io's example as a server that is there already: a command restarts it. */
const standing = `
import target from '${example('socket.io')}';
const { run, ...rest } = target;
export default {
  ...rest,
  pid: 'cat pid',
  faults: { restart: 'TOKEN=geheim; kill -9 $(cat pid); sleep 0.3; node ${join(root, 'examples/socket.io/server.mjs')} & echo $! > pid' },
};`;

/** Nothing of it is understood but that something arrives. */
const opaque = `
import target from '${example('fastify-sse')}';
const { decode, run, ...rest } = target;
export default { ...rest, name: 'opaque', run: 'cd ${join(root, 'examples/fastify-sse')} && node server.mjs; true' };`;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'freshet-targets-'));
  writeFileSync(join(out, 'standing.ts'), standing);
  writeFileSync(join(out, 'opaque.ts'), opaque);
  await shell(`node ${join(root, 'examples/socket.io/server.mjs')} > log 2>&1 & echo $! > pid`);
  // Beside each other: neither keeps two cores busy.
  [dashboards, storm] = await Promise.all([
    bench('dashboards', [], [example('graphql-ws'), example('express-polling'), join(out, 'opaque.ts')]),
    bench('storm', ['reconnect-storm', '--set', 'recovery=1s'], [join(out, 'standing.ts')]),
  ]);
});
afterAll(async () => {
  await shell('kill -9 $(cat pid)');
  await rm(out, { recursive: true, force: true });
});

function shell(command: string): Promise<unknown> {
  return new Promise((resolve) => execFile('sh', ['-c', command], { cwd: out }, resolve));
}

function bench(name: string, args: readonly string[], files: readonly string[]): Promise<RunRecord> {
  const directory = join(out, name);
  const targets = files.flatMap((file) => ['--target-file', file]);
  const all = ['--import', 'tsx', 'harness/cli.ts', 'bench', ...args, ...targets, '--quick', '--clients', '30'];
  return new Promise((resolve, reject) => {
    // A run whose latencies this machine voids ends with 4, and has its record.
    execFile(process.execPath, [...all, '--out', directory], { cwd: root }, (error, _stdout, stderr) => {
      if (error !== null && error.code !== 4) reject(new Error(stderr));
      else resolve(runRecord.parse(JSON.parse(readFileSync(join(directory, 'latest', 'run.json'), 'utf8'))));
    });
  });
}

test('servers with changes of ours, by a function and by a command, are measured to the last change', () => {
  const trials = dashboards.trials.slice(0, 2);
  expect(trials.map(({ contender, transport }) => `${contender} ${transport}`)).toEqual([
    'graphql-ws websocket',
    'express polling',
  ]);
  expect(dashboards.services).toEqual({});
  for (const { contender, metrics, health } of trials) {
    expect(scalarOf(metrics['updates.published']), contender).toBeGreaterThan(0);
    expect(scalarOf(metrics['updates.missed']), contender).toBe(0);
    expect(scalarOf(metrics.deliveryRatio), contender).toBe(1);
    expect(scalarOf(metrics['arrivals.perClientMinute']), contender).toBeGreaterThan(0);
    expect(scalarOf(metrics['server.rssBytes']), contender).toBeGreaterThan(1e7);
    expect(metrics['db.queriesPerMinute'], contender).toMatchObject({
      value: null,
      reason: expect.stringContaining('role'),
    });
    const isVoid = health.some(({ voids }) => voids?.includes('freshnessUs'));
    if (!isVoid) expect(isDistribution(metrics.freshnessUs), contender).toBe(true);
  }
});

test('a server whose messages are not understood has arrivals, and no freshness for a reason', () => {
  const metrics = dashboards.trials[2]?.metrics ?? {};
  // A change every quarter of a second, and the state on connecting before the window.
  expect(scalarOf(metrics['arrivals.perClientMinute'])).toBeGreaterThan(150);
  expect(scalarOf(metrics['wire.bytesInPerClientMinute'])).toBeGreaterThan(0);
  expect(metrics.freshnessUs).toMatchObject({ reason: expect.stringContaining('no decode') });
  expect(scalarOf(metrics['updates.missed'])).toBeNull();
  // A shell's and the server's behind it.
  expect(scalarOf(metrics['server.rssBytes'])).toBeGreaterThan(3e7);
});

test('a server that a command restarts is seen to come back, and all its clients', () => {
  const [trial] = storm.trials;
  const fault = trial?.events.find(({ kind }) => kind === 'fault');
  expect(fault?.what).toBe('restart command run');
  const downUs = (fault?.untilUs ?? 0) - (fault?.atUs ?? 0);
  expect(downUs).toBeGreaterThan(300_000);
  expect(scalarOf(trial?.metrics['storm.gaveUp'])).toBe(0);
  expect(trial?.metrics['storm.recoveryUs']).toMatchObject({ count: 30, censored: 0 });
  // Changes that could not be made meanwhile come late, and that speaks against nothing.
  expect(scalarOf(trial?.metrics['updates.missed'])).toBe(0);
  expect(trial?.health.map(({ code }) => code)).not.toContain('PUBLISH_RETRIED');
  // Of a command, which may hold a secret, nothing is kept.
  expect(readFileSync(join(out, 'storm', 'latest', 'run.json'), 'utf8')).not.toContain('geheim');
});
