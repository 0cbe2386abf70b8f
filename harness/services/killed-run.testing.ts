// For tests: starts the fixture run as a process of its own, kills it, and looks for what it left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nowUs, sleepUs } from '../contract/clock.ts';

const fixture = fileURLToPath(new URL('killed-run.fixture.ts', import.meta.url));
const tsx = import.meta.resolve('tsx');

export interface StartedRun {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly directory: string;
  readonly runId: string;
  readonly pids: Readonly<Record<string, number>>;
  readonly database: string | null;
  readonly urls: readonly string[];
}

export interface RunTask {
  readonly services?: boolean;
  readonly postgresUrl?: string;
  readonly finish?: boolean;
}

/** Starts the fixture; `before` is put in front of its command line (`setpriv …`). Resolves when all it makes is there. */
export async function startRun(
  task: RunTask,
  before: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<StartedRun> {
  const full = { services: false, finish: false, ...task };
  const [command = '', ...args] = [...before, process.execPath, '--import', tsx, fixture, JSON.stringify(full)];
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [undefined])]);
  if (typeof line !== 'string' || child.pid === undefined) throw new Error('the fixture ended before it was ready');
  return { ...JSON.parse(line), process: child, pid: child.pid };
}

/** What is left of a run: its processes (by pid, or by its id in their environment or arguments), its directory. */
export function leftOvers(run: Pick<StartedRun, 'pids' | 'directory' | 'runId'>): string[] {
  const named = Object.entries(run.pids).filter(([, pid]) => isAlive(pid));
  const marked = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isMarked(name, run.runId));
  return [
    ...named.map(([name, pid]) => `${name} (pid ${pid})`),
    ...marked.map((pid) => `pid ${pid}: ${read(`/proc/${pid}/cmdline`)}`),
    ...(existsSync(run.directory) ? [run.directory] : []),
  ];
}

/** Waits until nothing is left, and says what is after `limitMs`. */
export async function waitUntilGone(
  run: Pick<StartedRun, 'pids' | 'directory' | 'runId'>,
  limitMs: number,
): Promise<string[]> {
  const limitUs = nowUs() + limitMs * 1_000;
  while (leftOvers(run).length > 0 && nowUs() < limitUs) await sleepUs(50_000);
  return leftOvers(run);
}

export function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** Not counting one that only waits to be reaped. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

function isMarked(pid: string, runId: string): boolean {
  return (
    isAlive(Number(pid)) &&
    (read(`/proc/${pid}/environ`).includes(runId) || read(`/proc/${pid}/cmdline`).includes(runId))
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
