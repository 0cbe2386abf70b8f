// A shard that an agent runs, as the run sees it: reports out of BullMQ's events, and the silence of those that are gone.
import { nowUs } from '../contract/clock.ts';
import { Mailbox } from '../services/mailbox.ts';
import type { ShardHandle } from '../swarm/executor.ts';
import type { ShardCommand, ShardGroup, ShardPlan, ShardReport, ShardResult } from '../swarm/shard-contract.ts';
import type { JobProgress } from './job.ts';

/** A shard that has begun says how it stands five times a second. */
const silenceUs = 5_000_000;
/** To start, to rehearse, to sum up: on a busy machine too. */
const answerUs = 15_000_000;
const goneMs = 3_000;

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
  /** What it owes us, since when, and for how long. */
  #owes: { readonly type: ShardReport['type']; readonly sinceUs: number; readonly forUs: number } | null;
  #hasEnded = false;
  #onEnded: (how: string) => void = () => {};
  #onReady: () => void = () => {};

  constructor(plan: ShardPlan, agent: string, job: string) {
    this.name = plan.name;
    this.group = plan.group;
    this.clients = plan.ranks.length;
    this.agent = agent;
    this.job = job;
    this.#owes = { type: 'ready', sinceUs: nowUs(), forUs: answerUs };
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
    const owes = (report: ShardReport['type'], forUs: number) => ({ type: report, sinceUs: nowUs(), forUs });
    if (type === 'rehearse') this.#owes = owes('rehearsed', answerUs);
    if (type === 'connect') this.#owes = owes('progress', silenceUs);
    if (type === 'read-clock') this.#owes = owes('clock-read', answerUs);
    if (type === 'finish') this.#owes = owes('result', answerUs);
  }

  hear(report: JobProgress | ShardResult): void {
    if (report.type === 'gone') {
      this.end('is gone');
      return;
    }
    if (report.type === 'ready') this.#onReady();
    if (report.type === this.#owes?.type) this.#owes = owedAfter(report.type);
    this.#reports.deliver(report);
  }

  /** Looks whether it has been silent for too long. */
  check(): void {
    if (this.#owes === null) return;
    const silentUs = nowUs() - this.#owes.sinceUs;
    if (silentUs > this.#owes.forUs) this.end(`was not heard of for ${Math.round(silentUs / 1e6)} s`);
  }

  end(how: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onReady();
    this.#onEnded(how);
  }

  /** Its agent was told to close it, and says when it has. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.end('did not close'), goneMs);
    await this.ended;
    clearTimeout(timer);
  }
}

/** Clocks are read while it says how it stands, and that goes on; after anything else it waits for a command. */
function owedAfter(type: JobProgress['type'] | 'result') {
  if (type !== 'progress' && type !== 'clock-read') return null;
  return { type: 'progress', sinceUs: nowUs(), forUs: silenceUs } as const;
}
