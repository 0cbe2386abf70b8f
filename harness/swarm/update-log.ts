// Which versions of which dashboard were intended when, as the clients of one shard know it: the schedule that is published, or, where
// changes are the server's own, what its messages told. Versions of a dashboard count from 1.
import type { Update } from '../plan/arrivals.ts';

export interface UpdateLog {
  /** The version in our count that a message means. */
  place(audience: number, version: number, intendedUs: number): number;
  /** True of a version, as the server counts it, that is newer than all that count. */
  isBeyond(audience: number, told: number): boolean;
  /** The version as the server counts it. */
  toldAs(audience: number, version: number): number;
  /** Adds changes that will be published, in the order of their versions. Those `inWindow` are the measured ones. */
  add(updates: readonly Update[], inWindow: boolean): void;
  /** When a version is intended, in µs; infinitely late when it is not known. */
  intendedUs(audience: number, version: number): number;
  /** The newest version intended by this moment, 0 before any. */
  newestBy(audience: number, atUs: number): number;
  inWindow(audience: number, version: number): boolean;
  /** The newest version known, 0 before any. */
  newest(audience: number): number;
}

/** The schedule, as told to every shard. */
export class PublishedUpdates implements UpdateLog {
  readonly #intendedUs: number[][];
  /** The first version intended in the window; those before belong to the warm-up. */
  readonly #firstInWindow: number[];
  /** What the server's count is ahead of ours. */
  readonly #base: number;

  constructor(audiences: number, base = 0) {
    this.#intendedUs = Array.from({ length: audiences }, () => []);
    this.#firstInWindow = Array.from({ length: audiences }, () => Number.POSITIVE_INFINITY);
    this.#base = base;
  }

  /** A state from before the trial is version 0. */
  place(_audience: number, version: number): number {
    return this.#base === 0 ? version : Math.max(0, version - this.#base);
  }

  isBeyond(): boolean {
    return false; // All that is published counts.
  }

  toldAs(_audience: number, version: number): number {
    return version + this.#base;
  }

  add(updates: readonly Update[], inWindow: boolean): void {
    for (const { audience, version, intendedUs } of updates) {
      const versions = this.#intendedUs[audience];
      if (versions === undefined) throw new RangeError(`no audience ${audience}`);
      versions[version - 1] = intendedUs;
      if (inWindow) this.#firstInWindow[audience] = Math.min(this.#firstInWindow[audience] as number, version);
    }
  }

  intendedUs(audience: number, version: number): number {
    // A version of which nobody says when it was intended is told as 0.
    return this.#intendedUs[audience]?.[version - 1] || Number.POSITIVE_INFINITY;
  }

  newestBy(audience: number, atUs: number): number {
    const versions = this.#intendedUs[audience] ?? [];
    let version = versions.length;
    while (version > 0 && (versions[version - 1] as number) > atUs) version--;
    return version;
  }

  inWindow(audience: number, version: number): boolean {
    return version >= (this.#firstInWindow[audience] ?? Number.POSITIVE_INFINITY);
  }

  newest(audience: number): number {
    return this.#intendedUs[audience]?.length ?? 0;
  }
}
