// Commands of a target file. They may leave a server running behind them, which is not ours to end: so they have a session of their own,
// and write to a file and not to a pipe, which would be open as long as that server lives.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { describeExit, killGroup } from '../services/child.ts';
import { within } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';

export interface TargetCommand {
  /** How errors call it: `faults.kill of api.ts`. */
  readonly what: string;
  readonly command: string | undefined;
  /** Where it runs. */
  readonly directory: string;
  /** Ends it with the run, and keeps what it says in the run's directory. */
  readonly guard: Guard;
  /** Aborted when nobody waits for it any more: it may be the server by then. */
  readonly unawaited?: AbortSignal;
  /** Two minutes, where it is not given. */
  readonly limitMs?: number;
}

const longestMs = 120_000;
let commands = 0;

/**
 * Resolves with what it wrote to stdout when it has ended; throws `environment` when it failed or takes two minutes, which ends it and its
 * group. Errors do not repeat the command, which may hold a secret.
 */
export async function runTargetCommand(options: TargetCommand): Promise<string> {
  const { what, command, directory, guard, unawaited, limitMs = longestMs } = options;
  if (command === undefined) throw new FreshetError('input', `${what} is missing; expected a command`);
  const failure = (how: string) => new FreshetError('environment', `${what} failed: ${how}`);
  commands += 1;
  const paths = ['out', 'err'].map((name) => join(guard.directory, `command-${commands}.${name}`));
  const files = paths.map((path) => openSync(path, 'w'));
  try {
    const child = spawn('sh', ['-c', command], { cwd: directory, detached: true, stdio: ['ignore', ...files] });
    // One that becomes the server must not keep us from ending.
    child.unref();
    const exited = once(child, 'exit');
    const { pid } = child;
    if (pid !== undefined) watchOver(pid, exited, options);
    const exit = await within(exited, limitMs);
    if (exit === null) {
      if (pid !== undefined && unawaited?.aborted !== true) killGroup(pid);
      throw failure(`it was not done after ${limitMs / 1000} s, and was ended`);
    }
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

/** A run that is interrupted ends what it waits for. */
function watchOver(pid: number, exited: Promise<unknown>, { guard, unawaited }: TargetCommand): void {
  try {
    guard.adopt(pid);
  } catch (error) {
    killGroup(pid);
    throw error;
  }
  const forget = () => guard.forget(pid);
  exited.then(forget, forget);
  unawaited?.addEventListener('abort', forget);
}
