// All randomness of the fuzzers: drawn from a seed, so that every input can be made again from its number.
import { seededRandom } from '../../harness/plan/random.ts';

export class Dice {
  readonly #random: () => number;

  /** The same parts give the same draws. */
  constructor(...parts: readonly number[]) {
    this.#random = seededRandom(...parts);
  }

  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  /** True in this share of cases. */
  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) bytes[at] = this.below(256);
    return bytes;
  }

  /** Between `least` and `most` results of `make`. */
  several<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }
}
