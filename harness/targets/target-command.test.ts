// Commands of target files: those that are waited for end at their limit, and with the run; what they are is told to nobody.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Guard, openGuard } from '../services/guard.ts';
import { isRunning } from '../services/processes.ts';
import { runTargetCommand } from './target-command.ts';

let guard: Guard;
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'target-command-'));
});
beforeEach(async () => {
  guard = await openGuard();
});
afterEach(() => guard.close());
afterAll(() => rm(directory, { recursive: true, force: true }));

const run = (options: { limitMs?: number; unawaited?: AbortSignal }) =>
  runTargetCommand({
    what: 'faults.restart of api.ts',
    command: 'TOKEN=geheim; sleep 60 & echo $! > pid.new; mv pid.new pid; wait',
    directory,
    guard,
    ...options,
  }).catch(String);

/** The process that the command has started. */
async function startedPid(): Promise<number> {
  const path = join(directory, 'pid');
  const text = await expect
    .poll(() => readFile(path, 'utf8').catch(() => ''))
    .not.toBe('')
    .then(() => readFile(path, 'utf8'));
  await rm(path);
  return Number(text);
}

test('one that takes too long is ended with what it started', async () => {
  const ended = run({ limitMs: 300 });
  const pid = await startedPid();
  expect(isRunning(pid)).toBe(true);
  expect(await ended).toMatch(/faults\.restart of api\.ts failed: it was not done after 0\.3 s, and was ended$/);
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test('one that is waited for ends with the run', async () => {
  const ended = run({});
  const pid = await startedPid();
  await guard.close();
  expect(await ended).toMatch(/faults\.restart of api\.ts failed: SIG(INT|TERM|KILL)$/);
  expect(isRunning(pid)).toBe(false);
});

test('one that nobody waits for is left alone: it may be the server', async () => {
  const awaiting = new AbortController();
  const ended = run({ limitMs: 300, unawaited: awaiting.signal });
  const pid = await startedPid();
  awaiting.abort();
  await guard.close();
  await ended;
  expect(isRunning(pid)).toBe(true);
  process.kill(pid, 'SIGKILL');
});
