// What a server process counts, served as Prometheus text. Counts are plain numbers, read when Prometheus asks,
// so that counting costs a broadcast one addition.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { AbsenceLog } from './absence-log.ts';
import { nowUs } from './clock.ts';
import { type LossEntry, LossLog, type LossReason } from './loss-log.ts';
import type { MessageType } from './message.ts';
import { type ActionRefusal, metricNames } from './protocol.ts';
import { WaitLog } from './wait-log.ts';

/** Why a connection or a long-poll wait ended. */
export type EndReason = 'client' | 'answered' | 'expired' | 'drain' | 'unauthorized' | 'busy' | 'failed' | LossReason;

/** Each wake of an idle process costs some 0.1 ms of CPU on a virtual machine. */
const tickMs = 100;

/** From 10 µs to 31 s, each bound 20 % above the one before, in seconds. */
const delayBuckets: readonly number[] = Array.from({ length: 83 }, (_, index) =>
  Number((1e-5 * 1.2 ** index).toPrecision(4)),
);

export class Metrics {
  readonly registry = new Registry();
  queries = 0;
  queriesFailed = 0;
  poolTimeouts = 0;
  connectionsOpened = 0;
  readonly absences = new AbsenceLog();
  heartbeats = 0;
  heartbeatAnswers = 0;
  heartbeatBytes = 0;
  messagesSkipped = 0;
  readonly messages: Record<MessageType, number> = { snapshot: 0, update: 0 };
  readonly actions: Record<'committed' | ActionRefusal, number> = { committed: 0, malformed: 0, busy: 0, failed: 0 };
  readonly #responses = new Map<number, number>();
  readonly #closed = new Map<EndReason, number>();
  readonly #waits = new WaitLog();
  readonly #losses = new LossLog();
  readonly #poolWait = this.#histogram(metricNames.poolWait, 'Time a query waited for a pooled connection');
  readonly #eventLoopDelay = this.#histogram(
    metricNames.eventLoopDelay,
    `How late a ${tickMs} ms timer fired, ticks missed meanwhile included`,
  );
  #closedCount = 0;
  #poolWaitingPeak = 0;
  #ticker: NodeJS.Timeout | undefined;

  constructor() {
    this.#counter(metricNames.queries, 'Queries completed', () => this.queries);
    this.#counter(metricNames.queriesFailed, 'Queries that failed', () => this.queriesFailed);
    this.#counter(metricNames.poolTimeouts, 'Queries that got no pooled connection', () => this.poolTimeouts);
    this.#counter(metricNames.connectionsOpened, 'Connections or waits begun', () => this.connectionsOpened);
    this.#counters(metricNames.responses, 'HTTP answers', 'status', () => this.#responses);
    this.#counters(metricNames.messages, 'Messages to clients', 'type', () => Object.entries(this.messages));
    this.#counters(metricNames.actions, 'Actions of clients', 'outcome', () => Object.entries(this.actions));
    this.#counters(metricNames.connectionsClosed, 'Connections or waits ended', 'reason', () => this.#closed);
    this.#counter(metricNames.heartbeats, 'Heartbeats sent', () => this.heartbeats);
    this.#counter(metricNames.heartbeatAnswers, 'Answers to heartbeats', () => this.heartbeatAnswers);
    this.#counter(metricNames.heartbeatBytes, 'Bytes of both, before TLS', () => this.heartbeatBytes);
    this.#counter(metricNames.messagesSkipped, 'Messages kept from slow clients', () => this.messagesSkipped);
    this.#waitGauge();
    this.#absenceGauge();
    this.#lossGauge();
    this.#resourceGauge();
    this.#gauge(metricNames.connections, 'Open connections or waits', () => this.connections);
    this.#counter(metricNames.cpuSeconds, 'CPU time, user and system', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    this.#gauge(metricNames.residentBytes, 'Resident memory', () => process.memoryUsage.rss());
  }

  /** Connections or waits that are open now. */
  get connections(): number {
    return this.connectionsOpened - this.#closedCount;
  }

  countResponse(status: number): void {
    this.#responses.set(status, (this.#responses.get(status) ?? 0) + 1);
  }

  countClosed(reason: EndReason): void {
    this.#closedCount++;
    this.#closed.set(reason, (this.#closed.get(reason) ?? 0) + 1);
  }

  /** A connection ended because the server gave its client up; `countClosed` is told as well. */
  noteLoss(loss: LossEntry): void {
    this.#losses.note(loss);
  }

  watchBuffers(readBytes: () => number): void {
    this.#gauge(metricNames.bufferedBytes, 'Bytes that clients have not taken yet', readBytes);
  }

  observePoolWait(waitedUs: number): void {
    this.#poolWait.observe(waitedUs / 1e6);
    this.#waits.note(waitedUs, nowUs());
  }

  watchPool(readWaiting: () => number): void {
    this.#gauge(metricNames.poolWaiting, 'Queries waiting for a pooled connection', readWaiting);
    this.#gauge(metricNames.poolWaitingPeak, 'The most that waited at one moment since the last reading', () => {
      const peak = this.#poolWaitingPeak;
      this.#poolWaitingPeak = readWaiting();
      return peak;
    });
  }

  notePoolWaiting(waiting: number): void {
    if (waiting > this.#poolWaitingPeak) this.#poolWaitingPeak = waiting;
  }

  /** Starts the timer whose lateness is the event loop's delay; returns what stops it. */
  watchEventLoop(): () => void {
    const tick = (dueUs: number): void => {
      const nextUs = nowUs() + tickMs * 1000;
      this.#observeDelay(Math.max(0, nowUs() - dueUs));
      this.#ticker = setTimeout(tick, tickMs, nextUs);
    };
    this.#ticker = setTimeout(tick, tickMs, nowUs() + tickMs * 1000);
    return () => clearTimeout(this.#ticker);
  }

  /** The ticks that came due while this one was late are samples too, or a stall of any length would be a single one (coordinated omission). */
  #observeDelay(delayUs: number): void {
    this.#eventLoopDelay.observe(delayUs / 1e6);
    for (let missedUs = delayUs - tickMs * 1000; missedUs > 0; missedUs -= tickMs * 1000)
      this.#eventLoopDelay.observe(missedUs / 1e6);
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: [...delayBuckets], registers: [this.registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    const collect = (): void => gauge.set(read());
    const gauge = new Gauge({ name, help, registers: [this.registry], collect });
  }

  #waitGauge(): void {
    const help = 'Longest wait for a pooled connection that ended from `at` (monotonic clock) on, until the next';
    const collect = (): void => {
      gauge.reset();
      for (const [atUs, waitedUs] of this.#waits.steps()) gauge.set({ at: String(atUs / 1e6) }, waitedUs / 1e6);
    };
    const name = metricNames.poolWaitLongest;
    const gauge = new Gauge({ name, help, labelNames: ['at'], registers: [this.registry], collect });
  }

  #absenceGauge(): void {
    const help =
      'How long a connection to `source` was lost, by when it was (`from`, monotonic clock); infinite while it is';
    const collect = (): void => {
      gauge.reset();
      for (const { source, fromUs, untilUs } of this.absences.all()) {
        const labels = { source, from: String(fromUs / 1e6) };
        gauge.set(labels, untilUs === null ? Number.POSITIVE_INFINITY : (untilUs - fromUs) / 1e6);
      }
    };
    const labelNames = ['source', 'from'];
    const gauge = new Gauge({ name: metricNames.absence, help, labelNames, registers: [this.registry], collect });
  }

  #lossGauge(): void {
    const help = 'Since when a client that was given up had not been heard, at the moment of its end (monotonic clock)';
    const collect = (): void => {
      gauge.reset();
      for (const { reason, atUs, heardUs } of this.#losses.entries)
        gauge.set({ reason, at: (atUs / 1e6).toFixed(6) }, (atUs - heardUs) / 1e6);
    };
    const labelNames = ['reason', 'at'];
    const gauge = new Gauge({
      name: metricNames.connectionsLost,
      help,
      labelNames,
      registers: [this.registry],
      collect,
    });
  }

  #resourceGauge(): void {
    const help = 'What keeps the event loop busy, by type';
    const collect = (): void => {
      gauge.reset();
      for (const type of process.getActiveResourcesInfo()) gauge.inc({ type });
    };
    const name = metricNames.resources;
    const gauge = new Gauge({ name, help, labelNames: ['type'], registers: [this.registry], collect });
  }

  #counter(name: string, help: string, read: () => number): void {
    const collect = (): void => {
      counter.reset();
      counter.inc(read());
    };
    const counter = new Counter({ name, help, registers: [this.registry], collect });
  }

  #counters(name: string, help: string, label: string, read: () => Iterable<[string | number, number]>): void {
    const collect = (): void => {
      counter.reset();
      for (const [value, count] of read()) counter.inc({ [label]: value }, count);
    };
    const counter = new Counter({ name, help, labelNames: [label], registers: [this.registry], collect });
  }
}
