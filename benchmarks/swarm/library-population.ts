// A library's clients doing the job of ours: connect, receive, read version and stamp, record the latency in one histogram for all.
// What surrounds the library is as light as can be, in the library's favour: no reconnecting, no ledger, no deadlines.
import { nowUs, sleepUs } from '../../harness/contract/clock.ts';
import { createHistogram, recordUs } from '../../harness/contract/histogram.ts';
import { connectOffsetUs, type Update } from '../../harness/plan/arrivals.ts';
import { addressOf } from '../../harness/swarm/requests.ts';
import { referenceTarget } from '../../harness/targets/reference.ts';
import type { SwarmJob } from './contract.ts';
import type { Population } from './population.ts';

/** One client of a library. */
export interface LibraryClient {
  open(): void;
  /** Makes one poll; polling clients only. Resolves when it is answered. */
  poll?(): Promise<void>;
  close(): void;
}

/** What a client shows, and where it is recorded. */
export class Screen {
  /** The version held, `null` before the first. */
  held: number | null = null;
  readonly #population: Recorder;

  constructor(population: Recorder) {
    this.#population = population;
  }

  show(version: number, intendedUs: number): void {
    const { held } = this;
    if (held === null) this.#population.holding += 1;
    else if (version <= held) return;
    this.held = version;
    if (held !== null) this.#population.record(version, intendedUs);
  }
}

export class Recorder {
  holding = 0;
  /** Clients that hold the newest expected version. */
  caughtUp = 0;
  count = 0;
  newest = 0;
  readonly histogram = createHistogram();

  record(version: number, intendedUs: number): void {
    this.count += 1;
    recordUs(this.histogram, nowUs() - intendedUs);
    if (version === this.newest) this.caughtUp += 1;
  }
}

/** `origin` is such as `127.0.0.1:8080`. */
export type LibraryClientMaker = (origin: string, screen: Screen) => LibraryClient;

const rehearsals = 100;
const rampStepUs = 10_000;

export class LibraryPopulation implements Population {
  readonly #job: SwarmJob;
  readonly #make: LibraryClientMaker;
  readonly #clients: LibraryClient[] = [];
  readonly #busy = new Set<LibraryClient>();
  readonly #recorder = new Recorder();
  #windowUs = { start: Number.POSITIVE_INFINITY, end: 0 };

  constructor(job: SwarmJob, make: LibraryClientMaker) {
    this.#job = job;
    this.#make = make;
  }

  get holding(): number {
    return this.#recorder.holding;
  }

  get isCaughtUp(): boolean {
    return this.#recorder.caughtUp >= this.#job.clients;
  }

  async rehearse(): Promise<void> {
    const recorder = new Recorder();
    const count = Math.min(rehearsals, this.#job.clients);
    const clients = Array.from({ length: count }, (_, rank) => this.#makeClient(rank, recorder));
    for (const client of clients) {
      client.open();
      void client.poll?.();
    }
    while (recorder.holding < count) await sleepUs(20_000);
    for (const client of clients) client.close();
    await sleepUs(100_000);
  }

  connect(): void {
    void this.#ramp();
    if (this.#job.target.transport === 'polling') void this.#pollAll();
  }

  expect(updates: readonly Update[]): void {
    this.#recorder.caughtUp = 0;
    this.#recorder.newest = updates.at(-1)?.version ?? 0;
  }

  openWindow(start: number, end: number): void {
    this.#windowUs = { start, end };
  }

  take() {
    return this.#recorder;
  }

  #makeClient(rank: number, recorder: Recorder): LibraryClient {
    const { host, port } = addressOf(referenceTarget(this.#job.target), rank);
    return this.#make(`${host}:${port}`, new Screen(recorder));
  }

  async #ramp(): Promise<void> {
    const { clients, connectRate } = this.#job;
    const startUs = nowUs();
    while (this.#clients.length < clients) {
      while (
        this.#clients.length < clients &&
        nowUs() - startUs >= connectOffsetUs(this.#clients.length, connectRate)
      ) {
        const client = this.#makeClient(this.#clients.length, this.#recorder);
        client.open();
        this.#clients.push(client);
      }
      await sleepUs(rampStepUs);
    }
  }

  /** One timer for all: client k of n polls at k/n of each interval. */
  async #pollAll(): Promise<void> {
    const { clients, pollIntervalUs } = this.#job;
    const startUs = nowUs();
    for (let tick = 0; ; tick++) {
      const dueUs = startUs + (tick * pollIntervalUs) / clients;
      while (nowUs() < dueUs) await sleepUs(1_000);
      const client = this.#clients[tick % clients];
      if (client !== undefined && !this.#busy.has(client)) void this.#poll(client, dueUs);
    }
  }

  async #poll(client: LibraryClient, dueUs: number): Promise<void> {
    this.#busy.add(client);
    await client.poll?.();
    this.#busy.delete(client);
    if (dueUs < this.#windowUs.start || dueUs >= this.#windowUs.end) return;
    this.#recorder.count += 1;
    recordUs(this.#recorder.histogram, nowUs() - dueUs);
  }
}
