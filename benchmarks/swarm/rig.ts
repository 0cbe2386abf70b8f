// The other side of the benchmark: our reference servers with Postgres and the publisher, and one generator process after another.
import { readFileSync } from 'node:fs';
import { nowUs, sleepUs } from '../../harness/contract/clock.ts';
import { FreshetError } from '../../harness/contract/errors.ts';
import type { Transport } from '../../harness/contract/record.ts';
import { readPrometheus, sumOf } from '../../harness/measure/prometheus.ts';
import type { Update } from '../../harness/plan/arrivals.ts';
import { parseContender } from '../../harness/plan/contender.ts';
import { planTrials, settingsOf } from '../../harness/plan/trial-plan.ts';
import { Publisher } from '../../harness/publisher/publisher.ts';
import { type Child, describeExit, startChild } from '../../harness/services/child.ts';
import type { Guard } from '../../harness/services/guard.ts';
import type { Database } from '../../harness/services/service.ts';
import type { ReferenceTargetPlan } from '../../harness/targets/reference.ts';
import { prepareReferenceSystem } from '../../harness/targets/reference-system.ts';
import { dashboard } from '../../scenarios/dashboard.ts';
import { metricNames } from '../../servers/protocol.ts';
import type { Connected, GeneratorCommand, GeneratorReport, LoopJob, Received, SwarmJob } from './contract.ts';
import { changeIntervalUs } from './plan.ts';

/** Light servers, and nothing on the wire but what is counted: no heartbeats, no query for each client that connects. */
const contenders: Readonly<Record<Transport, string>> = {
  websocket: 'websocket+postgres+snapshot=cached+heartbeat=none',
  sse: 'sse+postgres+snapshot=cached+heartbeat=none',
  polling: 'polling+cache=1s',
  'long-polling': 'long-polling+postgres+hold=5m',
};

export interface RigOptions {
  readonly guard: Guard;
  readonly database: Database;
  readonly bundles: { readonly servers: string; readonly publisher: string; readonly generator: string };
}

export interface Measured {
  readonly connected: Connected;
  readonly received: Received;
  /** Kernel memory that came with each connection, both ends, in bytes; `null` where the system does not say. */
  readonly kernelBytesPerClient: number | null;
}

const leadUs = 200_000;

export class Rig {
  readonly target: ReferenceTargetPlan;
  readonly #options: RigOptions;
  readonly #metricsUrls: readonly string[];
  readonly #publisher: Publisher;
  readonly #stopSystem: () => Promise<void>;
  #version = 0;

  private constructor(parts: {
    options: RigOptions;
    target: ReferenceTargetPlan;
    metricsUrls: readonly string[];
    publisher: Publisher;
    stopSystem: () => Promise<void>;
  }) {
    this.#options = parts.options;
    this.target = parts.target;
    this.#metricsUrls = parts.metricsUrls;
    this.#publisher = parts.publisher;
    this.#stopSystem = parts.stopSystem;
  }

  /** Starts servers and publisher of one transport, warm. */
  static async start(options: RigOptions, transport: Transport, nodes: number): Promise<Rig> {
    const { guard, bundles, database } = options;
    const parsed = parseContender(`${contenders[transport]}+nodes=${nodes}`);
    if ('problems' in parsed) throw new FreshetError('bug', parsed.problems);
    const [plan] = planTrials(dashboard, {
      settings: settingsOf(dashboard, {}),
      contenders: [parsed.contender],
      repeat: 1,
      seed: 42,
    });
    if (plan === undefined) throw new FreshetError('bug', 'a contender gave no trial');
    const layout = await prepareReferenceSystem({
      guard,
      bundle: bundles.servers,
      database,
      postgres: null,
      redis: null,
      plan,
    });
    const system = await layout.start();
    const publisher = await Publisher.start({ guard, bundle: bundles.publisher, publish: layout.publish });
    return new Rig({
      options,
      target: layout.target,
      metricsUrls: layout.metricsUrls,
      publisher,
      stopSystem: () => system.stop(),
    });
  }

