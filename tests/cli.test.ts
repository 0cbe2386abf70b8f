// The command line as a person meets it: every wrong input gets one helpful line, exit code 2, and starts nothing.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { describeEnding, runCommandLine } from '../harness/commands/program.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const freshet = [process.execPath, '--import', 'tsx', 'harness/cli.ts'] as const;

function run(
  args: readonly string[],
  env: Record<string, string> = {},
  [program = '', ...first]: readonly string[] = freshet,
): Promise<Ending> {
  return new Promise((resolve) => {
    execFile(program, [...first, ...args], { cwd: root, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const wrongInputs: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['bench', '--clients', 'abc'], /--clients is 'abc'; expected a whole number/],
  [['bench', '--clients', '0'], /expected a whole number from 1/],
  [['bench', '--clients', '-5'], /expected/],
  [['bench', '--clients', '1.5'], /expected a whole number/],
  [['bench', '--clients'], /--clients.*missing/],
  [['bench', '--cleints', '5'], /did you mean '--clients'/],
  [['bench', '--poll-interval', '2'], /expected a duration with its unit/],
  [['bench', '--poll-interval', '1ms'], /from 20ms/],
  [['bench', '--duration', '4s', '--update-interval', '5s'], /holds at least one change/],
  [['bench', '--duration', 'soon'], /expected a duration/],
  [['bench', '--contenders', 'webscoket'], /did you mean 'websocket'/],
  [['bench', '--contenders', ''], /expected one of polling/],
  [['bench', '--contenders', 'polling,polling'], /named twice/],
  [['bench', '--contenders', 'polling+cache'], /cache needs a value/],
  [['bench', '--contenders', 'sse', '--transports', 'sse'], /expected one of them/],
  [['bench', 'dashbord'], /did you mean 'dashboard'/],
  [['bench', '--set', 'nope=1'], /has no setting 'nope'/],
  [['bench', '--set', 'clients'], /expected --set name=value/],
  [['bench', '--audiences', '50', '--clients', '10'], /at least one client for each audience/],
  [['bench', '--set', 'query-cost=400us'], /query-cost is '400us'; expected whole multiples of 1ms, such as 1ms/],
  [
    ['bench', '--contenders', 'polling+cache=1400us'],
    /cache is '1400us'; expected whole multiples of 1ms, such as 1ms/,
  ],
  [['bench', '--contenders', 'long-polling+hold=100500us'], /hold is '100500us'/],
  [['bench', '--contenders', 'sse+heartbeat-interval=100500us'], /heartbeat-interval is '100500us'/],
  [['bench', '--repeat', 'twice'], /--repeat is 'twice'/],
  [['bench', '--seed', 'x'], /--seed is 'x'/],
  [['bench', '--services', 'dokcer'], /expected embedded/],
  [['bench', '--postgres', 'mysql://localhost/db'], /--postgres/],
  [['bench', '--redis', 'localhost:6379', '--contenders', 'websocket'], /--redis/],
  [['benhc'], /benhc/],
  [['bench', '--require', 'freshnes<3s'], /--require 'freshnes<3s': metric 'freshnes' is not known/],
  [
    ['report', 'no-such.json', '--require', 'two-way'],
    /--require 'two-way' is no requirement; expected METRIC < VALUE/,
  ],
  [['report', 'no-such.json'], /cannot read no-such.json/],
  [['report', 'package.json'], /is no run record/],
  [['report', 'README.md'], /is not JSON/],
  [['serve', 'sockets'], /expected one of polling/],
  [['serve', 'sse', '--port', '99999'], /--port is '99999'/],
  [['bench', '--connect-rate', '0'], /--connect-rate is '0'/],
  [['doctor', '--clients', 'many'], /--clients is 'many'/],
  [['simulate', 'strom'], /simulate 'strom'; expected storm \(did you mean 'storm'\?\)/],
  [['simulate'], /what/],
  [['simulate', 'storm', '--clients', '0'], /--clients is '0'; expected a whole number from 1/],
  [['simulate', 'storm', '--down', '4.5'], /--down is '4.5'; expected a duration with its unit/],
  [['simulate', 'storm', '--accept-rate', 'fast'], /--accept-rate is 'fast'/],
  [
    ['simulate', 'storm', '--clients', '1000000', '--accept-rate', '1'],
    /take more than an hour.*at most 3,600 clients/,
  ],
  [['simulate', 'storm', '--strategies', 'fixd'], /did you mean 'fixed'/],
  [['simulate', 'storm', '--strategies', 'article+jitter=full'], /article, which has its own/],
  [['simulate', 'storm', '--strategies', 'fixed+jitter=some'], /expected fixed\+jitter= and one of none/],
  [['simulate', 'storm', '--from', 'package.json'], /package.json is no run record/],
  [['simulate', 'storm', '--from', 'package.json', '--service', '2ms'], /--from and --service are given/],
  [
    ['bench', '--contenders', 'sse', '--contenders', 'websocket'],
    /--contenders is given twice \(sse and websocket\); expected it once/,
  ],
  [['bench', '--clients', '5', '--clients=6', '--clients', '7'], /--clients is given 3 times \(5 and 6 and 7\)/],
  [['serve', 'sse', '--update-interval', '1s', '--update-interval', '2s'], /--update-interval is given twice/],
  [['report', 'no-such.json', '--out', 'a', '--out', 'b'], /--out is given twice/],
  [['doctor', '--clients', '5', '--clients', '5'], /--clients is given twice/],
  [
    ['bench', '--', '--clients', '3'],
    /^a second -- stands before --clients; expected one: npm run bench -- --clients …$/m,
  ],
  [['serve', '--', 'sse', '--port=3'], /^a second -- stands before --port; expected one: npm run serve -- --port …$/m],
];

describe('wrong input', () => {
  test('of any kind gets one line that helps, exit code 2, and nothing on stdout', async () => {
    const stdout = vi.spyOn(process.stdout, 'write');
    try {
      for (const [args, says] of wrongInputs) {
        const ending = await runCommandLine(args).then(
          (code) => ({ exitCode: code, lines: [] }),
          (error: unknown) => describeEnding(error),
        );
        const label = `freshet ${args.join(' ')} → ${ending.lines.join('\n')}`;
        expect(ending.exitCode, label).toBe(2);
        expect(ending.lines, label).toEqual([expect.stringMatching(says)]);
        expect(ending.lines[0], label).not.toMatch(/\n| at .*:\d+|Error:/);
        expect(stdout, label).not.toHaveBeenCalled();
      }
    } finally {
      stdout.mockRestore();
    }
  });

  test.each(wrongInputs.filter((_, k) => k % 12 === 0))(
    '%j is told by the program as by its parts',
    async (args, says) => {
      const { code, stdout, stderr } = await run(args);
      expect(stderr).toMatch(says);
      expect({ code, lines: stderr.trim().split('\n').length, stdout }).toEqual({ code: 2, lines: 1, stdout: '' });
    },
  );

  test('in two places is told in two lines', async () => {
    const { stderr, code } = await run(['bench', '--cleints', '5', '--poll-interval', '2']);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });

  test('in three thousand places is told whole to someone who reads slowly', async () => {
    const contenders = Array.from({ length: 3_000 }, (_, k) => `x${k}`);
    const [program = '', ...first] = freshet;
    const child = spawn(program, [...first, 'bench', '--contenders', contenders.join(',')], { cwd: root });
    const exit = once(child, 'exit');
    // Nobody reads: a pipe holds 64 KB, and the rest has to wait for its reader.
    const isOver = await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 3_000, null))]);
    expect(isOver).toBeNull();
    let said = '';
    for await (const part of child.stderr.setEncoding('utf8')) said += part;
    expect((await exit)[0]).toBe(2);
    expect(said.trim().split('\n')).toHaveLength(3_000);
  });

  test('that npm swallowed for lack of a -- is noticed', async () => {
    const { stderr, code } = await run(['bench', '500'], { npm_lifecycle_event: 'bench', npm_config_clients: 'true' });
    expect(code).toBe(2);
    expect(stderr.trim()).toBe('npm took --clients for itself; expected a -- in front: npm run bench -- --clients …');
  });
});

