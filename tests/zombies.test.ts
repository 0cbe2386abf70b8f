// Clients that really vanish: real servers, real sockets, and a network that goes down where that is allowed.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { MetricName } from '../harness/contract/metrics.ts';
import { isDistribution, type RunRecord, runRecord, scalarOf } from '../harness/contract/record.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

async function bench(...args: string[]): Promise<RunRecord> {
  const out = await mkdtemp(join(tmpdir(), 'freshet-zombies-'));
  try {
    // A loaded machine may void latencies; the counts of who was noticed stand.
    await run(process.execPath, ['--import', 'tsx', 'harness/cli.ts', 'bench', ...args, '--out', out], {
      cwd: root,
    }).catch((error: { code?: number }) => expect(error.code).toBe(4));
    return runRecord.parse(JSON.parse(readFileSync(join(out, 'latest', 'run.json'), 'utf8')));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

test('a heartbeat notices every vanished client and ends no living one, however slow; without one none is noticed', async () => {
  const heartbeat = 'websocket+heartbeat-interval=1s+heartbeat-timeout=600ms';
  const contenders = `websocket+heartbeat=none,${heartbeat}`;
  const record = await bench('zombies', '--quick', '--clients', '50', '--contenders', contenders);
  const [without, withOne] = record.trials;
  const of = (name: MetricName, trial = withOne) => trial?.metrics[name];

  expect(scalarOf(of('vanished.unnoticed', without))).toBe(18);
  expect(scalarOf(of('vanished.unnoticed'))).toBe(0);
  expect(scalarOf(of('vanished.falseKills'))).toBe(0);
  expect(scalarOf(of('vanished.falseKills', without))).toBe(0);
  expect(scalarOf(of('updates.missed'))).toBe(0);

  const noticed = of('vanished.noticedUs');
  if (!isDistribution(noticed)) throw new Error('not measured');
  expect([noticed.count, noticed.censored]).toEqual([18, 0]);
  // No sooner than its time-out allows, less what it had waited for already.
  expect(noticed.min).toBeGreaterThan(0);
  expect(noticed.max).toBeLessThan(2.7e6);
  expect(withOne?.timeline.series.unnoticedClients?.at(-1)).toBe(0);

  // A ping of 2 bytes and its masked answer of 6, 3,600 times an hour; what it costs in CPU is the machine's.
  expect(scalarOf(of('heartbeat.bytesPerClientHour'))).toBeCloseTo(28_800, 0);
  expect(scalarOf(of('heartbeat.cpuUsPerClientHour'))).toBeGreaterThan(0);
  expect(of('heartbeat.cpuUsPerClientHour', without)).toMatchObject({ value: null, reason: expect.any(String) });

  const how = withOne?.settings['vanish-by'];
  expect(withOne?.events.find(({ kind }) => kind === 'fault')?.what).toContain(
    how === 'namespace' ? 'link went down' : 'sockets froze',
  );
  if (how === 'namespace') expect(scalarOf(of('vanished.heldBytes', without))).toBeGreaterThan(18 * 500);
});
