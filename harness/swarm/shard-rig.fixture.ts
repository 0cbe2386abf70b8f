// A shard in the test's own process: told what the swarm would tell it, with its reports written down.

import { nowUs } from '../contract/clock.ts';
import type { Transport } from '../contract/record.ts';
import type { Address } from '../contract/target.ts';
import type { Update } from '../plan/arrivals.ts';
import { type Backoff, backoffOf } from '../plan/backoff.ts';
import { Changes } from './changes.fixture.ts';
import type { DashboardServer } from './dashboard-server.fixture.ts';
import { Shard } from './shard.ts';
import type { ShardPlan, ShardProgress, ShardReport, ShardResult } from './shard-contract.ts';

export type RigOptions = Partial<
  Pick<
    ShardPlan,
    'clients' | 'pollIntervalUs' | 'late' | 'tracked' | 'ranks' | 'connectRate' | 'readPauseUs' | 'churn' | 'acting'
  >
> & {
  /** Where the clients connect, if not to the server itself. */
  readonly address?: Address;
  readonly backoff?: Backoff;
};

export class ShardRig extends Changes {
  readonly plan: ShardPlan;
  readonly reports: ShardReport[] = [];
  readonly #server: DashboardServer;
  readonly #shard: Shard;

  constructor(transport: Transport, server: DashboardServer, options: RigOptions = {}) {
    super();
    this.#server = server;
    this.plan = shardPlan(transport, server, options);
    this.#shard = new Shard(this.plan, (report) => {
      this.reports.push(report);
      this.changed();
    });
  }

  /** Connects all clients; resolves when every one holds a version. */
  async connect(): Promise<void> {
    this.#shard.obey({ type: 'connect', atUs: nowUs() });
    await this.progress('all hold a version', ({ holding }) => holding === this.plan.ranks.length);
  }

  openWindow(startUs: number, endUs: number): void {
    this.#shard.obey({ type: 'window', startUs, endUs });
  }

  /** Plans these versions and publishes each to the subscribers it is meant for; resolves when all clients hold the last. */
  async publish(versions: readonly number[], to: Parameters<DashboardServer['publish']>[1] = {}): Promise<void> {
    this.planVersions(versions);
    for (const version of versions) this.#server.publish(version, to);
    await this.caughtUp();
  }

  vanish(): void {
    this.#shard.obey({ type: 'vanish' });
  }

  planVersions(versions: readonly number[]): void {
    const updates = versions.map((version): Update => ({ audience: 0, version, intendedUs: nowUs() }));
    this.#shard.obey({ type: 'updates', updates, inWindow: true });
  }

  caughtUp(): Promise<void> {
    return this.progress('all hold the newest version', ({ behind }) => behind === 0);
  }

  /** Resolves with the first report from now on that is as it should be. */
  progress(what: string, isSo: (progress: ShardProgress) => boolean): Promise<void> {
    const from = this.reports.length;
    return this.until(what, () =>
      this.reports.slice(from).some((report) => report.type === 'progress' && isSo(report)),
    );
  }

  /** Brings everything to rest and asks for the result. */
  async finish(): Promise<ShardResult> {
    this.#shard.obey({ type: 'quiesce' });
    await this.progress('nothing is outstanding', ({ outstanding }) => outstanding === 0);
    this.#shard.obey({ type: 'finish' });
    const result = this.reports.at(-1);
    if (result?.type !== 'result') throw new Error('the shard answered finish without a result');
    return result;
  }

  close(): void {
    this.#shard.obey({ type: 'close' });
  }
}

function shardPlan(transport: Transport, server: DashboardServer, options: RigOptions): ShardPlan {
  const { clients = 4, pollIntervalUs = 20_000, late = 'skip', tracked = [], address = server.address } = options;
  const {
    ranks = Array.from({ length: clients }, (_, rank) => rank),
    connectRate = 1_000,
    backoff = backoffOf('article'),
  } = options;
  return {
    name: 'shard of a test',
    group: 'ordinary',
    agent: null,
    readPauseUs: options.readPauseUs ?? 0,
    churn: options.churn ?? null,
    acting: options.acting ?? null,
    target: {
      kind: 'reference',
      transport,
      addresses: [address],
      keepAlive: true,
      etag: false,
      auth: 'none',
      token: 'freshet',
      authority: null,
    },
    ranks,
    tracked,
    clients,
    audiences: 1,
    seed: 7,
    connectRate,
    pollIntervalUs,
    late,
    connectTimeoutUs: 10_000_000,
    requestTimeoutUs: 30_000_000,
    localPorts: null,
    reconnecting: { backoff, byBrowser: true, retriesOnError: false },
  };
}
