// The example servers, foreign to us, measured through their target files: real sockets, each server a process of its own.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDistribution, type RunRecord, runRecord, scalarOf } from '../harness/contract/record.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'freshet-targets-'));
});
afterAll(() => rm(out, { recursive: true, force: true }));

function bench(name: string, args: readonly string[]): Promise<RunRecord> {
  const directory = join(out, name);
  const all = ['--import', 'tsx', 'harness/cli.ts', 'bench', ...args, '--quick', '--clients', '30', '--out', directory];
  return new Promise((resolve, reject) => {
    // A run whose latencies this machine voids ends with 4, and has its record.
    execFile(process.execPath, all, { cwd: root }, (error, _stdout, stderr) => {
      if (error !== null && error.code !== 4) reject(new Error(stderr));
      else resolve(runRecord.parse(JSON.parse(readFileSync(join(directory, 'latest', 'run.json'), 'utf8'))));
    });
  });
}

const fileOf = (example: string) => ['--target-file', `examples/${example}/target.ts`];

describe('somebody’s own server', () => {
  test('is measured with its own changes, with ours by a function, and by a command', async () => {
    const files = ['fastify-sse', 'graphql-ws', 'express-polling'].flatMap(fileOf);
    const { trials, services } = await bench('dashboard', files);
    expect(trials.map(({ contender, transport }) => `${contender} ${transport}`)).toEqual([
      'fastify-sse sse',
      'graphql-ws websocket',
      'express polling',
    ]);
    expect(services).toEqual({});
    for (const { contender, metrics, health } of trials) {
      expect(scalarOf(metrics['updates.missed']), contender).toBe(0);
      expect(scalarOf(metrics.deliveryRatio), contender).toBe(1);
      expect(scalarOf(metrics['arrivals.perClientMinute']), contender).toBeGreaterThan(0);
      expect(metrics['db.queriesPerMinute'], contender).toMatchObject({
        value: null,
        reason: expect.stringContaining('role'),
      });
      const isVoid = health.some(({ voids }) => voids?.includes('freshnessUs'));
      if (!isVoid) expect(isDistribution(metrics.freshnessUs), contender).toBe(true);
    }
  });

  test('is killed and brought back, and all clients return', async () => {
    const { trials } = await bench('storm', ['reconnect-storm', ...fileOf('socket.io')]);
    const [trial] = trials;
    expect(trial?.events.find(({ kind }) => kind === 'fault')?.what).toBe('server killed');
    expect(scalarOf(trial?.metrics['storm.gaveUp'])).toBe(0);
    expect(trial?.metrics['storm.recoveryUs']).toMatchObject({ count: 30, censored: 0 });
  });
});
