// The process beside a run that outlives it: watchdog.sh, which ends what the run started when its stdin, a pipe from us, is closed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { FreshetError } from '../contract/errors.ts';

const script = fileURLToPath(new URL('watchdog.sh', import.meta.url));

export interface Watchdog {
  /** Resolves when it is gone: `true` when its work was done, `false` when something ended it. */
  readonly ended: Promise<boolean>;
  /** Unheard when it is gone, which `ended` tells. The write reaches the pipe before this returns: a few bytes always fit. */
  tell(line: string): void;
  /** Sets it to work; wakes one that was stopped. */
  release(): void;
}

/** Starts one for a run and its directory. It does not keep this process alive. Throws `environment` when it cannot be started. */
export function startWatchdog(runId: string, directory: string): Watchdog {
  // Neither a run around this one nor options for our own Node are for it and the undo scripts.
  const { FRESHET_RUN: _run, NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn('sh', [script, runId, directory, process.execPath], {
    // A session of its own: signals to the terminal's group do not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env,
  });
  const ended = once(child, 'exit').then(
    ([code]) => code === 0,
    () => false,
  );
  const { stdin } = child;
  if (child.pid === undefined || stdin === null) {
    throw new FreshetError(
      'environment',
      "the run's watchdog cannot be started; expected sh on PATH, and room for a process and its pipe; see ulimit -a",
    );
  }
  stdin.on('error', () => stdin.destroy());
  child.unref();
  if ('unref' in stdin) (stdin as Writable & { unref(): void }).unref();
  return {
    ended,
    tell: (line) => void stdin.write(`${line}\n`),
    release() {
      child.ref();
      stdin.end();
      child.kill('SIGCONT');
    },
  };
}
