// What bench and serve share: work with the safety net under it, which ends everything that the work leaves, however it ends.
import { within } from '../services/deadline.ts';
import { type Guard, openGuard } from '../services/guard.ts';
import { watch, whileAlive } from '../trial/watch.ts';

/** What is under way when the work is ended early has this long to settle by itself: what it makes after the guard would stay. */
const settleMs = 5_000;

interface GuardedOptions {
  /** Aborted by a signal; its reason is then what is thrown. */
  readonly signal: AbortSignal;
  /** Called when the work is over and what it left is ended. */
  readonly onEnd?: () => void;
}

/** Runs `work`; when its promise is settled, nothing is left that it started. */
export async function guarded<T>(options: GuardedOptions, work: (guard: Guard) => Promise<T>): Promise<T> {
  const guard = await openGuard();
  const working = work(guard);
  try {
    return await whileAlive(watch({ signal: options.signal, services: [] }), working);
  } finally {
    await within(working.then(ignore, ignore), settleMs);
    options.onEnd?.();
    await guard.close();
  }
}

const ignore = () => null;
