// What the embedded services share: a program on PATH, a port that may be lost to someone else, and a process whose death must be noticed.
import { access, constants, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { type Child, type ChildExit, describeExit, lastWords } from './child.ts';
import { freePort } from './ports.ts';
import type { Service } from './service.ts';

const portAttempts = 5;

/** The path of an executable of this name, or `null`. */
export async function findOnPath(name: string): Promise<string | null> {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    const found = directory !== '' && (await access(path, constants.X_OK).then(yes, no));
    if (found) return path;
  }
  return null;
}

const yes = () => true;
const no = () => false;

/** Starts something on a free port, and again on another one when somebody took that in the meantime. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<{ child: T; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { child: await start(port), port };
    } catch (error) {
      if (attempt === portAttempts || !/address already in use/i.test(messageOf(error))) throw error;
    }
  }
}

interface Embedding {
  readonly child: Child;
  readonly directory: string;
  stop(child: Child): Promise<void>;
  /** How another takes its place; without, it cannot be taken away for a while. */
  readonly again?: {
    /** Ends it as a crash would. */
    crash(child: Child): Promise<void>;
    start(): Promise<Child>;
  };
}

/** The child as a service: its death is told unless it was asked for, and its directory goes with it. */
export function asService(
  identity: Pick<Service, 'name' | 'driver' | 'version' | 'url'>,
  { child, directory, stop, again }: Embedding,
): Service {
  let current = child;
  let loss: FreshetError | null = null;
  let tellLoss: (loss: FreshetError) => void = () => {};
  const lost = new Promise<FreshetError>((resolve) => {
    tellLoss = resolve;
  });
  const askedToEnd = new WeakSet<Child>();
  const watch = async (watched: Child) => {
    const exit = await watched.exited;
    if (askedToEnd.has(watched)) return;
    loss = describeLoss(identity.name, watched, exit);
    tellLoss(loss);
  };
  const end = (by: (child: Child) => Promise<void>) => {
    askedToEnd.add(current);
    return by(current);
  };
  let stopped: Promise<void> | null = null;
  const endForGood = async () => {
    await end(stop);
    // What one that died has left, the watchdog removes: it looks for more than files.
    if (loss === null) await rm(directory, { recursive: true, force: true });
  };
  void watch(child);
  return {
    ...identity,
    get pid() {
      return current.pid;
    },
    lost,
    ...(again !== undefined && {
      interruption: {
        begin: (how) => end(how === 'cleanly' ? stop : again.crash),
        async end() {
          current = await again.start();
          void watch(current);
        },
      },
    }),
    stop() {
      stopped ??= endForGood();
      return stopped;
    },
  };
}

function describeLoss(name: string, child: Child, exit: ChildExit): FreshetError {
  const lastLine = lastWords(child);
  const said = lastLine === '' ? '' : `; its last line: ${lastLine}`;
  return new FreshetError(
    'environment',
    `${name} (pid ${child.pid}) died during the run with ${describeExit(exit)}; expected it to live until the end; ` +
      `look for what ended it (memory, another user) and run again${said}`,
  );
}

/** What the first to use a service that was ready gets from it: whatever has ended it since shows here. */
export async function firstUse<T>(name: string, use: Promise<T>): Promise<T> {
  try {
    return await use;
  } catch (error) {
    throw new FreshetError(
      'environment',
      `${name} was ready but cannot be used: ${messageOf(error)}; expected it to live until the end; look for what ended it (memory, another user) and run again`,
      { cause: error },
    );
  }
}
