// The gate from one end to the other: this version against itself with a regression planted in it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plantRegression } from '../scripts/gate-study/plant.ts';
import { runCommand } from './command.fixture.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'freshet-gate-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('a second query for each poll fails the deterministic gate, and nothing else is said to be worse', async () => {
  const candidate = join(directory, 'candidate');
  const out = join(directory, 'out');
  await plantRegression(['two-queries-per-poll', candidate]);
  const conditions = ['--clients', '40', '--duration', '1s', '--poll-interval', '250ms', '--update-interval', '250ms'];
  const versions = ['--baseline', '.', '--candidate', candidate, '--contenders', 'polling', '--deterministic'];
  const { code, stdout } = await runCommand('gate', ...versions, ...conditions, '--set', 'control=200ms', '--out', out);
  expect(stdout).toContain('Gate: FAIL.');
  expect(code).toBe(1);
  const results = readdirSync(out).find((name) => name.endsWith('-gate')) ?? '';
  const gate = JSON.parse(readFileSync(join(out, results, 'gate.json'), 'utf8'));
  expect(gate.failures.map(({ change }: { change: { metric: string } }) => change.metric).sort()).toEqual([
    'db.queriesPerMinute',
    'db.queriesPerUpdate',
  ]);
  expect(readFileSync(join(out, results, 'junit.xml'), 'utf8')).toMatch(/failures="2"/);
  expect(existsSync(join(out, results, 'benchmark.json'))).toBe(true);
  expect(readdirSync(out).filter((name) => /-gate-(baseline|candidate)$/.test(name))).toHaveLength(2);
});
