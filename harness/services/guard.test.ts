import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nowUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { openGuard } from './guard.ts';
import { childrenOf, isAlive, leftOvers, type StartedRun, startRun, waitUntilGone } from './killed-run.testing.ts';

const runs: StartedRun[] = [];
const start = async (...args: Parameters<typeof startRun>) => {
  const run = await startRun(...args);
  runs.push(run);
  return run;
};
afterEach(async () => {
  for (const run of runs.splice(0)) if (run.process.exitCode === null) run.process.kill('SIGKILL');
});

describe.skipIf(!existsSync('/proc'))('a run that is killed', () => {
  it('leaves no process and no directory, whatever its children do, and a run beside it alone', async () => {
    const [first, second] = await Promise.all([start({ services: true }), start({ services: true })]);
    expect(Object.keys(first.pids)).toEqual(['stubborn', 'stopped', 'unregistered', 'postgres', 'redis']);
    expect(Object.values(first.pids).every(isAlive)).toBe(true);
    first.process.kill('SIGKILL');
    expect(await waitUntilGone(first, 15_000)).toEqual([]);
    expect(Object.values(second.pids).every(isAlive)).toBe(true);
    expect(existsSync(second.directory)).toBe(true);

    // And the other with a Postgres that is frozen, backends included: they have sessions of their own.
    const postgres = second.pids.postgres ?? 0;
    const frozen = [postgres, ...childrenOf(postgres)];
    expect(frozen.length).toBeGreaterThan(3);
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    second.process.kill('SIGKILL');
    expect(await waitUntilGone(second, 15_000)).toEqual([]);
    expect(frozen.filter(isAlive)).toEqual([]);
  }, 60_000);

  it('leaves nothing after SIGINT, SIGTERM or SIGHUP to its terminal’s group', async () => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const started = await Promise.all(signals.map(() => start({})));
    for (const [index, run] of started.entries()) process.kill(-run.pid, signals[index]);
    const left = await Promise.all(started.map((run) => waitUntilGone(run, 15_000)));
    expect(left).toEqual([[], [], []]);
  }, 40_000);

  it('leaves nothing when the signals reach the watchdog as well', async () => {
    const guard = await openGuard();
    const pid = watchdogOf(guard);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(pid, signal);
    await guard.close();
    expect(leftOvers({ ...guard, pids: {} })).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'leaves nothing of an ordinary user’s either',
    async () => {
      const home = mkdtempSync(join(tmpdir(), 'freshet-home-'));
      chownSync(home, 65534, 65534);
      try {
        const ordinary = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
        const run = await start({ services: true }, ordinary, { HOME: home, XDG_CACHE_HOME: '' });
        expect(statSync(run.directory).uid).toBe(65534);
        run.process.kill('SIGKILL');
        expect(await waitUntilGone(run, 15_000)).toEqual([]);
      } finally {
        rmSync(home, { recursive: true });
      }
    },
    40_000,
  );
});

