// Which versions of which dashboard were intended when: the schedule, as told to every shard. Versions count from 1.

import type { Update } from '../plan/arrivals.ts';

export class UpdateLog {
  readonly #intendedUs: number[][];
  /** The first version intended in the window; those before belong to the warm-up. */
  readonly #firstInWindow: number[];

  constructor(audiences: number) {
    this.#intendedUs = Array.from({ length: audiences }, () => []);
    this.#firstInWindow = Array.from({ length: audiences }, () => Number.POSITIVE_INFINITY);
  }

  /** Adds changes, in the order of their versions. Those `inWindow` are the measured ones. */
  add(updates: readonly Update[], inWindow: boolean): void {
    for (const { audience, version, intendedUs } of updates) {
      const versions = this.#intendedUs[audience];
      if (versions === undefined) throw new RangeError(`no audience ${audience}`);
      versions[version - 1] = intendedUs;
      if (inWindow) this.#firstInWindow[audience] = Math.min(this.#firstInWindow[audience] as number, version);
    }
  }

  /** When a version is intended, in µs; infinitely late when it is not planned. */
  intendedUs(audience: number, version: number): number {
    return this.#intendedUs[audience]?.[version - 1] ?? Number.POSITIVE_INFINITY;
  }

  /** The newest version intended by this moment, 0 before any. */
  newestBy(audience: number, atUs: number): number {
    const versions = this.#intendedUs[audience] ?? [];
    let version = versions.length;
    while (version > 0 && (versions[version - 1] as number) > atUs) version--;
    return version;
  }

  inWindow(audience: number, version: number): boolean {
    return version >= (this.#firstInWindow[audience] ?? Number.POSITIVE_INFINITY);
  }

  /** The newest planned version, 0 before any. */
  newest(audience: number): number {
    return this.#intendedUs[audience]?.length ?? 0;
  }
}
