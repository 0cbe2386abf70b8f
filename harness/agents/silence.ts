// How long somebody has been silent, as far as we could have heard: what we ourselves slept or stalled is not put down to others.
import { nowUs } from '../contract/clock.ts';

/** Whoever looks does so every second or more often; beyond that it was late itself. */
const mostBetweenUs = 2_000_000;

export class Silence {
  readonly #clockUs: () => number;
  #lookedUs: number;
  #silentUs = 0;

  constructor(clockUs: () => number = nowUs) {
    this.#clockUs = clockUs;
    this.#lookedUs = clockUs();
  }

  /** Begins anew: something was heard, or is waited for from now on. */
  restart(): void {
    this.#lookedUs = this.#clockUs();
    this.#silentUs = 0;
  }

  /** How long it has been silent, µs; of the time since the last look 2 s at most count. */
  look(): number {
    const atUs = this.#clockUs();
    this.#silentUs += Math.min(atUs - this.#lookedUs, mostBetweenUs);
    this.#lookedUs = atUs;
    return this.#silentUs;
  }
}
