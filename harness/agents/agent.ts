// An agent: says that it is there, takes shards as jobs of its own queue, and runs them while the run that sent them lives.
import { randomBytes } from 'node:crypto';
import { type Job, Queue, Worker } from 'bullmq';
import { FreshetError } from '../contract/errors.ts';
import { within } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { AgentShard } from './agent-shard.ts';
import type { ShardJob } from './job.ts';
import { beatMs, expireQueue, keys, lifeMs, type Meeting, queueName, queueOptions } from './meeting.ts';
import { type AgentCard, holdName, listAgents, removeCard, renewCard } from './registry.ts';
import { RunClocks } from './run-clocks.ts';
import { Silence } from './silence.ts';
import { TrialClock } from './trial-clock.ts';

/** Shards at a time: a run has a few for each agent. */
const shardsAtMost = 64;
const lockMs = 5_000;
const closingMs = 2_000;

export interface AgentOptions {
  readonly guard: Guard;
  readonly meeting: Meeting;
  readonly bundle: string;
  /** All but what the agent finds out itself. */
  readonly card: Omit<AgentCard, 'id' | 'isLeaving' | 'allows'>;
  /** Addresses beyond its loopback on which it may put load, as they are known by now. */
  readonly allows: () => Promise<readonly string[]>;
  /** When aborted, the shards that run come to their end, and no others are taken. */
  readonly signal: AbortSignal;
  /** Told what it does, a line each. */
  readonly say: (line: string) => void;
}

/** Works until it is told to leave, and its last shard is over. Throws `input` when another agent has its name. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { client } = options.meeting;
  const { name, host } = options.card;
  const id = randomBytes(4).toString('hex');
  if (!(await holdName(client, { id, name }))) {
    const other = (await listAgents(client)).find((known) => known.name === name);
    throw new FreshetError(
      'input',
      `an agent called ${name} is there already (${other?.host ?? 'it has just come'}); expected another --name`,
    );
  }
  const agent = new Agent(id, options);
  await agent.beat();
  options.say(`agent ${name} (${host}) waits for shards; it can carry ${options.card.carries} clients`);
  try {
    await agent.untilLeft();
  } finally {
    await within(agent.close(), closingMs);
  }
}

class Agent {
  readonly #options: AgentOptions;
  readonly #id: string;
  readonly #shards = new Set<AgentShard>();
  readonly #clocks: RunClocks;
  readonly #worker: Worker<ShardJob>;
  readonly #timer: NodeJS.Timeout;
  readonly #silence = new Silence();
  #isNamed = true;
  /** The run it works for, as last told. */
  #run: string | null = null;

  constructor(id: string, options: AgentOptions) {
    this.#id = id;
    this.#options = options;
    this.#clocks = new RunClocks(options.meeting.client, this.#id);
    this.#worker = new Worker<ShardJob>(queueName(this.#id), (job) => this.#work(job), {
      ...queueOptions,
      connection: options.meeting.connection,
      concurrency: shardsAtMost,
      lockDuration: lockMs,
      stalledInterval: lockMs / 2,
      maxStalledCount: 0,
      // A run that still wants to hear of it removes it itself.
      removeOnComplete: { age: 600 },
      removeOnFail: { count: 0 },
    });
    // What it fails in shows in the beats, and to the run as a lost shard.
    this.#worker.on('error', () => {});
    this.#timer = setInterval(() => void this.beat().catch(() => this.#checkBeats()), beatMs);
  }

  /** Renews the card, and looks whether the run still lives. */
  async beat(): Promise<void> {
    const { meeting, card, signal } = this.#options;
    const { client } = meeting;
    this.#checkBeats();
    const allows = [...(await this.#options.allows())];
    // Whoever was away for long may have lost its name, and stays away while another has it: a run tells agents by their names.
    const isNamed = await holdName(client, { id: this.#id, name: card.name });
    if (this.#isNamed && !isNamed)
      this.#options.say(`another agent is called ${card.name} by now; waits until it is gone`);
    this.#isNamed = isNamed;
    if (!isNamed) return;
    await renewCard(client, { ...card, id: this.#id, allows, isLeaving: signal.aborted });
    const jobs = [...this.#shards].map(({ job }) => job);
    await expireQueue(client, this.#id, jobs);
    this.#run = await client.get(keys.claim(this.#id));
    this.#silence.restart();
    this.#clocks.keepOnly(this.#run);
    for (const shard of this.#shards)
      if (shard.run !== this.#run) shard.abort('stopped it: its run is gone, or took it for lost');
  }

  /** Resolves when it was told to leave, and all shards are over. */
  async untilLeft(): Promise<void> {
    const { signal, say } = this.#options;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await within(this.beat(), beatMs);
    if (this.#shards.size > 0) say('finishing the shards that run; Ctrl-C again ends them');
    while (this.#shards.size > 0) await Promise.all([...this.#shards].map(({ over }) => over));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#clocks.keepOnly(null);
    const { meeting, card } = this.#options;
    await removeCard(meeting.client, { id: this.#id, name: card.name });
    await this.#worker.close();
    const queue = new Queue(queueName(this.#id), { ...queueOptions, connection: meeting.connection });
    queue.on('error', () => {});
    await queue.obliterate({ force: true });
    await queue.close();
  }

  async #work(job: Job<ShardJob>): Promise<unknown> {
    const { guard, bundle, meeting, say, signal } = this.#options;
    const { run, plan } = job.data;
    if (signal.aborted) throw new Error('is leaving');
    if ((await meeting.client.get(keys.claim(this.#id))) !== run) throw new Error('does not work for that run');
    const allows = await this.#options.allows();
    const shard = new AgentShard(job, {
      guard,
      bundle,
      allows,
      listener: meeting.another(),
      clock: new TrialClock(this.#clocks.of(run)),
    });
    this.#shards.add(shard);
    void shard.over.then(() => {
      this.#shards.delete(shard);
      if (this.#shards.size === 0) say('waits for shards');
    });
    say(`runs ${plan.name}: ${plan.ranks.length} clients`);
    try {
      return await shard.work();
    } catch (error) {
      say(`${plan.name}: ${error instanceof Error ? error.message : error}`);
      throw error;
    }
  }

  /** Without news of the run, its clients go: it may be dead, or take this agent for dead. */
  #checkBeats(): void {
    if (this.#silence.look() < lifeMs * 1_000) return;
    for (const shard of this.#shards) shard.abort(`stopped it: no word of its run for ${lifeMs / 1_000} s`);
  }
}
