// Whatever ends a run: what was measured is kept, one line says what happened, nothing is left. `npm run kill-runs` does the same at random.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runRecord } from '../harness/contract/record.ts';
import { type Guard, openGuard } from '../harness/services/guard.ts';
import { startPostgres } from '../harness/services/postgres.ts';
import { namesIn } from '../scripts/kill-runs/names.ts';
import { markName, type Part, processesOf } from '../scripts/kill-runs/processes.ts';

const isRoot = process.getuid?.() === 0;
const root = fileURLToPath(new URL('..', import.meta.url));
const cli = [process.execPath, '--import', 'tsx', 'harness/cli.ts'];
const small = ['dashboard', '--clients', '10', '--poll-interval', '200ms', '--update-interval', '500ms'].concat([
  '--duration',
  '1s',
  '--set',
  'control=100ms',
]);

/** Two runs at once on two cores, beside whatever else is tested. */
const patient = { timeout: 120_000 };

let place: string;
const tmps: string[] = [];
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'endings-'));
});
afterAll(async () => {
  for (const directory of [place, ...tmps]) await rm(directory, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly mark: string;
  /** Where its records go. */
  readonly out: string;
  readonly ended: Promise<{ code: number; stdout: string; lines: readonly string[] }>;
  says(text: string): Promise<void>;
  /** The pid of a part, as soon as there is one. */
  find(part: Part | 'command'): Promise<number>;
}

interface RunOptions {
  readonly command?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly out?: string;
}

/** Starts a command of ours; `bench` gets a small run and a results folder of its own. */
function startRun(args: readonly string[], { command = cli, env = {}, out: given }: RunOptions = {}): Run {
  const mark = randomUUID();
  const out = given ?? join(place, `results-${mark}`);
  const [first = '', ...rest] = command;
  const all = args[0] === 'bench' ? ['bench', ...small, '--out', out, ...args.slice(1)] : args;
  const child = spawn(first, [...rest, ...all], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, [markName]: mark },
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals],
    stdout: said.stdout,
    lines: said.stderr.trim().split('\n'),
  }));
  const wait = { timeout: 60_000, interval: 200 };
  return {
    child,
    mark,
    out,
    ended,
    says: (text) => vi.waitFor(() => expect(said.stdout + said.stderr).toContain(text), wait),
    find: (wanted) =>
      vi.waitFor(() => {
        const found = processesOf(mark).find(({ part }) => part === wanted);
        expect(found, `${wanted}; ${said.stderr}`).toBeDefined();
        return found?.pid ?? 0;
      }, wait),
  };
}

function recordsIn(directory: string): string[] {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.filter((name) => name !== 'latest').map((name) => join(directory, name, 'run.json'));
}

function readRecord(path: string) {
  return runRecord.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Puts a directory where a file is to be. */
async function takePlace(path: string): Promise<void> {
  await rm(path);
  await mkdir(join(path, 'in the way'), { recursive: true });
}

async function expectNothingLeft({ mark }: Run): Promise<void> {
  await vi.waitFor(() => expect(processesOf(mark)).toEqual([]), { timeout: 15_000, interval: 100 });
}

/** A TMPDIR that no other run has, open to the account that Postgres runs as. */
async function makeTmp(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'endings-tmp-'));
  await chmod(directory, 0o755);
  tmps.push(directory);
  return directory;
}

/** Run directories in it. */
function runDirectories(tmp: string): string[] {
  return readdirSync(tmp).filter((name) => /^freshet-[0-9a-f]{12}/.test(name));
}

