// Versions that nobody announced: the server makes its changes itself, and a shard knows those that one of its clients was told of.
// They are numbered in the order of their size, 1 the first that was seen, whatever the server counts in.
import type { UpdateLog } from './update-log.ts';

interface Seen {
  /** As the server counts, ascending. */
  readonly told: number[];
  /** 0 where no message said. */
  readonly intendedUs: number[];
}

export class SeenUpdates implements UpdateLog {
  readonly #seen: Seen[];
  #window = { startUs: Number.POSITIVE_INFINITY, endUs: Number.POSITIVE_INFINITY };
  #isClosed = false;

  constructor(audiences: number) {
    this.#seen = Array.from({ length: audiences }, () => ({ told: [], intendedUs: [] }));
  }

  /** Changes of the window are those whose time, as told, falls into it. */
  openWindow(startUs: number, endUs: number): void {
    this.#window = { startUs, endUs };
  }

  /** From here on no new version counts: who is told of one has at least the newest that does. */
  close(): void {
    this.#isClosed = true;
  }

  /** Changes in the window, over all dashboards, that told their time. */
  get timedInWindow(): number {
    return this.#seen.reduce(
      (sum, { intendedUs }, audience) => sum + intendedUs.filter((_, at) => this.inWindow(audience, at + 1)).length,
      0,
    );
  }

  place(audience: number, version: number, intendedUs: number): number {
    const { told, intendedUs: times } = this.#of(audience);
    const newest = told.length;
    const last = told[newest - 1];
    if (last === version) return newest;
    if (last === undefined || version > last) {
      if (this.#isClosed && last !== undefined) return newest;
      times.push(intendedUs);
      return told.push(version);
    }
    let at = newest - 1;
    while (at > 0 && (told[at] as number) > version) at--;
    return at + 1;
  }

  isBeyond(audience: number, told: number): boolean {
    return this.#isClosed && told > (this.#of(audience).told.at(-1) ?? Number.POSITIVE_INFINITY);
  }

  toldAs(audience: number, version: number): number {
    return this.#of(audience).told[version - 1] ?? 0;
  }

  add(): void {
    // Nothing is published.
  }

  intendedUs(audience: number, version: number): number {
    return this.#of(audience).intendedUs[version - 1] || Number.POSITIVE_INFINITY;
  }

  newestBy(audience: number, atUs: number): number {
    const { intendedUs } = this.#of(audience);
    let version = intendedUs.length;
    while (version > 0 && (intendedUs[version - 1] as number) > atUs) version--;
    return version;
  }

  inWindow(audience: number, version: number): boolean {
    const us = this.intendedUs(audience, version);
    return us >= this.#window.startUs && us < this.#window.endUs;
  }

  newest(audience: number): number {
    return this.#of(audience).told.length;
  }

  #of(audience: number): Seen {
    const seen = this.#seen[audience];
    if (seen === undefined) throw new RangeError(`no audience ${audience}`);
    return seen;
  }
}
