// What a shard writes down: counts and distributions over all its clients, split into the trial and the measured window.
import { createHistogram, encodeHistogram, recordUs } from '../contract/histogram.ts';
import { type DeliveryCounts, noDeliveries } from './delivery.ts';
import type { Traffic } from './session.ts';
import { SessionLog } from './session-log.ts';
import { StaleLog } from './stale-log.ts';
import type { UpdateLog } from './update-log.ts';

export interface Window {
  readonly startUs: number;
  readonly endUs: number;
}

/** Counts of the whole trial. */
export interface TrialCounts extends DeliveryCounts {
  /** Answers by HTTP status class that the clients took: 200 and 304 and 204, and all others. */
  answers: number;
  failedAnswers: number;
  snapshots: number;
  updates: number;
  opened: number;
  connectFailures: number;
  ended: number;
  gaveUp: number;
  /** Versions that clients which came back had missed while they were away, and how they were made up for. */
  missedAway: number;
  madeUpBySnapshot: number;
  madeUpByReplay: number;
}

/** Counts of what falls into the window. */
export interface WindowCounts {
  answers: number;
  unchanged: number;
  due: number;
  skipped: number;
  /** Of those due: without an answer of use. */
  failed: number;
  lateArrivals: number;
  staleUs: number;
  /** Messages, of a foreign target. */
  arrivals: number;
}

/** Where the clients stand now, kept up to date as they move: to count them anew each time would cost more than their messages. */
export interface Standing {
  connected: number;
  /** Clients that hold a version. */
  holding: number;
  /** Clients that lack a planned version, or hold none, and have not given up. */
  behind: number;
  /** Attempts that were answered 401, 403 or 429, and the last of these; 0: none. */
  barred: number;
  barredBy: number;
}

export interface Sample {
  readonly rank: number;
  /** The version, or for polls the number of the tick. */
  readonly key: number;
  readonly us: number;
}

export class Ledger {
  readonly updates: UpdateLog;
  readonly traffic: Traffic = { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 };
  readonly trial: TrialCounts = {
    ...noDeliveries(),
    answers: 0,
    failedAnswers: 0,
    snapshots: 0,
    updates: 0,
    opened: 0,
    connectFailures: 0,
    ended: 0,
    gaveUp: 0,
    missedAway: 0,
    madeUpBySnapshot: 0,
    madeUpByReplay: 0,
  };
  readonly standing: Standing = { connected: 0, holding: 0, behind: 0, barred: 0, barredBy: 0 };
  readonly inWindow: WindowCounts = {
    answers: 0,
    unchanged: 0,
    due: 0,
    skipped: 0,
    failed: 0,
    lateArrivals: 0,
    staleUs: 0,
    arrivals: 0,
  };
  readonly histograms = {
    freshnessUs: createHistogram(),
    requestUs: createHistogram(),
    requestUncorrectedUs: createHistogram(),
    connectUs: createHistogram(),
    attemptLagUs: createHistogram(),
    catchUpUs: createHistogram(),
    arrivalGapUs: createHistogram(),
  };
  readonly sessions = new SessionLog();
  readonly staleness = new StaleLog();
  readonly samples: Sample[] = [];
  window: Window | null = null;

  constructor(updates: UpdateLog) {
    this.updates = updates;
  }

  contains(atUs: number): boolean {
    return this.window !== null && atUs >= this.window.startUs && atUs < this.window.endUs;
  }

  /** A client tries to connect. What it is late by counts when it comes back after a loss. */
  attempted(rank: number, dueUs: number, atUs: number): void {
    this.sessions.attempt(atUs);
    if (this.sessions.isAway(rank)) recordUs(this.histograms.attemptLagUs, atUs - dueUs);
  }

  /** A poll's round trip; polls belong to the window in which they were due. */
  polled(dueUs: number, sentUs: number, atUs: number): void {
    if (!this.contains(dueUs)) return;
    this.inWindow.due += 1;
    recordUs(this.histograms.requestUs, atUs - dueUs);
    recordUs(this.histograms.requestUncorrectedUs, atUs - sentUs);
  }

  /** A poll was sent too late though nothing of its client was in the way: the generator's fault. */
  sentLate(dueUs: number): void {
    if (this.contains(dueUs)) this.inWindow.lateArrivals += 1;
  }

  pollFailed(dueUs: number): void {
    if (!this.contains(dueUs)) return;
    this.inWindow.due += 1;
    this.inWindow.failed += 1;
  }

  skipped(dueUs: number): void {
    if (!this.contains(dueUs)) return;
    this.inWindow.due += 1;
    this.inWindow.skipped += 1;
  }

  answered(atUs: number, unchanged: boolean): void {
    this.trial.answers += 1;
    if (!this.contains(atUs)) return;
    this.inWindow.answers += 1;
    if (unchanged) this.inWindow.unchanged += 1;
  }

  /** An attempt was answered with this HTTP status. Those of 400 and up to 499 tell a client to ask otherwise, or not at all. */
  answeredWith(status: number): void {
    if (status < 400 || status > 499) return;
    this.standing.barred += 1;
    this.standing.barredBy = status;
  }

  /** A message of a foreign target came, the one before it at `lastUs`, which is 0 for the first. */
  arrived(lastUs: number, atUs: number): void {
    if (!this.contains(atUs)) return;
    this.inWindow.arrivals += 1;
    if (lastUs > 0) recordUs(this.histograms.arrivalGapUs, atUs - lastUs);
  }

  /** A screen was outdated or cut off from `fromUs` to `toUs`; only what lies in the window counts. */
  stale(fromUs: number, toUs: number): void {
    if (this.window === null) return;
    const { startUs, endUs } = this.window;
    const [from, to] = [Math.max(fromUs, startUs), Math.min(toUs, endUs)];
    if (to <= from) return;
    this.inWindow.staleUs += to - from;
    this.staleness.add(from - startUs, to - startUs);
  }

  encoded(): Record<keyof Ledger['histograms'], string> {
    const encoded = Object.entries(this.histograms).map(([name, histogram]) => [name, encodeHistogram(histogram)]);
    return Object.fromEntries(encoded) as Record<keyof Ledger['histograms'], string>;
  }
}
