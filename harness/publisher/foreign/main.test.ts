// The program that makes changes of somebody's own server, as the publisher runs it: commands in, answers out.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildBundles, targetProgramEntry } from '../../services/bundle.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foreign-publisher-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Sends versions and gives back `version: committed or error` of each answer, round by round. */
async function publish(source: string, rounds: readonly (readonly number[])[]): Promise<string[][]> {
  const file = join(directory, 'target.ts');
  writeFileSync(file, source);
  const { program, target } = await buildBundles(directory, { program: targetProgramEntry, target: file });
  const child = spawn(process.execPath, [program, target, 'target.ts', '1000', 'http://127.0.0.1:1/'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: directory,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const told: string[][] = [];
  for (const versions of rounds) {
    for (const version of versions) child.stdin.write(`${JSON.stringify({ audience: 0, version, intendedUs: 1 })}\n`);
    const answers: string[] = [];
    while (answers.length < versions.length) {
      const { version, committedUs, error } = JSON.parse((await lines.next()).value ?? '');
      answers.push(`${version}: ${committedUs === null ? error : 'made'}`);
    }
    told.push(answers);
  }
  child.stdin.end();
  return told;
}

test('changes are made one after the other, those behind one that failed after it', async () => {
  const source = `
    import { appendFileSync } from 'node:fs';
    let hasFailed = false;
    export default { publish: async ({ version }) => {
      if (version === 1001) await new Promise((resolve) => setTimeout(resolve, 50));
      if (version === 1002 && !hasFailed) { hasFailed = true; return new Response(null, { status: 503 }); }
      appendFileSync('made', version + ' ');
    } };`;
  const refused = 'target.ts: publish failed: the server answered 503';
  expect(
    await publish(source, [
      [1, 2, 3],
      [2, 3],
    ]),
  ).toEqual([
    ['1: made', `2: ${refused}`, `3: ${refused}`],
    ['2: made', '3: made'],
  ]);
  expect(readFileSync(join(directory, 'made'), 'utf8')).toBe('1001 1002 1003 ');
});

test('a command finds what it is to make in its environment, and its failure is told', async () => {
  const command =
    'echo "$FRESHET_VERSION $FRESHET_AUDIENCE $FRESHET_URL" > told; test $FRESHET_VERSION != 1002 || { echo no such change >&2; exit 3; }';
  const [answers] = await publish(`export default { publish: ${JSON.stringify(command)} };`, [[1, 2]]);
  expect(answers).toEqual(['1: made', '2: target.ts: publish failed: exit code 3: no such change']);
  expect(readFileSync(join(directory, 'told'), 'utf8')).toBe('1002 0 http://127.0.0.1:1/\n');
});