describe('right input', () => {
  test('with --dry-run prints every trial and the time it will take', async () => {
    const { stdout, code } = await run(['bench', 'dashboard', '--clients', '200', '--repeat', '2', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout.match(/200 clients/g)).toHaveLength(10);
    expect(stdout).toMatch(/About \d min.* in all/);
  });

  test('with --help lists the settings and how contenders are spelled', async () => {
    const { stdout, code } = await run(['bench', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('query-cost');
    expect(stdout).toContain('+keep-alive');
  });

  test('without a command shows the help', async () => {
    const { stderr, code } = await run([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: freshet');
  });
});

describe('a simulated storm', () => {
  const storm = ['simulate', 'storm', '--clients', '2000', '--strategies', 'article,exponential+jitter=full'];

  test('is told in a row for each strategy, with its peak beside that without jitter', async () => {
    const { code, stdout } = await run(storm);
    expect(code).toBe(0);
    const rows = stdout.trim().split('\n').slice(3);
    expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(['article', 'exponential+jitter=full']);
    for (const row of rows) expect(row).toMatch(/ \d+(\.\d)?× /);
  });

  test('is the same for the same seed', async () => {
    const [one, same, other] = await Promise.all([
      run([...storm, '--json']),
      run([...storm, '--json']),
      run([...storm, '--json', '--seed', '43']),
    ]);
    expect(JSON.parse(one.stdout)).toMatchObject({ simulated: 'storm', storms: [{ clients: 2000 }, {}] });
    expect(same.stdout).toBe(one.stdout);
    expect(other.stdout).not.toBe(one.stdout);
  });
});

describe('output that nobody reads', () => {
  const shell = (command: string) =>
    run([], {}, ['/bin/bash', '-c', `${command}; echo "ended with \${PIPESTATUS[0]}" >&2`]);
  const plan = `${freshet.join(' ')} bench --dry-run`;

  test('ends nothing: a pipe whose reader has gone', async () => {
    // The reader is gone before the first word.
    const { stderr } = await shell(`(sleep 0.5; exec ${plan}) | true`);
    expect(stderr.trim()).toBe('ended with 0');
  });

  test('but was meant to be kept is an error: a full disk', async () => {
    const { stderr } = await shell(`${plan} > /dev/full`);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^the result cannot be written to stdout: ENOSPC.*; expected room there$/),
      'ended with 3',
    ]);
  });
});

describe('a crowd', () => {
  // Not even 16 nodes, the most there are, help against a limit of 200; and without prlimit(1) on PATH, root cannot raise it.
  const withFewDescriptors = (args: string) =>
    run([], { PATH: '/nonexistent' }, [
      '/bin/sh',
      '-c',
      `ulimit -n 200; exec ${process.execPath} --import tsx harness/cli.ts ${args}`,
    ]);

  test('that the machine cannot carry is refused before anything starts, with what would help', async () => {
    const { code, stdout, stderr } = await withFewDescriptors('bench --clients 2000 --contenders sse');
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^sse with 2,000 clients needs 2,110 .*allows 200; use fewer clients, or raise the limit \(ulimit -n 2110/,
      ),
    ]);
  });

  test('is fitted by doctor, which tries the services and names what does not fit', { timeout: 60_000 }, async () => {
    const found = await run(['doctor', '--clients', '19000', '--contenders', 'sse,websocket+nodes=2']);
    expect(found.stdout).toMatch(/^ok +Postgres +18\.\d+, embedded, started in/m);
    expect(found.stdout).toMatch(/^ok +Redis +\d+\.\d+\.\d+, embedded, started in/m);
    expect(found.stdout).toMatch(/(ok|note) +file descriptors +[\d,]+ a process/);
    const hasDescriptors = !/^no /m.test(found.stdout);
    expect(found.code).toBe(hasDescriptors ? 0 : 3);
    expect(found.stdout).toMatch(
      /^(fits +websocket\+nodes=2 with 19000 clients, in \d+ shards?|no +websocket\+nodes=2)/m,
    );
  });
});
