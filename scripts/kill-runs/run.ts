// One run, started as a user would, and what the plan does to it. Out: how it ended and what it left.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nowUs, sleepUs } from '../../harness/contract/clock.ts';
import type { KillPlan, Way } from './plan.ts';
import { markName, type Part, processesOf } from './processes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const exitLimitMs = 40_000;
const goneLimitMs = 20_000;

export interface Outcome {
  /** `null` when it had to be ended because it did not end by itself. */
  readonly code: number | null;
  readonly stdout: string;
  /** Without npm's own words. */
  readonly stderr: string;
  /** Whether the plan found what it was to hit. */
  readonly hit: boolean;
  /** From the last blow to the end. */
  readonly endedAfterMs: number;
  /** What lives or lies about though the run is over, in words. */
  readonly left: readonly string[];
  /** The text of its run.json. */
  readonly record: string | null;
}

export interface Place {
  /** Empty before the run; a temporary directory of its own and the results lie in it. */
  readonly directory: string;
  readonly services: { readonly postgres: string; readonly redis: string } | null;
}

const settings = [
  'dashboard',
  ...['--clients', '20', '--contenders', 'sse,websocket', '--poll-interval', '200ms', '--update-interval', '500ms'],
  ...['--duration', '1s', '--set', 'control=100ms'],
];

export async function killRun(plan: KillPlan, place: Place): Promise<Outcome> {
  const mark = randomUUID();
  const temporary = join(place.directory, 'tmp');
  const results = join(place.directory, 'results');
  mkdirSync(temporary, { recursive: true });
  const run = startBench(plan, { mark, temporary, results, services: place.services });
  const hit = await strike(plan, { mark, group: run.pid, exited: run.exited });
  const struckUs = nowUs();
  const code = await Promise.race([run.exited, sleepUs(exitLimitMs * 1000).then(() => null)]);
  const endedAfterMs = (nowUs() - struckUs) / 1000;
  if (plan.way.kind === 'kill command and watchdog') await startAndEnd(plan, { ...place, mark, temporary });
  const left = await waitUntilGone(mark, temporary);
  for (const { pid } of processesOf(mark, temporary)) process.kill(pid, 'SIGKILL');
  await run.exited;
  const stderr = run.said.stderr.split('\n').filter((line) => !/^npm (warn|error)/.test(line));
  const { record, scraps } = readResults(results);
  return {
    code,
    stdout: run.said.stdout,
    stderr: stderr.join('\n').trim(),
    hit,
    endedAfterMs,
    left: [...left, ...scraps],
    record,
  };
}

interface Environment {
  readonly mark: string;
  readonly temporary: string;
  readonly results: string;
  readonly services: Place['services'];
}

function startBench(plan: KillPlan, { mark, temporary, results, services }: Environment) {
  const urls = services === null ? [] : ['--postgres', services.postgres, '--redis', services.redis];
  const args = [...settings, ...urls, '--out', results];
  const [command = '', ...before] = plan.throughNpm
    ? ['npm', 'run', '--silent', 'bench', '--']
    : [process.execPath, '--import', 'tsx', 'harness/cli.ts', 'bench'];
  const child = spawn(command, [...before, ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, [markName]: mark },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  const exited = once(child, 'exit').then(
    ([code, signal]) => (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals],
  );
  return { pid: child.pid ?? 0, said, exited };
}

/** A later run in the same temporary directory, which is to sweep what the dead one left. */
async function startAndEnd(plan: KillPlan, place: { directory: string; mark: string; temporary: string }) {
  const results = join(place.directory, 'results-of-later-run');
  const later = startBench({ ...plan, throughNpm: false }, { ...place, results, services: null });
  let over = false;
  void later.exited.then(() => {
    over = true;
  });
  while (!over && !later.said.stderr.includes('starting Postgres')) await sleepUs(20_000);
  send(later.pid, 'SIGINT');
  await later.exited;
}

interface Target {
  readonly mark: string;
  readonly group: number;
  readonly exited: Promise<number>;
}

/** Does what the plan says at its moment, or as soon as there is something to hit. False when the run was over before. */
async function strike({ way, atMs }: KillPlan, target: Target): Promise<boolean> {
  let over = false;
  void target.exited.then(() => {
    over = true;
  });
  await Promise.race([sleepUs(atMs * 1000), target.exited]);
  while (!over) {
    if (await strikeOnce(way, target)) return true;
    await sleepUs(20_000);
  }
  return false;
}

async function strikeOnce(way: Way, { mark, group, exited }: Target): Promise<boolean> {
  const seen = processesOf(mark);
  const find = (part: Part | 'command') => seen.find((candidate) => candidate.part === part);
  const command = find('command');
  switch (way.kind) {
    case 'signal':
      if (way.toGroup) return send(-group, way.signal);
      return send(command?.pid, way.signal);
    case 'twice':
      if (!send(command?.pid, 'SIGINT')) return false;
      await Promise.race([sleepUs(700_000), exited]);
      send(command?.pid, 'SIGINT');
      return true;
    case 'kill part':
      return send(find(way.part)?.pid, 'SIGKILL');
    case 'freeze part':
      if (!send(find(way.part)?.pid, 'SIGSTOP')) return false;
      await Promise.race([sleepUs(300_000), exited]);
      send(command?.pid, 'SIGINT');
      return true;
    case 'kill command and watchdog': {
      const watchdog = find('watchdog');
      if (watchdog === undefined) return false;
      // The watchdog first, and no moment between for another to be started.
      send(command?.pid, 'SIGSTOP');
      send(watchdog.pid, 'SIGKILL');
      return send(command?.pid, 'SIGKILL');
    }
  }
}

/** False when there is no such process. */
function send(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** What is left once nothing more goes away: processes, and whatever lies in the run's temporary directory. */
async function waitUntilGone(mark: string, temporary: string): Promise<string[]> {
  const limitUs = nowUs() + goneLimitMs * 1_000;
  for (;;) {
    const seen = processesOf(mark, temporary);
    // tsx keeps what it compiled.
    const files = existsSync(temporary) ? readdirSync(temporary).filter((name) => !name.startsWith('tsx-')) : [];
    const left = [...seen.map(({ pid, command }) => `pid ${pid}: ${command.slice(0, 120)}`), ...files];
    if (left.length === 0 || nowUs() > limitUs) return left;
    await sleepUs(100_000);
  }
}

/** The run's record, and everything in the results that is neither a record nor a report. */
function readResults(results: string): { record: string | null; scraps: string[] } {
  if (!existsSync(results)) return { record: null, scraps: [] };
  const [directory] = readdirSync(results).filter((name) => name !== 'latest');
  const scraps = readdirSync(results, { recursive: true })
    .map(String)
    .filter(
      (name) => !/^latest$|^[^/]+$|\/(run\.json|report\.html|summary\.md|charts(\/[\w-]+\.(svg|png))?)$/.test(name),
    );
  const strays = readdirSync(results).filter((name) => name !== 'latest' && name !== directory);
  const path = directory === undefined ? null : join(results, directory, 'run.json');
  return {
    record: path !== null && existsSync(path) ? readFileSync(path, 'utf8') : null,
    scraps: [...scraps, ...strays].map((name) => `results/${name}`),
  };
}
