// Target files as they lie on the disk: every way in which one can be wrong is told with file and line.
import { readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTargetFiles } from './target-file.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'target-files-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function write(name: string, ...lines: string[]): string {
  const path = join(directory, name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

const first = "import { defineTarget } from 'freshet/target';";
const problemsOf = async (files: readonly string[], allowedHosts: readonly string[] = []) => {
  try {
    await readTargetFiles(files, { allowedHosts });
    return [];
  } catch (error) {
    return (error as { problems: string[] }).problems.map((line) => line.replaceAll(`${directory}/`, ''));
  }
};

test.each([
  [
    'comma.ts',
    [first, "export default defineTarget({ transport: 'sse'", "  url: 'x' });"],
    /^comma\.ts:3: Expected "}"/,
  ],
  ['import.ts', [first, "import x from './nosuch.ts';", 'export default x;'], /^import\.ts:2: Could not resolve/],
  ['throws.ts', [first, '', 'const token = (undefined as any).token;'], /^throws\.ts(:3)?: loading it failed: .*token/],
  ['empty.ts', [first], /^empty\.ts has no default export that describes a target/],
])('%s is refused with its line', async (name, lines, problem) => {
  expect(await problemsOf([write(name, ...lines)])).toEqual([expect.stringMatching(problem)]);
});

test('every wrong value of every file is a line of its own', async () => {
  const wrong = write(
    'wrong.ts',
    first,
    'export default defineTarget({',
    "  transport: 'sse',",
    '  url: 7,',
    '  pid: -3,',
    '} as never);',
  );
  expect(await problemsOf([wrong, 'nosuch.ts'])).toEqual([
    'wrong.ts:4: url is 7; expected an address such as ws://127.0.0.1:3000/socket',
    'wrong.ts:5: pid is -3; expected a process id, or a command that prints it',
    expect.stringMatching(/^--target-file nosuch\.ts cannot be read: ENOENT/),
  ]);
});

test('load on another host needs consent, and two targets two names', async () => {
  const line = (url: string) => `export default defineTarget({ name: 'api', transport: 'sse', url: '${url}' });`;
  const near = write('near.ts', first, line('http://127.0.0.1:1/'));
  const far = write('far.ts', first, line('http://192.0.2.1:1/'));
  expect(await problemsOf([far])).toEqual([
    'far.ts: http://192.0.2.1:1/ is not on this machine; expected consent to put load on it: --allow-host 192.0.2.1',
  ]);
  expect(await problemsOf([far], ['192.0.2.1'])).toEqual([]);
  expect(await problemsOf([near, far], ['192.0.2.1'])).toEqual([
    'near.ts: another target is called api as well; expected a name of its own',
    'far.ts: another target is called api as well; expected a name of its own',
  ]);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('freshet-target-'))).toEqual([]);
});
