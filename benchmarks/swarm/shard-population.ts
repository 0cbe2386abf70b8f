// Our clients: a whole shard as a trial runs it, with its ledger, histograms and progress; told by the same commands.
import { nowUs } from '../../harness/contract/clock.ts';
import { decodeHistogram } from '../../harness/contract/histogram.ts';
import type { Update } from '../../harness/plan/arrivals.ts';
import { backoffOf } from '../../harness/plan/backoff.ts';
import { Shard } from '../../harness/swarm/shard.ts';
import type { ShardReport, ShardResult } from '../../harness/swarm/shard-contract.ts';
import type { SwarmJob } from './contract.ts';
import type { Population } from './population.ts';

const neverUs = 3_600_000_000;

export class ShardPopulation implements Population {
  holding = 0;
  isCaughtUp = false;
  readonly #isPolling: boolean;
  readonly #shard: Shard;
  #onRehearsed: () => void = () => {};
  #result: ShardResult | null = null;

  constructor({ target, clients, connectRate, pollIntervalUs }: SwarmJob) {
    this.#isPolling = target.transport === 'polling';
    const plan = {
      group: 'ordinary' as const,
      agent: null,
      readPauseUs: 0,
      churn: null,
      acting: null,
      name: 'shard of a benchmark',
      target,
      ranks: Array.from({ length: clients }, (_, rank) => rank),
      tracked: [],
      clients,
      audiences: 1,
      seed: 42,
      connectRate,
      pollIntervalUs,
      late: 'skip' as const,
      reconnecting: { backoff: backoffOf('fixed'), byBrowser: false, retriesOnError: false },
      connectTimeoutUs: neverUs,
      requestTimeoutUs: neverUs,
      localPorts: null,
    };
    this.#shard = new Shard(plan, (report) => this.#hear(report));
  }

  rehearse(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRehearsed = resolve;
      this.#shard.obey({ type: 'rehearse' });
    });
  }

  connect(): void {
    this.#shard.obey({ type: 'connect', atUs: nowUs() });
  }

  expect(updates: readonly Update[]): void {
    this.isCaughtUp = false;
    this.#shard.obey({ type: 'updates', updates, inWindow: true });
  }

  openWindow(startUs: number, endUs: number): void {
    this.#shard.obey({ type: 'window', startUs, endUs });
  }

  take() {
    this.#shard.obey({ type: 'finish' });
    const result = this.#result;
    if (result === null) throw new Error('the shard answered finish without a result');
    const { window, histograms, trial } = result;
    if (this.#isPolling) {
      return { count: window.due - window.skipped, histogram: decodeHistogram(histograms.requestUs) };
    }
    return { count: trial.delivered, histogram: decodeHistogram(histograms.freshnessUs) };
  }

  #hear(report: ShardReport): void {
    if (report.type === 'rehearsed') this.#onRehearsed();
    if (report.type === 'result') this.#result = report;
    if (report.type !== 'progress') return;
    this.holding = report.holding;
    this.isCaughtUp = report.behind === 0;
  }
}
