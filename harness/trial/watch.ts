// Notices that a part of what is running has died, or that the run was interrupted; and says which part, not which one missed it.
import { sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { type Child, describeExit, lastWords } from '../services/child.ts';
import type { Service } from '../services/service.ts';

/** How long the news of a death may take longer than that of its consequences: Node hears of sockets before it hears of processes. */
const newsUs = 300_000;

/** Rejects with the first of what is watched to end, or with the reason of `signal`. Never resolves. */
export type Watch = Promise<never>;

interface Watched {
  readonly signal: AbortSignal;
  /** All that is not there is no part of the run. */
  readonly services: readonly (Service | null)[];
  readonly children?: readonly Child[];
  /** Resolve with a child that has died unasked: where a fault may replace children, not every end is a death. */
  readonly deaths?: readonly Promise<Child>[];
  /** Other losses, such as a publisher's program. */
  readonly losses?: readonly Promise<FreshetError>[];
  /** Lets go of `signal`, which outlives what is watched. */
  readonly until?: AbortSignal;
}

export function watch({ signal, services, children = [], deaths = [], losses = [], until }: Watched): Watch {
  const watched = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, until === undefined ? { once: true } : { once: true, signal: until });
    for (const loss of [...losses, ...services.flatMap((service) => service?.lost ?? [])]) void loss.then(reject);
    const tell = async (child: Child) => reject(describeDeath(child, describeExit(await child.exited)));
    for (const child of children) void tell(child);
    for (const death of deaths) void death.then(tell);
  });
  watched.catch(() => {}); // It may come when nobody listens any more.
  return watched;
}

/** Runs `work` while all that is watched lives, and no longer. When it fails because something died, that is what is thrown. */
export function whileAlive<T>(watched: Watch, work: Promise<T>): Promise<T> {
  return toItsEnd(watched, Promise.race([work, watched]));
}

/** Like `whileAlive`, but lets `work` come to its end, for what must not be going on when the run cleans up. */
export async function toItsEnd<T>(watched: Watch, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    await Promise.race([watched, sleepUs(newsUs)]);
    throw error;
  }
}

function describeDeath(child: Child, exit: string): FreshetError {
  const said = lastWords(child);
  return new FreshetError(
    'environment',
    `${child.name} ended during the run (${exit})${said === '' ? '' : `: ${said}`}`,
  );
}