  /** One generator from start to end: its clients connect, then receive `changes` changes or make `polls` polls each. */
  async measure(job: SwarmJob, { changes, polls }: { changes: number; polls: number }): Promise<Measured> {
    const generator = await this.#startGenerator(job.client);
    try {
      await generator.ask({ type: 'prepare', job }, 'prepared');
      const slabBefore = slabBytes();
      const connected = await generator.ask({ type: 'connect' }, 'connected');
      const slabAfter = slabBytes();
      const received =
        job.target.transport === 'polling'
          ? await generator.ask({ type: 'poll', windowUs: polls * job.pollIntervalUs }, 'received')
          : await this.#publishTo(generator, this.#planChanges(job.clients, changes));
      checkComplete(job, received, changes);
      const kernelBytesPerClient =
        slabBefore === null || slabAfter === null ? null : (slabAfter - slabBefore) / job.clients;
      return { connected, received, kernelBytesPerClient };
    } finally {
      await generator.stop();
      await this.#untilEmpty();
    }
  }

  async loop(job: LoopJob): Promise<Received> {
    const generator = await this.#startGenerator(job.client);
    try {
      return await generator.ask({ type: 'loop', loop: job }, 'received');
    } finally {
      await generator.stop();
    }
  }

  async stop(): Promise<void> {
    await this.#publisher.stop();
    await this.#stopSystem();
  }

  #planChanges(clients: number, changes: number): Update[] {
    const startUs = nowUs() + leadUs;
    return Array.from({ length: changes }, (_, index) => ({
      audience: 0,
      version: ++this.#version,
      intendedUs: Math.round(startUs + index * changeIntervalUs(clients)),
    }));
  }

  async #publishTo(generator: RunningGenerator, updates: readonly Update[]): Promise<Received> {
    await generator.ask({ type: 'receive', updates }, 'expecting');
    this.#publisher.schedule(updates);
    return generator.until('received');
  }

  async #startGenerator(name: string): Promise<RunningGenerator> {
    const { guard, bundles } = this.#options;
    // As a shard is started.
    const args = ['--enable-source-maps', bundles.generator];
    return new RunningGenerator(
      await startChild({ guard, name: `generator of ${name}`, command: process.execPath, args, ipc: true }),
    );
  }

  /** The next generator meets servers that are done with the last one's connections. */
  async #untilEmpty(): Promise<void> {
    for (const url of this.#metricsUrls)
      while ((sumOf(await readPrometheus(url), metricNames.connections) ?? 0) > 0) await sleepUs(50_000);
    await sleepUs(100_000);
  }
}

/** A stream delivers every change to every client; polls may skip some where they are slow. */
function checkComplete({ client, clients, target }: SwarmJob, { count }: Received, changes: number): void {
  const isStream = target.transport === 'sse' || target.transport === 'websocket';
  if (isStream && count !== clients * changes)
    throw new FreshetError(
      'invalid',
      `${clients} clients of ${client} received ${count} messages; expected ${clients * changes}; their cost would be that of something else`,
    );
}

/** A generator process, asked one thing at a time. */
class RunningGenerator {
  readonly #child: Child;
  readonly #reports: GeneratorReport[] = [];
  #onReport: () => void = () => {};

  constructor(child: Child) {
    this.#child = child;
    child.onMessage((message) => {
      this.#reports.push(message as GeneratorReport);
      this.#onReport();
    });
    void child.exited.then((exit) => {
      this.#reports.push({ type: 'failed', problem: `ended with ${describeExit(exit)}; ${child.stderrTail().trim()}` });
      this.#onReport();
    });
  }

  ask<T extends GeneratorReport['type']>(command: GeneratorCommand, type: T) {
    this.#child.send(command);
    return this.until(type);
  }

  /** Resolves with the next report of this type. Throws `environment` when the generator fails first. */
  async until<T extends GeneratorReport['type']>(type: T): Promise<Extract<GeneratorReport, { type: T }>> {
    for (;;) {
      const report = this.#reports.shift();
      if (report?.type === 'failed')
        throw new FreshetError('environment', `the ${this.#child.name} failed: ${report.problem}`);
      if (report?.type === type) return report as Extract<GeneratorReport, { type: T }>;
      if (report === undefined) await new Promise<void>((resolve) => (this.#onReport = resolve));
    }
  }

  stop(): Promise<void> {
    return this.#child.stop(0);
  }
}

/** All of the kernel's small objects: sockets, files and their like are among them. */
function slabBytes(): number | null {
  try {
    const kibibytes = /^Slab:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  } catch {
    return null; // Not Linux: not told.
  }
}
