// One shard on an agent: a child as on any machine. In: commands of the trial's stream. Out: reports as the job's progress, and the result.
import { connect } from 'node:net';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { isLoopback } from '../contract/loopback.ts';
import type { Address } from '../contract/target.ts';
import { type Child, describeExit } from '../services/child.ts';
import { within } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { endsOrStop, startShard } from '../swarm/local-executor.ts';
import type { ShardCommand, ShardReport, ShardResult } from '../swarm/shard-contract.ts';
import { commandField, groupField, type JobProgress, type ShardJob } from './job.ts';
import { keys } from './meeting.ts';
import type { TrialClock } from './trial-clock.ts';

const reachMs = 3_000;
const blockMs = 500;
/** For what is still to be told when all is over. */
const tellingMs = 2_000;

export interface ShardGround {
  readonly guard: Guard;
  readonly bundle: string;
  /** Addresses beyond loopback that may be put under load. */
  readonly allows: readonly string[];
  /** A connection of its own, which blocks. */
  readonly listener: Redis;
  /** What is known of the run's. */
  readonly clock: TrialClock;
}

export class AgentShard {
  readonly run: string;
  /** The job's id, which is its key in the queue. */
  readonly job: string;
  /** Resolves when nothing of it is left. */
  readonly over: Promise<void>;
  readonly #job: Job<ShardJob>;
  readonly #ground: ShardGround;
  readonly #ending = new AbortController();
  #child: Child | null = null;
  #isClosing = false;
  #followed: ShardResult['clock'] = null;
  #told: Promise<unknown> = Promise.resolve();
  #onResult: (result: ShardResult | null) => void = () => {};
  #onFailure: (error: Error) => void = () => {};
  #onOver: () => void = () => {};

  constructor(job: Job<ShardJob>, ground: ShardGround) {
    this.#job = job;
    this.#ground = ground;
    this.run = job.data.run;
    this.job = job.id ?? '';
    this.over = new Promise((resolve) => {
      this.#onOver = resolve;
    });
  }

  /** Runs it to its result, `null` when it was closed before; the child stays until it is told to close. Rejects with how it failed. */
  async work(): Promise<ShardResult | null> {
    const result = new Promise<ShardResult | null>((resolve, reject) => {
      this.#onResult = resolve;
      this.#onFailure = reject;
    });
    result.catch(() => {}); // It may fail before anyone waits.
    void this.#live().then(() => this.#onResult(null));
    return result;
  }

  /** Ends it now, because of this. */
  abort(why: string): void {
    this.#onFailure(new Error(why));
    this.#ending.abort();
  }

  async #live(): Promise<void> {
    try {
      checkTarget(this.#job.data.plan.target, this.#ground.allows);
      const clock = await this.#ground.clock.follow();
      if (clock === null) throw new Error('had no answer when it asked for the time of the run');
      const child = await startShard(this.#job.data.plan, { ...this.#ground, clock });
      this.#child = child;
      child.onMessage((message) => this.#hear(message as ShardReport));
      void child.exited.then((exit) => {
        if (!this.#isClosing) this.abort(`lost its shard (${describeExit(exit)})`);
      });
      await this.#obey(child);
    } catch (error) {
      this.#onFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      await this.#child?.stop(0);
      // How it failed is told by the job; that it did as it was told, here.
      if (this.#isClosing) this.#tell({ type: 'gone' });
      await within(this.#told, tellingMs);
      this.#ground.listener.disconnect();
      this.#onOver();
    }
  }

  /** Hands on every command from the trial's first; returns after the last one, or when it is ended. */
  async #obey(child: Child): Promise<void> {
    const { listener } = this.#ground;
    const { trial, plan } = this.#job.data;
    const { signal } = this.#ending;
    // A command to a Redis that is away waits for it, and clients must not go on meanwhile.
    const ending = new Promise<null>((resolve) => {
      if (signal.aborted) resolve(null);
      signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    for (let from = '0'; !signal.aborted; ) {
      const reading = listener.xread('BLOCK', blockMs, 'STREAMS', keys.commands(trial), from);
      reading.catch(() => {}); // Cut off when nobody listens any more.
      const read = await Promise.race([reading, ending]);
      for (const [id, fields] of read?.[0]?.[1] ?? []) {
        from = id;
        const entry = new Map(pairs(fields ?? []));
        const group = entry.get(groupField);
        if (group !== undefined && group !== plan.group) continue;
        const command = JSON.parse(entry.get(commandField) ?? '') as ShardCommand;
        if (command.type === 'rehearse') await reachAll(plan.target.addresses);
        await this.#mindClock(command, child);
        this.#isClosing = command.type === 'close';
        child.send(command);
        if (!this.#isClosing) continue;
        await endsOrStop(child);
        return;
      }
    }
  }

  /** Reads the run's clock before what is measured, and after. */
  async #mindClock({ type }: ShardCommand, child: Child): Promise<void> {
    const { clock } = this.#ground;
    if (type === 'finish') this.#followed = await clock.conclude();
    if (type !== 'read-clock') return;
    const offset = await clock.follow();
    if (offset !== null) child.send({ type: 'clock', offset } satisfies ShardCommand);
  }

  #hear(report: ShardReport): void {
    if (report.type === 'result') void this.#told.then(() => this.#onResult({ ...report, clock: this.#followed }));
    else this.#tell(report);
  }

  /** In order; what cannot be told any more concerns nobody. */
  #tell(progress: JobProgress): void {
    this.#told = this.#told.then(() => this.#job.updateProgress(progress)).catch(() => {});
  }
}

function pairs(fields: readonly string[]): [string, string][] {
  return fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : []));
}

/** What is looked at before it is believed. Any other kind names a file whose code is to be run. */
const allowedTarget = z.object({
  kind: z.literal('reference'),
  addresses: z.array(z.object({ host: z.string(), port: z.number().int().positive() })).nonempty(),
});

/** Whoever can write to Redis could send load anywhere, or have any code run: the agent's own word decides. Throws what it refuses. */
export function checkTarget(target: unknown, allows: readonly string[]): void {
  const { success, data } = allowedTarget.safeParse(target);
  if (!success) throw new Error('runs clients of the reference servers alone; expected a target of theirs');
  const { addresses } = data;
  const refused = addresses.find(({ host }) => !isLoopback(host) && !allows.includes(host));
  if (refused !== undefined) throw new Error(`puts no load on ${refused.host}; expected --allow-host of it`);
}

/** A target that cannot be reached is told at once, not by each client's time-out. */
async function reachAll(addresses: readonly Address[]): Promise<void> {
  await Promise.all(addresses.map(reach));
}

function reach({ host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: reachMs });
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`cannot reach ${host}:${port} (${why})`));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail(`no answer in ${reachMs / 1_000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  });
}