// Side by side, since most of a run is waiting.
describe.concurrent('a run that is ended early', patient, () => {
  test('by Ctrl-C keeps what was measured, says so, exits 130 and leaves nothing', async () => {
    const run = startRun(['bench', '--contenders', 'sse,polling,polling+etag']);
    await run.says('[2/3]');
    run.child.kill('SIGINT');
    const { code, lines } = await run.ended;
    expect(code, lines.join('\n')).toBe(130);
    expect(lines.at(-1)).toBe('Interrupted by SIGINT; what was measured is kept.');
    const record = readRecord(join(run.out, 'latest', 'run.json'));
    expect(record).toMatchObject({
      status: 'interrupted',
      missing: ['dashboard polling #1', 'dashboard polling+etag #1'],
    });
    expect(record.trials.map(({ contender }) => contender)).toEqual(['sse']);
    expect(existsSync(join(run.out, 'latest', 'report.html'))).toBe(true);
    await expectNothingLeft(run);
  });

  test('by SIGKILL leaves a valid record and, within seconds, no process and no directory', async () => {
    const tmp = await makeTmp();
    const run = startRun(['bench', '--contenders', 'sse,websocket'], { env: { TMPDIR: tmp } });
    await run.says('[2/2]');
    expect(runDirectories(tmp)).not.toEqual([]);
    run.child.kill('SIGKILL');
    await run.ended;
    const record = readRecord(join(run.out, 'latest', 'run.json'));
    expect(record).toMatchObject({ status: 'interrupted', missing: ['dashboard websocket #1'] });
    await expectNothingLeft(run);
    await expect.poll(() => runDirectories(tmp), { timeout: 20_000 }).toEqual([]);
  });

  test('by nobody who reads on is not one: a closed stderr and stdout leave record and report', async () => {
    const run = startRun(['bench', '--contenders', 'sse']);
    await run.says('starting');
    run.child.stderr?.destroy();
    run.child.stdout?.destroy();
    const { code } = await run.ended;
    const { status, missing } = readRecord(join(run.out, 'latest', 'run.json'));
    // A busy machine may void its figures, as in any run; it must not end it.
    expect(`${status} ${code}`).toMatch(/^(complete 0|invalid 4)$/);
    expect(missing).toEqual([]);
    expect(existsSync(join(run.out, 'latest', 'report.html'))).toBe(true);
  });

  test('by a Postgres that cannot be reached leaves no directory, though other things were still being made', async () => {
    const tmp = await makeTmp();
    const url = 'postgres://nobody:secret@127.0.0.1:1/none';
    const { code, lines } = await startRun(['bench', '--postgres', url], { env: { TMPDIR: tmp } }).ended;
    expect(code, lines.join('\n')).toBe(3);
    expect(lines.at(-1)).toMatch(/Postgres at .*127\.0\.0\.1:1.* cannot be used/);
    expect(lines.join('\n')).not.toContain('secret');
    expect(runDirectories(tmp)).toEqual([]);
  });

  test('by a results folder that cannot be written is told in one line, before anything starts', async () => {
    const { code, lines } = await startRun(['bench'], { out: '/dev/null/results' }).ended;
    expect(code).toBe(3);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^cannot write to \/dev\/null\/results: .*; choose another with --out$/);
  });
});

describe.concurrent('a disk that is full', patient, () => {
  test('while a trial is saved: exit 3, the table is printed, and the record is where the last line says', async () => {
    const out = join(place, 'full');
    mkdirSync(out);
    // A disk of three pages: enough for a record without trials. Only root may mount one; for others the record's place is taken.
    const mount = 'mount -t tmpfs -o size=12k tmpfs "$0" && exec "$@"';
    const command = isRoot ? ['unshare', '-m', 'sh', '-c', mount, out, ...cli] : cli;
    const env = { TMPDIR: await makeTmp() };
    const run = startRun(['bench', '--contenders', 'sse'], { command, env, out });
    await run.says('[1/1]');
    if (!isRoot) for (const path of recordsIn(out)) await takePlace(path);
    const { code, stdout, lines } = await run.ended;
    expect(code, lines.join('\n')).toBe(3);
    expect(stdout).toMatch(/^sse /m);
    const elsewhere = /^cannot write to .*; what was measured is kept in (.*\.run\.json)$/.exec(lines.at(-1) ?? '');
    expect(elsewhere, lines.join('\n')).not.toBeNull();
    if (isRoot) expect(lines.at(-1)).toContain('ENOSPC');
    expect(readRecord(elsewhere?.[1] ?? '').trials).toHaveLength(1);
    await expectNothingLeft(run);
  });

  test('for Postgres and our own files: exit 3 in one line that says so, and no results folder without results', async () => {
    const command = ['sh', '-c', 'ulimit -f 2000; exec "$@"', 'sh', ...cli];
    const run = startRun(['bench', '--contenders', 'sse'], { command });
    const { code, lines } = await run.ended;
    expect(code, lines.join('\n')).toBe(3);
    expect(lines.at(-1)).toMatch(/too large/i);
    expect(recordsIn(run.out)).toEqual([]);
    await expectNothingLeft(run);
  });
});

