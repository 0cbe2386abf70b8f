// Commands of a target file. They may leave a server running behind them, which is not ours to end: so they have a session of their own,
// and write to a file and not to a pipe, which would be open as long as that server lives.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { describeExit } from '../services/child.ts';
import { within } from '../services/deadline.ts';

export interface TargetCommand {
  /** How errors call it: `faults.kill of api.ts`. */
  readonly what: string;
  readonly command: string | undefined;
  /** Where it runs. */
  readonly directory: string;
  /** Where what it says is kept. */
  readonly scratch: string;
}

const limitMs = 120_000;
let commands = 0;

/** Resolves with what it wrote to stdout when it has ended; throws `environment` when it failed or takes two minutes. */
export async function runTargetCommand({ what, command, directory, scratch }: TargetCommand): Promise<string> {
  if (command === undefined) throw new FreshetError('input', `${what} is missing; expected a command`);
  const failure = (how: string) => new FreshetError('environment', `${what} failed ('${command}'): ${how}`);
  commands += 1;
  const paths = ['out', 'err'].map((name) => join(scratch, `command-${commands}.${name}`));
  const files = paths.map((path) => openSync(path, 'w'));
  try {
    const child = spawn('sh', ['-c', command], { cwd: directory, detached: true, stdio: ['ignore', ...files] });
    // One that becomes the server must not keep us from ending.
    child.unref();
    const exit = await within(once(child, 'exit'), limitMs);
    if (exit === null) throw failure(`it was not done after ${limitMs / 1000} s`);
    const [code, signal] = exit as [number | null, NodeJS.Signals | null];
    const [said = '', complained = ''] = paths.map((path) => readFileSync(path, 'utf8').trim());
    if (code === 0) return said;
    const words = complained.split('\n').at(-1) ?? '';
    throw failure(`${describeExit({ code, signal })}${words === '' ? '' : `: ${words}`}`);
  } catch (error) {
    throw error instanceof FreshetError ? error : failure(messageOf(error));
  } finally {
    for (const file of files) closeSync(file);
  }
}
