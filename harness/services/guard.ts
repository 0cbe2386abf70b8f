// A run's safety net: its id, its private directory, and a watchdog (watchdog.sh) that ends the run's processes and removes
// its directories when this process is gone, however that came about (SIGKILL included). It hears of our end
// because its stdin is a pipe from us: the kernel closes it for us. A watchdog that dies itself is replaced.
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { isTraversable, unprivilegedAccount } from './account.ts';
import { nameDirectory } from './owner.ts';
import { sweepDeadRuns } from './sweep.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

export interface Guard {
  /** Twelve lower-case hexadecimal digits; part of every name the run gives to something outside itself. */
  readonly runId: string;
  /** The run's own directory, removed with it. Root's is traversable for the account the services run as. */
  readonly directory: string;
  /** Ends this process and its descendants with the run. Call it in the same tick as the spawn. */
  adopt(pid: number): void;
  /** This process is gone; its pid may soon be a stranger's. */
  forget(pid: number): void;
  /** Removes this directory (an absolute path) with the run. Say so before making it. */
  addDirectory(path: string): void;
  /**
   * Runs `directory/KEY.cjs` under node with the run's end, after its processes, unless it was cancelled by then.
   * The secret is its stdin; it waits in a file that only its owner can read, so that a later run can do it as well.
   */
  addUndo(key: string, secret: string): void;
  cancelUndo(key: string): void;
  /** Ends all that is still there, removes the directories and the watchdog. Safe to call twice. */
  close(): Promise<void>;
}

/** Whoever kills it more often means it. */
const replacementsAtMost = 3;

/**
 * Opens the safety net; call it before anything is started. Sweeps first what dead runs left.
 * Throws `environment` when there is no `sh` or no place for a directory.
 */
export async function openGuard(): Promise<Guard> {
  const root = await findTemporaryRoot();
  await sweepDeadRuns(root);
  const runId = randomBytes(6).toString('hex');
  const directory = join(root, nameDirectory(runId));
  // Before the directory is made, so that no moment exists in which it could be left behind.
  const watchdog = startWatchdog(runId, directory);
  const guard = new PipeGuard(runId, directory, watchdog);
  try {
    mkdirSync(directory, { mode: 0o700 });
    if (unprivilegedAccount() !== null) chmodSync(directory, 0o711);
  } catch (error) {
    await guard.close();
    throw noTemporaryDirectory(root, error);
  }
  return guard;
}

class PipeGuard implements Guard {
  readonly runId: string;
  readonly directory: string;
  readonly #pids = new Set<number>();
  #watchdog: Watchdog;
  #replacements = 0;
  #isLost = false;
  #closing: Promise<void> | null = null;

  constructor(runId: string, directory: string, watchdog: Watchdog) {
    this.runId = runId;
    this.directory = directory;
    this.#watchdog = this.#keep(watchdog);
  }

  adopt(pid: number): void {
    this.#demandWatchdog();
    this.#pids.add(pid);
    this.#watchdog.tell(`pid ${pid}`);
  }

  forget(pid: number): void {
    this.#pids.delete(pid);
    if (this.#closing === null) this.#watchdog.tell(`forget ${pid}`);
  }

  addDirectory(path: string): void {
    this.#demandWatchdog();
    appendFileSync(join(this.directory, 'directories'), `${path}\n`, { mode: 0o600 });
  }

  addUndo(key: string, secret: string): void {
    this.#demandWatchdog();
    writeFileSync(this.#undoPath(key), secret, { mode: 0o600 });
  }

  cancelUndo(key: string): void {
    rmSync(this.#undoPath(key), { force: true });
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #undoPath(key: string): string {
    return join(this.directory, `${key}.undo`);
  }

  #demandWatchdog(): void {
    if (this.#closing === null && !this.#isLost) return;
    throw new FreshetError(
      'environment',
      this.#isLost
        ? `the run's watchdog was killed ${replacementsAtMost + 1} times; nothing is started without it; start the run again`
        : 'the run is ending; nothing more is started',
    );
  }

  #keep(watchdog: Watchdog): Watchdog {
    void watchdog.ended.then(() => {
      if (this.#closing === null) this.#isLost = !this.#replace();
    });
    return watchdog;
  }

  /** Puts another in the place of one that is gone, and tells it of all processes. False when that happened too often. */
  #replace(): boolean {
    if (this.#replacements === replacementsAtMost) return false;
    this.#replacements += 1;
    this.#watchdog = this.#keep(startWatchdog(this.runId, this.directory));
    for (const pid of this.#pids) this.#watchdog.tell(`pid ${pid}`);
    return true;
  }

  async #end(): Promise<void> {
    do {
      this.#watchdog.release();
    } while (!(await this.#watchdog.ended) && this.#replace());
    // Its own work, unless someone killed every watchdog.
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The system's temporary directory; for root one that other accounts can pass through. */
async function findTemporaryRoot(): Promise<string> {
  let preferred: string;
  try {
    preferred = realpathSync(tmpdir());
  } catch (error) {
    throw noTemporaryDirectory(tmpdir(), error);
  }
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

function noTemporaryDirectory(path: string, cause: unknown): FreshetError {
  return new FreshetError(
    'environment',
    `cannot make a temporary directory in ${path}: ${messageOf(cause)}; expected one with about 100 MB of room; set TMPDIR to it`,
    { cause },
  );
}
