// The longest wait for a pooled connection in each step of time, so that a report can say when queries waited.

/** How finely it begins. */
const finestUs = 100_000;
/** More steps than this in which a query was sent, and each becomes twice as long: it never grows, and forgets no wait. */
const mostSteps = 1_000;

export class WaitLog {
  #stepUs = finestUs;
  #longestUs = new Map<number, number>();

  /** A query that waited so long has its connection, or is refused one, now (µs of the monotonic clock). */
  note(waitedUs: number, atUs: number): void {
    const step = Math.floor(atUs / this.#stepUs);
    const known = this.#longestUs.get(step);
    if (known !== undefined && known >= waitedUs) return;
    this.#longestUs.set(step, waitedUs);
    if (this.#longestUs.size > mostSteps) this.#coarsen();
  }

  /** When each step began and the longest wait that ended in it, both in µs, the oldest first. */
  *steps(): Iterable<[number, number]> {
    for (const [step, waitedUs] of this.#longestUs) yield [step * this.#stepUs, waitedUs];
  }

  #coarsen(): void {
    const finer = [...this.steps()];
    this.#stepUs *= 2;
    this.#longestUs = new Map();
    for (const [atUs, waitedUs] of finer) this.note(waitedUs, atUs);
  }
}
