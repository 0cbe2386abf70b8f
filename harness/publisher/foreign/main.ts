// The program that makes changes of somebody's own server: the publisher's commands on stdin become calls of the target file's `publish`,
// or of its command; answers go to stdout. Arguments: the bundled target file, its name, what its versions are
// ahead of ours, and the server's URL.
import { type ExecFileException, execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { PublishCommand, PublishResult } from '../../../servers/protocol.ts';
import { nowUs, wallClock } from '../../contract/clock.ts';
import type { TargetChange } from '../../targets/define-target.ts';
import { describeBreak, loadDefinition } from '../../targets/foreign.ts';

const [bundle = '', file = '', base = '0', url = ''] = process.argv.slice(2);
const { publish } = loadDefinition(bundle);

async function make(change: TargetChange): Promise<void> {
  if (typeof publish === 'function') {
    checkAnswer(await publish(change));
    return;
  }
  const env = {
    ...process.env,
    FRESHET_VERSION: String(change.version),
    FRESHET_AUDIENCE: String(change.audience),
    FRESHET_INTENDED_AT: change.intendedAt.toISOString(),
    FRESHET_URL: change.url,
  };
  await new Promise<void>((done, fail) => {
    execFile('sh', ['-c', publish ?? ''], { env, cwd: dirname(resolve(file)) }, (error, _said, complained) => {
      if (error === null) done();
      else fail(new Error(describeFailure(error, complained)));
    });
  });
}

/** How it ended, and its last words: an error of Node's repeats the command, which may hold a secret. */
function describeFailure({ code, signal }: ExecFileException, complained: string): string {
  const how = signal ?? (typeof code === 'number' ? `exit code ${code}` : String(code));
  const words = complained.trim().split('\n').at(-1) ?? '';
  return words === '' ? how : `${how}: ${words}`;
}

/** `publish` may give back the answer it got: a server that did not take the change has not made it. */
function checkAnswer(answer: unknown): void {
  if (answer instanceof Response && !answer.ok) throw new Error(`the server answered ${answer.status}`);
}

/** The last change of each dashboard, and the first of those that failed and are not made yet. */
const turns = new Map<number, { last: Promise<unknown>; failed: PublishResult | null }>();

/** One after the other: versions grow, and two requests that are under way together may arrive in any order. */
function obeyInTurn(command: PublishCommand): Promise<PublishResult> {
  const turn = turns.get(command.audience) ?? { last: Promise.resolve(), failed: null };
  turns.set(command.audience, turn);
  const answer = turn.last.then(async () => {
    // The failed one is sent again, and those behind it after it.
    if (turn.failed !== null && turn.failed.version < command.version && command.version !== 0)
      return { ...turn.failed, version: command.version, sentUs: nowUs() };
    const result = await obey(command);
    if (command.version !== 0) turn.failed = result.committedUs === null ? result : null;
    return result;
  });
  turn.last = answer;
  return answer;
}

async function obey({ audience, version, intendedUs }: PublishCommand): Promise<PublishResult> {
  const sentUs = nowUs();
  // Version 0 runs the way up to here only: a change that is none cannot be asked of a stranger.
  if (version === 0) return { audience, version, sentUs, committedUs: sentUs };
  const intendedAt = new Date(wallClock().getTime() + (intendedUs - sentUs) / 1000);
  try {
    await make({ audience, version: version + Number(base), intendedAt, url });
    return { audience, version, sentUs, committedUs: nowUs() };
  } catch (error) {
    return { audience, version, sentUs, committedUs: null, error: describeBreak(file, { field: 'publish', error }) };
  }
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

process.on('SIGINT', () => {});
createInterface({ input: process.stdin })
  .on('line', (line) => void obeyInTurn(JSON.parse(line) as PublishCommand).then(say))
  .on('close', () => process.exit(0));
say({ role: 'publish', pid: process.pid });