describe.concurrent('a results folder', patient, () => {
  test('that is taken away while a trial runs is made anew', async () => {
    const run = startRun(['bench', '--contenders', 'sse']);
    await run.says('[1/1]');
    await rm(run.out, { recursive: true });
    const { code, lines } = await run.ended;
    expect([0, 4], lines.join('\n')).toContain(code);
    expect(readRecord(join(run.out, 'latest', 'run.json')).trials).toHaveLength(1);
  });

  test('is shared by two runs at once, each with its own services, ports and record', async () => {
    const out = join(place, 'shared');
    const runs = [1, 2].map(() => startRun(['bench', '--contenders', 'sse'], { out }));
    const endings = await Promise.all(runs.map(({ ended }) => ended));
    for (const { code, lines } of endings) expect([0, 4], lines.join('\n')).toContain(code);
    const records = recordsIn(out).map(readRecord);
    expect(records.map(({ missing, trials }) => [missing.length, trials.length])).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(records.map(({ id }) => id)).toContain(readlinkSync(join(out, 'latest')));
    for (const run of runs) await expectNothingLeft(run);
  });
});

describe.concurrent('a part that dies', patient, () => {
  const deaths: readonly (readonly [Part, RegExp])[] = [
    ['redis', /^redis \(pid \d+\) died during the run with SIGKILL/],
    ['shard', /^shard 1 ended .*SIGKILL/],
    ['publish program', /^the program that publishes changes is gone: it ended with SIGKILL/],
  ];

  test.each(deaths)('ends the run with exit 3 and its name: %s', async (part, says) => {
    const run = startRun(['bench', '--contenders', 'websocket']);
    await run.find('publish program');
    process.kill(await run.find(part), 'SIGKILL');
    const { code, lines } = await run.ended;
    expect(code, lines.join('\n')).toBe(3);
    expect(lines.at(-1)).toMatch(says);
    expect(recordsIn(run.out)).toEqual([]);
    await expectNothingLeft(run);
  });

  test('leaves the trials before it in the record, and a report of them', async () => {
    const run = startRun(['bench', '--contenders', 'polling,sse']);
    await run.says('[2/2]');
    process.kill(await run.find('server'), 'SIGKILL');
    const { code, stdout, lines } = await run.ended;
    expect(code, lines.join('\n')).toBe(3);
    expect(stdout).toMatch(/^polling /m);
    const record = readRecord(join(run.out, 'latest', 'run.json'));
    expect(record).toMatchObject({ status: 'interrupted', missing: ['dashboard sse #1'] });
    expect(existsSync(join(run.out, 'latest', 'report.html'))).toBe(true);
  });
});

describe.concurrent('a run on someone’s Postgres', patient, () => {
  let guard: Guard;
  let url: string;
  beforeAll(async () => {
    guard = await openGuard();
    ({ url } = await startPostgres({ guard }));
  });
  afterAll(() => guard.close());

  test('drops its database and roles when it is killed; killed with its watchdog, the next run drops them', async () => {
    const run = startRun(['bench', '--contenders', 'sse', '--postgres', url]);
    await run.find('publish program');
    expect(await namesIn(url)).toHaveLength(3);
    run.child.kill('SIGKILL');
    await expectNothingLeft(run);
    expect(await namesIn(url)).toEqual([]);

    const unguarded = startRun(['bench', '--contenders', 'sse', '--postgres', url]);
    await unguarded.find('publish program');
    // Stopped first, or it would have another watchdog in between.
    unguarded.child.kill('SIGSTOP');
    process.kill(await unguarded.find('watchdog'), 'SIGKILL');
    unguarded.child.kill('SIGKILL');
    await unguarded.ended;
    expect(await namesIn(url)).toHaveLength(3);
    await (await openGuard()).close();
    expect(await namesIn(url)).toEqual([]);
    await expectNothingLeft(unguarded);
  });
});

describe.concurrent('serve', patient, () => {
  test('ends with 130 after Ctrl-C, and leaves nothing', async () => {
    const run = startRun(['serve', 'sse']);
    await run.says('End with Ctrl-C.');
    run.child.kill('SIGINT');
    const { code, lines } = await run.ended;
    expect(code).toBe(130);
    expect(lines.at(-1)).toBe('Interrupted by SIGINT; nothing is left running.');
    await expectNothingLeft(run);
  });

  test('ends with 3 and a name when a part of it dies', async () => {
    const parts = ['server', 'postgres'] as const;
    const endings = parts.map(async (part) => {
      const run = startRun(['serve', 'sse']);
      await run.says('End with Ctrl-C.');
      process.kill(await run.find(part), 'SIGKILL');
      const { code, lines } = await run.ended;
      expect(code, lines.join('\n')).toBe(3);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(new RegExp(`^${part} .*SIGKILL`));
      await expectNothingLeft(run);
    });
    await Promise.all(endings);
  });
});
