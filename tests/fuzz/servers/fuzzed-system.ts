// One transport's real server process with its services, changes that go on all the time, and clients that behave: what is fuzzed, and its witnesses.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { nowUs } from '../../../harness/contract/clock.ts';
import type { Transport } from '../../../harness/contract/record.ts';
import { readPrometheus, sumOf } from '../../../harness/measure/prometheus.ts';
import { parseContender } from '../../../harness/plan/contender.ts';
import { planTrials, settingsOf } from '../../../harness/plan/trial-plan.ts';
import { Publisher } from '../../../harness/publisher/publisher.ts';
import { createDatabase } from '../../../harness/services/database.ts';
import { rssBytes } from '../../../harness/services/processes.ts';
import { Probe } from '../../../harness/swarm/session-probe.fixture.ts';
import { prepareReferenceSystem } from '../../../harness/targets/reference-system.ts';
import { dashboard } from '../../../scenarios/dashboard.ts';
import { metricNames, paths } from '../../../servers/protocol.ts';
import type { Rig } from './rig.ts';

/** `etag` so that a poll may also be answered 304. */
const contenders: Readonly<Record<Transport, string>> = {
  polling: 'polling+etag',
  'long-polling': 'long-polling',
  sse: 'sse',
  websocket: 'websocket',
};
const audiences = 4;
const changeEveryMs = 250;

/** What must not grow. */
export interface Stock {
  /** After garbage collection. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  /** Connections or waits, as the server counts them. */
  readonly connections: number;
  readonly failedQueries: number;
}

export class FuzzedSystem {
  readonly transport: Transport;
  readonly port: number;
  readonly pid: number;
  /** How the server process ended, once it has. */
  ended: string | null = null;
  /** What /healthz failed to do. */
  readonly healthFailures: string[] = [];
  healthChecks = 0;
  readonly #directory: string;
  readonly #parts: Parts;
  readonly #standing: Probe;
  #version = 0;
  #isClosing = false;
  readonly #loops: Promise<void>[];

