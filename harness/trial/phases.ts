// How long each phase of a trial took. One phase at a time; entering one ends the last.
import { nowUs } from '../contract/clock.ts';
import type { TrialRecord } from '../contract/record.ts';

export type Phase = keyof TrialRecord['phasesUs'];

export class Phases {
  readonly us: Record<Phase, number> = { start: 0, control: 0, warmUp: 0, window: 0, drain: 0, stop: 0 };
  #current: Phase | null = null;
  #sinceUs = 0;
  readonly #onEnter: (phase: Phase) => void;

  constructor(onEnter: (phase: Phase) => void) {
    this.#onEnter = onEnter;
  }

  enter(phase: Phase): void {
    this.leave();
    this.#current = phase;
    this.#sinceUs = nowUs();
    this.#onEnter(phase);
  }

  leave(): void {
    if (this.#current !== null) this.us[this.#current] += nowUs() - this.#sinceUs;
    this.#current = null;
  }
}