describe('a guard', () => {
  it('ends by itself, and quickly, when a run has ended what it started', async () => {
    const guard = await openGuard();
    const startUs = nowUs();
    await guard.close();
    // It would have waited for 2 s had something been left.
    expect(nowUs() - startUs).toBeLessThan(1_900_000);
    expect(leftOvers({ ...guard, pids: {} })).toEqual([]);
    await guard.close();
  });

  it('says what it needs where there is no temporary directory', async () => {
    vi.stubEnv('TMPDIR', '/dev/null/tmp');
    await expect(openGuard()).rejects.toThrow(
      /^cannot make a temporary directory in \/dev\/null\/tmp: .*; set TMPDIR to it$/,
    );
    vi.unstubAllEnvs();
  });

  it('ends what a run forgot to end', async () => {
    const guard = await openGuard();
    const forgotten = spawn('sleep', ['300'], { detached: true });
    guard.adopt(forgotten.pid ?? 0);
    const gone = once(forgotten, 'exit');
    await guard.close();
    expect((await gone)[1]).toBe('SIGINT');
  });

  it('spares what it was told to forget', async () => {
    const guard = await openGuard();
    const spared = spawn('sleep', ['300'], { detached: true });
    guard.adopt(spared.pid ?? 0);
    guard.forget(spared.pid ?? 0);
    await guard.close();
    expect(isAlive(spared.pid ?? 0)).toBe(true);
    spared.kill('SIGKILL');
  });

  it('removes directories it was told of, spaces in their names included', async () => {
    const guard = await openGuard();
    const beside = `${guard.directory} beside it`;
    guard.addDirectory(beside);
    mkdirSync(join(beside, 'deep'), { recursive: true });
    await guard.close();
    expect(existsSync(beside)).toBe(false);
  });

  it('makes a directory that only its owner can list', async () => {
    const guard = await openGuard();
    const isRoot = process.getuid?.() === 0;
    expect((statSync(guard.directory).mode & 0o777).toString(8)).toBe(isRoot ? '711' : '700');
    await guard.close();
  });

  it('has another watchdog when one is killed, which knows all that the first knew', async () => {
    const run = await start({});
    process.kill(watchdogOf(run), 'SIGKILL');
    await vi.waitFor(() => expect(watchdogOf(run)).toBeGreaterThan(0), 10_000);
    run.process.kill('SIGKILL');
    expect(await waitUntilGone(run, 15_000)).toEqual([]);
  });

  it('ends all the same when its watchdog was frozen, or is killed while it works', async () => {
    const [frozen, killed] = await Promise.all([openGuard(), openGuard()]);
    process.kill(watchdogOf(frozen), 'SIGSTOP');
    await frozen.close();
    expect(leftOvers({ ...frozen, pids: {} })).toEqual([]);

    const child = spawn('sleep', ['300'], { detached: true });
    killed.adopt(child.pid ?? 0);
    const watchdog = watchdogOf(killed);
    process.kill(watchdog, 'SIGSTOP');
    process.kill(watchdog, 'SIGKILL');
    await killed.close();
    expect(isAlive(child.pid ?? 0)).toBe(false);
    expect(leftOvers({ ...killed, pids: {} })).toEqual([]);
  });

  it('refuses to start anything once four watchdogs were killed', async () => {
    const guard = await openGuard();
    const seen = new Set<number>();
    while (seen.size < 4) {
      const pid = await vi.waitFor(() => {
        const found = watchdogOf(guard);
        expect(seen.has(found)).toBe(false);
        return found;
      }, 10_000);
      seen.add(pid);
      process.kill(pid, 'SIGKILL');
    }
    const noProcess = 2 ** 22 + 1;
    await vi.waitFor(() => expect(() => guard.adopt(noProcess)).toThrow(FreshetError), 10_000);
    await guard.close();
    expect(existsSync(guard.directory)).toBe(false);
  });

  it.skipIf(!existsSync('/proc'))(
    'sweeps what a run left that was killed with its watchdog, and no living run',
    async () => {
      // Redis writes over its environment, so the run's id in it does not tell whose it is.
      const [dead, living] = await Promise.all([start({ services: true }), start({ services: true })]);
      // Stopped first, or it would have another watchdog in between.
      dead.process.kill('SIGSTOP');
      process.kill(watchdogOf(dead), 'SIGKILL');
      dead.process.kill('SIGKILL');
      await once(dead.process, 'exit');
      expect(isAlive(dead.pids.stubborn ?? 0)).toBe(true);
      expect(existsSync(dead.directory)).toBe(true);
      const guard = await openGuard();
      expect(leftOvers(dead)).toEqual([]);
      expect(Object.values(living.pids).every(isAlive)).toBe(true);
      expect(existsSync(living.directory)).toBe(true);
      await guard.close();
      living.process.kill('SIGKILL');
      expect(await waitUntilGone(living, 15_000)).toEqual([]);
    },
  );
});

function watchdogOf(run: { directory: string; runId: string }): number {
  const pids = leftOvers({ ...run, pids: {} }).flatMap((left) =>
    left.includes('watchdog.sh') ? Number(/pid (\d+)/.exec(left)?.[1]) : [],
  );
  // A shell that looks something up is for a moment two of the same name: the watchdog is the parent.
  const pid = pids.find((each) => {
    const parent = parentOf(each);
    return parent !== null && !pids.includes(parent);
  });
  if (pid === undefined) throw new Error('there is no watchdog');
  return pid;
}

/** `null` for one that is gone; 0 where there is no /proc to ask. */
function parentOf(pid: number): number | null {
  if (!existsSync('/proc')) return 0;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}