  private constructor(transport: Transport, directory: string, parts: Parts) {
    this.transport = transport;
    this.#directory = directory;
    this.#parts = parts;
    this.port = parts.port;
    this.pid = parts.server.pid;
    void parts.server.exited.then(({ code, signal }) => {
      if (!this.#isClosing) this.ended = signal ?? `exit code ${code}`;
    });
    this.#standing = this.#openProbe();
    this.#loops = [this.#publishOn(), this.#checkHealthOn()];
  }

  static async start(rig: Rig, transport: Transport): Promise<FuzzedSystem> {
    const { guard, postgres, redis, bundles } = rig;
    const parsed = parseContender(contenders[transport]);
    if ('problems' in parsed) throw new Error(parsed.problems.join());
    const settings = settingsOf(dashboard, { audiences });
    const [watching] = planTrials(dashboard, { settings, contenders: [parsed.contender], repeat: 1, seed: 42 });
    if (watching === undefined) throw new Error('a contender gave no trial');
    // Its clients may act, and none that says what it may not does.
    const plan = { ...watching, acting: { everyUs: 5_000_000, kind: 'fixed' } } as const;
    const database = await createDatabase({ guard, postgres });
    const layout = await prepareReferenceSystem({
      guard,
      bundle: bundles.servers,
      database,
      postgres,
      redis,
      plan,
    });
    const system = await layout.start();
    const publisher = await Publisher.start({ guard, bundle: bundles.publisher, publish: layout.publish });
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    const [server] = system.servers;
    const [address] = layout.target.addresses;
    if (server === undefined || address === undefined) throw new Error('a system without a server');
    const parts = { server, system, publisher, database, admin, port: address.port };
    return new FuzzedSystem(transport, guard.directory, parts);
  }

  /** What the server and, if there is one, the relay have written to stderr: nothing, unless something went wrong. */
  get stderr(): string {
    const { server, system } = this.#parts;
    return server.stderrTail() + (system.relay?.stderrTail() ?? '');
  }

  /** The standing client must hold what is published now; a new one must get it as its snapshot, and then see another change. */
  async checkClients(): Promise<void> {
    await this.#standing.until(
      'the standing client held the newest version',
      () => held(this.#standing) >= this.#version,
    );
    const fresh = this.#openProbe();
    await fresh.until('a new client got its snapshot', () => fresh.held !== null);
    const target = this.#version + 2;
    for (const probe of [fresh, this.#standing])
      await probe.until(`a client saw version ${target}`, () => held(probe) >= target);
    const ended = this.#standing.end ?? fresh.end;
    fresh.stop();
    if (ended !== null) throw new Error(`a client that behaves was cut off: ${JSON.stringify(ended)}`);
  }

  /** Texts of all statements of the servers' role so far. */
  async statements(): Promise<string[]> {
    const { admin, database } = this.#parts;
    const { rows } = await admin.query<{ query: string }>(
      'SELECT DISTINCT s.query FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = $1 ORDER BY 1',
      [database.serverRole],
    );
    return rows.map(({ query }) => query);
  }

  /** Waits until the server has noticed that all but the standing client have left, up to 15 s, and counts. */
  async takeStock(): Promise<Stock> {
    let stock = await this.#count();
    for (let tries = 0; tries < 60 && stock.connections > 1; tries++) {
      await sleep(250);
      stock = await this.#count();
    }
    // Descriptors of sockets that were reset are closed a moment later.
    await sleep(300);
    return { ...(await this.#count()), heapBytes: await this.#collectGarbage(), rssBytes: rssBytes(this.pid) ?? 0 };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#loops);
    this.#standing.stop();
    const { publisher, system, admin, database } = this.#parts;
    await publisher.stop();
    await system.stop();
    await admin.end();
    await database.drop();
  }

  async #count(): Promise<Stock> {
    const reading = await readPrometheus(`http://127.0.0.1:${this.port}${paths.metrics}`);
    return {
      heapBytes: 0,
      rssBytes: 0,
      descriptors: readdirSync(`/proc/${this.pid}/fd`).length,
      connections: sumOf(reading, metricNames.connections) ?? Number.NaN,
      failedQueries: sumOf(reading, metricNames.queriesFailed) ?? Number.NaN,
    };
  }

  async #collectGarbage(): Promise<number> {
    const path = `${this.#directory}/memory-${this.pid}.json`;
    rmSync(path, { force: true });
    process.kill(this.pid, 'SIGUSR2');
    while (!existsSync(path)) await sleep(20);
    const { heapUsed, external } = JSON.parse(readFileSync(path, 'utf8')) as NodeJS.MemoryUsage;
    return heapUsed + external;
  }

  #openProbe(): Probe {
    return new Probe(
      this.transport,
      { host: '127.0.0.1', port: this.port },
      { pollIntervalUs: 200_000, etag: true },
    ).open();
  }

  async #publishOn(): Promise<void> {
    while (!this.#isClosing) {
      this.#version++;
      const change = { version: this.#version, intendedUs: Math.round(nowUs()) };
      // Of all dashboards: a connection that is not read from, having much to be told, shows its end when it is written to.
      this.#parts.publisher.schedule(Array.from({ length: audiences }, (_, audience) => ({ audience, ...change })));
      await sleep(changeEveryMs);
    }
  }

  /** On a connection of its own each time, as a probe of an orchestrator does. */
  async #checkHealthOn(): Promise<void> {
    while (!this.#isClosing && this.ended === null) {
      this.healthChecks++;
      try {
        const answer = await fetch(`http://127.0.0.1:${this.port}${paths.health}`, {
          headers: { Connection: 'close' },
          signal: AbortSignal.timeout(5_000),
        });
        if (answer.status !== 200) this.healthFailures.push(`status ${answer.status}`);
        await answer.arrayBuffer();
      } catch (error) {
        this.healthFailures.push(String(error));
      }
      await sleep(200);
    }
  }
}

interface Parts {
  readonly server: Awaited<ReturnType<Awaited<ReturnType<typeof prepareReferenceSystem>>['start']>>['servers'][number];
  readonly system: Awaited<ReturnType<Awaited<ReturnType<typeof prepareReferenceSystem>>['start']>>;
  readonly publisher: Publisher;
  readonly database: Awaited<ReturnType<typeof createDatabase>>;
  readonly admin: pg.Client;
  readonly port: number;
}

function held(probe: Probe): number {
  return probe.held ?? -1;
}
