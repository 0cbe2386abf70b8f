// How many a second may pass: a bucket of tokens that fills evenly and holds a tenth of a second's worth.
import { nowUs } from './clock.ts';

const bucketUs = 100_000;

export class RateLimit {
  readonly #eachUs: number;
  readonly #depthUs: number;
  /** What may pass now, as the time it took to fill. */
  #filledUs: number;
  #atUs: number;

  constructor(perSecond: number, atUs = nowUs()) {
    this.#eachUs = 1e6 / perSecond;
    // One at least, or a slow limit would let nobody pass.
    this.#depthUs = Math.max(bucketUs, this.#eachUs);
    this.#filledUs = this.#depthUs;
    this.#atUs = atUs;
  }

  /** Whether one more may pass now. */
  take(atUs = nowUs()): boolean {
    this.#filledUs = Math.min(this.#depthUs, this.#filledUs + atUs - this.#atUs);
    this.#atUs = atUs;
    if (this.#filledUs < this.#eachUs) return false;
    this.#filledUs -= this.#eachUs;
    return true;
  }
}
