// A shard that an agent runs, as the run sees it: reports out of BullMQ's events, and the silence of those that are gone.
import { Mailbox } from '../services/mailbox.ts';
import type { ShardHandle } from '../swarm/executor.ts';
import type { ShardCommand, ShardGroup, ShardPlan, ShardReport, ShardResult } from '../swarm/shard-contract.ts';
import type { JobProgress } from './job.ts';
import { Silence } from './silence.ts';

/** A shard that has begun says how it stands five times a second. */
const silenceUs = 5_000_000;
/** To start, to rehearse, to sum up: on a busy machine too. */
const answerUs = 15_000_000;
const goneMs = 3_000;

interface Owed {
  readonly type: ShardReport['type'];
  readonly withinUs: number;
}

export class RemoteShard implements ShardHandle {
  readonly name: string;
  readonly group: ShardGroup;
  readonly clients: number;
  readonly agent: string;
  readonly job: string;
  readonly ended: Promise<string>;
  /** Resolves when it waits for a common start, or has ended. */
  readonly ready: Promise<void>;
  readonly #reports = new Mailbox<ShardReport>();
  /** What it owes us, and how long it may take. */
  #owes: Owed | null = { type: 'ready', withinUs: answerUs };
  readonly #silence = new Silence();
  #hasEnded = false;
  #onEnded: (how: string) => void = () => {};
  #onReady: () => void = () => {};

  constructor(plan: ShardPlan, agent: string, job: string) {
    this.name = plan.name;
    this.group = plan.group;
    this.clients = plan.ranks.length;
    this.agent = agent;
    this.job = job;
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
  }

  onReport(listener: (report: ShardReport) => void): void {
    this.#reports.listen(listener);
  }

  /** Notes what a command asks of it. */
  told({ type }: ShardCommand): void {
    if (type === 'rehearse') this.#await({ type: 'rehearsed', withinUs: answerUs });
    if (type === 'connect') this.#await({ type: 'progress', withinUs: silenceUs });
    if (type === 'read-clock') this.#await({ type: 'clock-read', withinUs: answerUs });
    if (type === 'finish') this.#await({ type: 'result', withinUs: answerUs });
  }

  hear(report: JobProgress | ShardResult): void {
    if (report.type === 'gone') {
      this.end('is gone');
      return;
    }
    if (report.type === 'ready') this.#onReady();
    if (report.type === this.#owes?.type) this.#await(owedAfter(report.type));
    this.#reports.deliver(report);
  }

  /** Looks whether it has been silent for too long. */
  check(): void {
    if (this.#owes === null) return;
    const silentUs = this.#silence.look();
    if (silentUs > this.#owes.withinUs) this.end(`was not heard of for ${Math.round(silentUs / 1e6)} s`);
  }

  end(how: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onReady();
    this.#onEnded(how);
  }

  #await(owed: Owed | null): void {
    this.#owes = owed;
    this.#silence.restart();
  }

  /** Its agent was told to close it, and says when it has. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.end('did not close'), goneMs);
    await this.ended;
    clearTimeout(timer);
  }
}

/** Clocks are read while it says how it stands, and that goes on; after anything else it waits for a command. */
function owedAfter(type: JobProgress['type'] | 'result'): Owed | null {
  if (type !== 'progress' && type !== 'clock-read') return null;
  return { type: 'progress', withinUs: silenceUs };
}
