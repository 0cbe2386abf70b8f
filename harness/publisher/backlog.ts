// Changes that could not be committed when they were intended, by dashboard and in the order of their versions: a database that is back
// takes them one after the other, because it refuses a version that is older than the one it has.
import type { Update } from '../plan/arrivals.ts';

export class Backlog {
  readonly #waiting = new Map<number, Update[]>();

  /** Whether a change whose time has come may be sent; otherwise it waits behind those of its dashboard that came before it. */
  admits(update: Update): boolean {
    const waiting = this.#waiting.get(update.audience);
    waiting?.push(update);
    return waiting === undefined;
  }

  /** An attempt failed. True when it is to be tried again after a while; the others come after it. */
  failed(update: Update): boolean {
    const waiting = this.#waiting.get(update.audience);
    if (waiting === undefined) this.#waiting.set(update.audience, [update]);
    // Another was on its way when the first one failed.
    else if (!waiting.includes(update)) waiting.splice(placeOf(update, waiting), 0, update);
    return this.#waiting.get(update.audience)?.[0] === update;
  }

  /** It was committed. The one to send next, at once; `null` when none waits for it. */
  committed(update: Update): Update | null {
    const waiting = this.#waiting.get(update.audience);
    if (waiting?.[0] !== update) return null;
    waiting.shift();
    const [next = null] = waiting;
    if (next === null) this.#waiting.delete(update.audience);
    return next;
  }
}

function placeOf(update: Update, waiting: readonly Update[]): number {
  const later = waiting.findIndex(({ version }) => version > update.version);
  return later === -1 ? waiting.length : later;
}
