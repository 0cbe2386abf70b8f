// A run's safety net: its id, its private directory, and a watchdog (watchdog.sh) that ends the run's processes and removes
// its directories when this process is gone, however that came about (SIGKILL included). It hears of our end
// because its stdin is a pipe from us: the kernel closes it for us.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { isTraversable, unprivilegedAccount } from './account.ts';

export interface Guard {
  /** Twelve lower-case hexadecimal digits; part of every name the run gives to something outside itself. */
  readonly runId: string;
  /** The run's own directory, removed with it. Root's is traversable for the account the services run as. */
  readonly directory: string;
  /** Ends this process and its descendants with the run. Call it in the same tick as the spawn. */
  adopt(pid: number): void;
  /** This process is gone; its pid may soon be a stranger's. */
  forget(pid: number): void;
  /** Removes this directory with the run. Say so before making it. */
  addDirectory(path: string): void;
  /**
   * Runs `directory/KEY.cjs` under node with the run's end, after its processes, unless it was cancelled by then.
   * The secret (one line) is in its environment as FRESHET_UNDO, so that no list of processes shows it.
   */
  addUndo(key: string, secret: string): void;
  cancelUndo(key: string): void;
  /** Ends all that is still there, removes the directories and the watchdog. Safe to call twice. */
  close(): Promise<void>;
}

const script = fileURLToPath(new URL('watchdog.sh', import.meta.url));

/** Opens the safety net; call it before anything is started. Throws `environment` when there is no `sh` or no place for a directory. */
export async function openGuard(): Promise<Guard> {
  const runId = randomBytes(6).toString('hex');
  const directory = join(await findTemporaryRoot(), `freshet-${runId}`);
  const watchdog = await startWatchdog(runId, directory);
  // Made after the watchdog knows of it, so that no moment exists in which it could be left behind.
  await mkdir(directory, { mode: 0o700 });
  if (unprivilegedAccount() !== null) await chmod(directory, 0o711);
  return new PipeGuard(runId, directory, watchdog);
}

class PipeGuard implements Guard {
  readonly runId: string;
  readonly directory: string;
  private readonly watchdog: ChildProcess;
  private readonly ended: Promise<unknown>;
  private closing: Promise<void> | null = null;

  constructor(runId: string, directory: string, watchdog: ChildProcess) {
    this.runId = runId;
    this.directory = directory;
    this.watchdog = watchdog;
    this.ended = once(watchdog, 'exit');
  }

  adopt(pid: number): void {
    this.tell(`pid ${pid}`);
  }

  forget(pid: number): void {
    // Nothing to say when the watchdog is gone or going: it looks whether a process lives before it ends it.
    if (this.isListening()) this.tell(`forget ${pid}`);
  }

  addDirectory(path: string): void {
    this.tell(`dir ${path}`);
  }

  addUndo(key: string, secret: string): void {
    this.tell(`undo ${key} ${secret}`);
  }

  cancelUndo(key: string): void {
    if (this.isListening()) this.tell(`undone ${key}`);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private isListening(): boolean {
    return this.closing === null && this.watchdog.exitCode === null && this.watchdog.signalCode === null;
  }

  /** The write reaches the pipe before this returns: Node tries it at once, and a few bytes always fit. */
  private tell(line: string): void {
    if (!this.isListening()) {
      throw new FreshetError(
        'environment',
        `the run's watchdog (pid ${this.watchdog.pid}) is gone; nothing is started without it; start the run again`,
      );
    }
    stdinOf(this.watchdog).write(`${line}\n`);
  }

  private async end(): Promise<void> {
    this.watchdog.ref();
    stdinOf(this.watchdog).end();
    await this.ended;
    // Its own work, unless someone killed the watchdog.
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function startWatchdog(runId: string, directory: string): Promise<ChildProcess> {
  // Neither a run around this one nor options for our own Node are for it and the undo scripts.
  const { FRESHET_RUN: _run, NODE_OPTIONS: _options, ...env } = process.env;
  // A session of its own (`detached`): signals to the terminal's group do not reach it.
  const watchdog = spawn('sh', [script, runId, directory, process.execPath], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env,
  });
  try {
    await once(watchdog, 'spawn');
  } catch (error) {
    throw new FreshetError('environment', `cannot start the run's watchdog (${messageOf(error)}); it needs sh on PATH`);
  }
  // Its death shows in the next `tell`; here it must only not end us.
  stdinOf(watchdog).on('error', () => watchdog.unref());
  // A run that ends without `close` ends all the same, and the watchdog does the rest.
  watchdog.unref();
  if ('unref' in stdinOf(watchdog)) (stdinOf(watchdog) as Writable & { unref(): void }).unref();
  return watchdog;
}

function stdinOf(child: ChildProcess): Writable {
  if (child.stdin === null) throw new FreshetError('bug', 'the watchdog was started without a stdin');
  return child.stdin;
}

/** The system's temporary directory; for root one that other accounts can pass through. */
async function findTemporaryRoot(): Promise<string> {
  const preferred = await realpath(tmpdir());
  if (unprivilegedAccount() === null) return preferred;
  for (const candidate of [preferred, '/tmp', '/var/tmp']) {
    if (await isTraversable(candidate)) return candidate;
  }
  throw new FreshetError(
    'environment',
    `no temporary directory is open to other accounts (tried ${preferred}, /tmp, /var/tmp); ` +
      'a run of root needs one for Postgres; set TMPDIR to one, or run as an ordinary user',
  );
}
