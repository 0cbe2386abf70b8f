// A reconnect storm from one end to the other, its simulation included.
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricNames, metricOf } from '../harness/contract/metrics.ts';
import { scalarOf } from '../harness/contract/record.ts';
import { readRun, runCommand } from './command.fixture.ts';

let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'freshet-test-'));
});
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

describe('a small reconnect storm', { timeout: 60_000 }, () => {
  test('counts every client back, here over TLS, records every figure of a storm, and can be simulated', async () => {
    const args = ['reconnect-storm', '--quick', '--clients', '40', '--contenders', 'websocket+tls+backoff=article'];
    const { stderr } = await runCommand('bench', ...args, '--out', out);
    const [trial] = readRun(out).trials;
    if (trial === undefined) throw new Error(`no trial: ${stderr}`);
    const { metrics } = trial;
    for (const name of metricNames.filter((each) => metricOf(each).needsFault === 'server'))
      expect(metrics[name], name).not.toHaveProperty('reason');
    expect(metrics['storm.recoveryUs']).toMatchObject({ count: 40, max: expect.any(Number) });
    expect(scalarOf(metrics['storm.gaveUp'])).toBe(0);
    expect(scalarOf(metrics['storm.attemptsPerClient'])).toBe(Number(scalarOf(metrics['storm.attempts'])) / 40);
    expect(scalarOf(metrics['storm.attempts'])).toBeGreaterThanOrEqual(40);
    const [fault] = trial.events.filter(({ kind }) => kind === 'fault');
    expect(fault).toMatchObject({ what: 'server killed' });
    // What the killed server had counted died with it; a count of the new one's life alone would look like one of the window.
    for (const name of ['db.queriesFailed', 'db.poolTimeouts', 'db.poolWaitUs', 'db.poolWaiting'] as const)
      expect(metrics[name]).toMatchObject({ value: null, reason: expect.stringContaining('their counters with them') });
    const { clientsConnected = [] } = trial.timeline.series;
    expect([clientsConnected[0], Math.min(...clientsConnected.map(Number)), clientsConnected.at(-1)]).toEqual([
      40, 0, 40,
    ]);
    expect(Number(scalarOf(metrics['storm.missedAway']))).toBe(
      Number(scalarOf(metrics['storm.madeUpBySnapshot'])) + Number(scalarOf(metrics['storm.madeUpByReplay'])),
    );
    const simulated = join(out, 'simulated');
    const from = join(out, 'latest', 'run.json');
    const simulation = await runCommand('simulate', 'storm', '--from', from, '--out', simulated);
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
