// What became of the actions of a shard's clients: each that was due is acknowledged, refused, never sent or never answered. No other end.
import { createHistogram, recordUs } from '../contract/histogram.ts';
import type { Update } from '../plan/arrivals.ts';
import type { Traffic } from './session.ts';

/** One that was answered: the version that it made. Times in µs of the monotonic clock. */
export interface Acted extends Update {
  readonly sentUs: number;
  readonly ackedUs: number;
}

export interface ActionCounts {
  /** Counted when they are planned; all others, when they end. */
  due: number;
  acknowledged: number;
  /** Answered, and not done. */
  refused: number;
  /** There was no connection to send it on. */
  unsent: number;
  /** Sent; nobody knows whether it was done. */
  unanswered: number;
}

export type ActionFailure = 'refused' | 'unsent' | 'unanswered';

const none = (): ActionCounts => ({ due: 0, acknowledged: 0, refused: 0, unsent: 0, unanswered: 0 });

export class ActionLog {
  readonly trial = none();
  /** Of those due within the window. */
  readonly inWindow = none();
  readonly ackUs = createHistogram();
  /** Of connections that carry actions alone. */
  readonly traffic: Traffic = { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 };
  /** Of frames on a connection that carries more. */
  readonly frames = { bytesIn: 0, bytesOut: 0 };
  /** Planned and not at their end. */
  pending = 0;
  windowStartUs = Number.POSITIVE_INFINITY;
  #acted: Acted[] = [];

  planned(timesUs: readonly number[]): void {
    this.pending += timesUs.length;
    this.trial.due += timesUs.length;
    this.inWindow.due += timesUs.filter((dueUs) => this.#isInWindow(dueUs)).length;
  }

  acknowledged(acted: Acted): void {
    this.#acted.push(acted);
    if (this.#end(acted.intendedUs, 'acknowledged')) recordUs(this.ackUs, acted.ackedUs - acted.intendedUs);
  }

  failed(dueUs: number, how: ActionFailure): void {
    this.#end(dueUs, how);
  }

  /** Those acknowledged since it was last asked. */
  take(): Acted[] {
    const acted = this.#acted;
    this.#acted = [];
    return acted;
  }

  /** Whether it counts in the window. */
  #end(dueUs: number, how: ActionFailure | 'acknowledged'): boolean {
    this.pending -= 1;
    this.trial[how] += 1;
    const isInWindow = this.#isInWindow(dueUs);
    if (isInWindow) this.inWindow[how] += 1;
    return isInWindow;
  }

  #isInWindow(dueUs: number): boolean {
    return dueUs >= this.windowStartUs;
  }
}
