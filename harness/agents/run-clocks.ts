// The clock of the run that an agent works for: an exchange opened with the run's first shard, and closed when another run comes or none.
import type { Redis } from 'ioredis';
import { ClockExchange } from './clock-exchange.ts';
import { RunClock } from './trial-clock.ts';

export class RunClocks {
  readonly #redis: Redis;
  readonly #agent: string;
  #current: { readonly run: string; readonly exchange: Promise<ClockExchange>; readonly clock: RunClock } | null = null;

  /** `agent` tells this one from all others. */
  constructor(redis: Redis, agent: string) {
    this.#redis = redis;
    this.#agent = agent;
  }

  /** That of a run, shared by its shards. */
  of(run: string): RunClock {
    this.keepOnly(run);
    if (this.#current !== null) return this.#current.clock;
    const exchange = ClockExchange.open({ redis: this.#redis, run, agent: this.#agent });
    // Whoever reads is told, and the next shard tries anew.
    exchange.catch(() => {
      if (this.#current?.exchange === exchange) this.#current = null;
    });
    const clock = new RunClock(async () => (await exchange).read());
    this.#current = { run, exchange, clock };
    return clock;
  }

  /** Closes what is not of this run; `null`: everything. */
  keepOnly(run: string | null): void {
    if (this.#current === null || this.#current.run === run) return;
    void this.#current.exchange.then(
      (exchange) => exchange.close(),
      () => {},
    );
    this.#current = null;
  }
}
