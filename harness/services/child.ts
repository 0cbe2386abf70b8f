// Child processes of a run: servers, relay, publisher, shards, and the services themselves. Each has a process group of its
// own (a terminal's Ctrl-C must not reach it before the drain), the run's id in its environment, and the guard behind it.
import { type ChildProcess, type Serializable, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { FreshetError, messageOf } from '../contract/errors.ts';
import type { Account } from './account.ts';
import { within } from './deadline.ts';
import type { Guard } from './guard.ts';
import { Mailbox } from './mailbox.ts';

export interface ChildOptions {
  readonly guard: Guard;
  /** How errors call it, e.g. `server 1`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Run as this account instead of ours. */
  readonly account?: Account | null;
  /** Opens a message channel; typed arrays pass as they are. */
  readonly ipc?: boolean;
  /** Wait until the first line of stdout, which must be JSON. */
  readonly readyLine?: boolean;
  /** 15 s by default. */
  readonly readyTimeoutMs?: number;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** The ready line, parsed; `undefined` when none was asked for. */
  readonly ready: unknown;
  readonly stdin: Writable;
  /** Resolves when it has ended, whoever ended it. */
  readonly exited: Promise<ChildExit>;
  /** Resolves when, beyond that, all its output was read. Later than `exited` or, where a grandchild holds the pipe, never. */
  readonly closed: Promise<ChildExit>;
  /** Called with each line of stdout (after the ready line), those before this call included. One listener. */
  onLine(listener: (line: string) => void): void;
  /** Called with each message, those before this call included. One listener. */
  onMessage(listener: (message: unknown) => void): void;
  /** False when the child is gone, which `exited` tells. */
  send(message: Serializable): boolean;
  /** The last 8,000 characters of stderr. */
  stderrTail(): string;
  /** SIGTERM (or `signal`), up to `graceMs`, then SIGKILL for its whole group; resolves when it is gone. Safe to call twice. */
  stop(graceMs: number, signal?: NodeJS.Signals): Promise<void>;
}

const tailLength = 8_000;
const defaultReadyTimeoutMs = 15_000;

/** Starts a child and waits until it is ready. Throws `environment` when it cannot start or ends before that. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const spawned = spawn(options.command, options.args, spawnOptions(options));
  const spawning = once(spawned, 'spawn');
  adopt(options.guard, spawned);
  try {
    await spawning;
  } catch (error) {
    throw new FreshetError(
      'environment',
      `${options.name} could not be started: ${messageOf(error)}; expected to run ${options.command}`,
    );
  }
  const child = new SpawnedChild(options, spawned);
  if (options.readyLine === true) await child.waitUntilReady(options.readyTimeoutMs ?? defaultReadyTimeoutMs);
  return child;
}

function adopt(guard: Guard, child: ChildProcess): void {
  try {
    if (child.pid !== undefined) guard.adopt(child.pid);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** The line of a child's stderr that says most: of an uncaught error its message, else the last one. Empty when it said nothing. */
export function lastWords(child: Pick<Child, 'stderrTail'>): string {
  const lines = child
    .stderrTail()
    .split('\n')
    .map((line) => line.trim());
  const isError = (line: string) => /^(Uncaught )?\w*Error\b.*: /.test(line);
  return lines.findLast(isError) ?? lines.findLast((line) => line !== '' && !line.startsWith('Node.js v')) ?? '';
}

/** How a child ended, in words: `exit code 3`, `SIGKILL`. */
export function describeExit(exit: ChildExit): string {
  return exit.signal ?? `exit code ${exit.code}`;
}

function spawnOptions(options: ChildOptions): SpawnOptions {
  return {
    detached: true,
    stdio: options.ipc === true ? ['pipe', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
    serialization: 'advanced',
    env: { ...process.env, ...options.env, FRESHET_RUN: options.guard.runId },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.account ?? {}),
  };
}

class SpawnedChild implements Child {
  readonly name: string;
  readonly pid: number;
  readonly stdin: Writable;
  readonly exited: Promise<ChildExit>;
  readonly closed: Promise<ChildExit>;
  ready: unknown;
  private readonly process: ChildProcess;
  private readonly lines = new Mailbox<string>();
  private readonly messages = new Mailbox<unknown>();
  private tail = '';
  private running = true;
  private stopping: Promise<void> | null = null;

  constructor(options: ChildOptions, child: ChildProcess) {
    if (child.pid === undefined || child.stdin === null || child.stdout === null || child.stderr === null) {
      throw new FreshetError('bug', `${options.name} was started without a pid or pipes`);
    }
    this.name = options.name;
    this.process = child;
    this.pid = child.pid;
    this.stdin = child.stdin;
    this.exited = this.watchExit(options.guard);
    this.closed = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    // Writing to a child that is gone is no error of its own: `exited` tells.
    child.stdin.on('error', () => this.stdin.destroy());
    // A signal that could not be sent.
    child.on('error', (error) => this.keepTail(`${messageOf(error)}\n`));
    child.on('message', (message) => this.messages.deliver(message));
    this.readOutput(child.stdout, child.stderr);
  }

  onLine(listener: (line: string) => void): void {
    this.lines.listen(listener);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.messages.listen(listener);
  }

  send(message: Serializable): boolean {
    if (!this.process.connected) return false;
    this.process.send(message, (error) => {
      if (error !== null && this.process.connected) this.process.disconnect();
    });
    return true;
  }

  stderrTail(): string {
    return this.tail;
  }

  stop(graceMs: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.stopping ??= this.end(graceMs, signal);
    return this.stopping;
  }

  async waitUntilReady(timeoutMs: number): Promise<void> {
    const line = this.lines.next();
    let first = await within(Promise.race([line, this.exited]), timeoutMs);
    // What it said last may still be in the pipe, even of one that is done; but a grandchild may hold that open.
    if (first !== null && typeof first !== 'string')
      first = (await within(Promise.race([line, this.closed]), 200)) ?? first;
    if (typeof first === 'string') {
      this.ready = await this.parseReadyLine(first);
    } else if (first === null) {
      await this.stop(0);
      throw this.failure(`said nothing for ${timeoutMs} ms`);
    } else {
      throw this.failure(`ended (${describeExit(first)})`);
    }
  }

  private async parseReadyLine(line: string): Promise<unknown> {
    try {
      return JSON.parse(line);
    } catch {
      await this.stop(0);
      throw this.failure(`said ${JSON.stringify(line.slice(0, 200))}`);
    }
  }

  private failure(what: string): FreshetError {
    const lastLine = lastWords(this);
    const said = lastLine === '' ? 'it wrote nothing to stderr' : `its last line on stderr: ${lastLine}`;
    return new FreshetError('environment', `${this.name} ${what}; expected a JSON line on stdout when ready; ${said}`);
  }

  private watchExit(guard: Guard): Promise<ChildExit> {
    return new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        this.running = false;
        guard.forget(this.pid);
        resolve({ code, signal });
      });
    });
  }

  private readOutput(stdout: Readable, stderr: Readable): void {
    createInterface({ input: stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) =>
      this.lines.deliver(line),
    );
    stderr.setEncoding('utf8').on('data', (text: string) => this.keepTail(text));
  }

  private keepTail(text: string): void {
    this.tail = (this.tail + text).slice(-tailLength);
  }

  private async end(graceMs: number, signal: NodeJS.Signals): Promise<void> {
    if (this.running && graceMs > 0) {
      this.process.kill(signal);
      // A frozen one would only see it when it is thawed.
      this.process.kill('SIGCONT');
      await within(this.exited, graceMs);
    }
    if (this.running) killGroup(this.pid);
    await this.exited;
  }
}

/** Of the leader and what it started: a shell's command, initdb's bootstrap. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended in this very moment, which is what was wanted (macOS says EPERM of a group that only waits to be reaped).
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
