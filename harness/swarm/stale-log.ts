// When a shard's screens were outdated or cut off within the window, in steps of 100 ms. Takes spans, gives sums.

/** The finest step of a timeline. */
export const staleStepUs = 100_000;

/** Adding a span costs the same however long it is: what it covers is kept as differences. */
export class StaleLog {
  /** By step: what a span covers of its first and last step, in µs. */
  readonly #partsUs: number[] = [];
  /** By step: how many more spans cover it whole than cover the one before. */
  readonly #gains: number[] = [];

  /** One screen was stale from here to there, µs since the window's start, `toUs` the larger. */
  add(fromUs: number, toUs: number): void {
    const first = Math.floor(fromUs / staleStepUs);
    const last = Math.floor(toUs / staleStepUs);
    this.#grow(last);
    if (first === last) {
      this.#add(this.#partsUs, first, toUs - fromUs);
      return;
    }
    this.#add(this.#partsUs, first, (first + 1) * staleStepUs - fromUs);
    this.#add(this.#partsUs, last, toUs - last * staleStepUs);
    this.#add(this.#gains, first + 1, 1);
    this.#add(this.#gains, last, -1);
  }

  /** Stale time of all screens together in each step, µs; to the last step in which one was. */
  report(): number[] {
    let whole = 0;
    return this.#partsUs.map((partUs, step) => {
      whole += this.#gains[step] ?? 0;
      return partUs + whole * staleStepUs;
    });
  }

  #grow(last: number): void {
    while (this.#partsUs.length <= last) {
      this.#partsUs.push(0);
      this.#gains.push(0);
    }
  }

  #add(values: number[], step: number, amount: number): void {
    values[step] = (values[step] ?? 0) + amount;
  }
}
