// Events counted in steps of 10 ms: fine enough that the busiest 100 ms is found wherever it begins.

export const countStepUs = 10_000;

export class StepCounts {
  #counts = new Uint32Array(1024);
  #length = 0;

  add(atUs: number): void {
    const step = Math.floor(atUs / countStepUs);
    if (step >= this.#counts.length) {
      const grown = new Uint32Array(2 ** Math.ceil(Math.log2(step + 1)));
      grown.set(this.#counts);
      this.#counts = grown;
    }
    this.#counts[step] = (this.#counts[step] as number) + 1;
    this.#length = Math.max(this.#length, step + 1);
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The moment after the last event's step. */
  get endUs(): number {
    return this.#length * countStepUs;
  }

  /** The busiest 100 ms that lie between two moments, as a rate a second. */
  busiestPerSecond(fromUs: number, toUs: number): number {
    const width = 100_000 / countStepUs;
    const counts = this.#counts.subarray(
      Math.ceil(fromUs / countStepUs),
      Math.min(this.#length, Math.ceil(toUs / countStepUs)),
    );
    let sum = 0;
    let most = 0;
    for (const [step, count] of counts.entries()) {
      sum += count - (counts[step - width] ?? 0);
      most = Math.max(most, sum);
    }
    return most * (1e6 / 100_000);
  }

  /** Events in each wider step; `stepUs` is a multiple of 10 ms. */
  series(stepUs: number, steps: number): number[] {
    const width = stepUs / countStepUs;
    return Array.from({ length: steps }, (_, step) =>
      this.#counts.subarray(step * width, (step + 1) * width).reduce((sum, count) => sum + count, 0),
    );
  }
}
