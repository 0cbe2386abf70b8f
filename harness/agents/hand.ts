// An agent in the hands of a run: its queue, what its jobs report, and how it was lost.
import { Queue, QueueEvents } from 'bullmq';
import type { ShardResult } from '../swarm/shard-contract.ts';
import type { JobProgress, ShardJob } from './job.ts';
import { expireQueue, type Meeting, queueName, queueOptions } from './meeting.ts';
import { type AgentCard, releaseClaim } from './registry.ts';
import type { RemoteShard } from './remote-shard.ts';

export class Hand {
  readonly card: AgentCard;
  lostBy: string | null = null;
  readonly #meeting: Meeting;
  readonly #run: string;
  readonly #queue: Queue<ShardJob>;
  readonly #events: QueueEvents;
  readonly #shards = new Map<string, RemoteShard>();

  private constructor(card: AgentCard, meeting: Meeting, run: string) {
    this.card = card;
    this.#meeting = meeting;
    this.#run = run;
    const options = { ...queueOptions, connection: meeting.connection };
    // Some seconds of reports are enough: they are read as they come.
    this.#queue = new Queue(queueName(card.id), { ...options, streams: { events: { maxLen: 1_000 } } });
    // From the first event: jobs have names of their own, and none is missed before the first is read.
    this.#events = new QueueEvents(queueName(card.id), { ...options, lastEventId: '0' });
    // That Redis is away shows in the beats.
    this.#queue.on('error', () => {});
    this.#events.on('error', () => {});
    this.#events.on('progress', ({ jobId, data }) => this.#shards.get(jobId)?.hear(data as unknown as JobProgress));
    this.#events.on('completed', ({ jobId, returnvalue }) => {
      const result = returnvalue as unknown as ShardResult | null;
      if (result !== null) this.#shards.get(jobId)?.hear(result);
    });
    this.#events.on('failed', ({ jobId, failedReason }) => this.#shards.get(jobId)?.end(failedReason));
  }

  static async open(card: AgentCard, meeting: Meeting, run: string): Promise<Hand> {
    const hand = new Hand(card, meeting, run);
    await Promise.all([hand.#queue.waitUntilReady(), hand.#events.waitUntilReady()]);
    return hand;
  }

  /** Gives it a shard. */
  async give(job: ShardJob, shard: RemoteShard): Promise<void> {
    this.#shards.set(shard.job, shard);
    const kept = { jobId: shard.job, removeOnComplete: { age: 600 }, removeOnFail: { count: 0 } };
    await this.#queue.add('shard', job, kept);
    await expireQueue(this.#meeting.client, this.card.id, [shard.job]);
  }

  /** Looks whether its shards are silent. */
  check(): void {
    for (const shard of this.#shards.values()) shard.check();
  }

  /** What it still runs ends with the run's claim on it, within a beat. */
  lose(how: string): void {
    if (this.lostBy !== null) return;
    this.lostBy = how;
    void this.#release();
    for (const shard of this.#shards.values()) shard.end(how);
  }

  /** The shard was lost, and what its agent says of it no longer counts: one that fails once does not get another. */
  async forget(shard: RemoteShard): Promise<void> {
    this.#shards.delete(shard.job);
    await this.#queue.remove(shard.job).catch(() => {}); // Locked by one that sleeps: its life is short.
  }

  async close(): Promise<void> {
    // A living agent needs its queue, and removes it itself.
    if (this.lostBy !== null) await this.#queue.obliterate({ force: true });
    await Promise.all([this.#queue.close(), this.#events.close()]);
    await this.#release();
  }

  /** Where Redis is away, the claim fades by itself. */
  async #release(): Promise<void> {
    await releaseClaim(this.#meeting.client, this.card.id, this.#run).catch(() => {});
  }
}
