// The whole swarm of a trial, wherever its shards run: a common start, and one voice for all.
// In: a trial's plan and who executes it. Out: where all clients stand, and at rest one result a shard.
import { FreshetError } from '../contract/errors.ts';
import type { Update } from '../plan/arrivals.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Child } from '../services/child.ts';
import type { TargetPlan } from '../targets/target-plan.ts';
import type { Loss } from './connection.ts';
import type { Executor, RunningShards, Seat, ShardHandle } from './executor.ts';
import type {
  ActionsReport,
  ShardCommand,
  ShardGroup,
  ShardProgress,
  ShardReport,
  ShardResult,
} from './shard-contract.ts';
import { planShards } from './shard-plans.ts';

export interface SwarmState {
  readonly connected: number;
  readonly holding: number;
  readonly behind: number;
  readonly outstanding: number;
  readonly gaveUp: number;
  /** Clients of shards that were lost: nothing more will be heard of them. */
  readonly lost: number;
  /** Attempts that were answered 401, 403 or 429, and the last of these. */
  readonly barred: number;
  readonly barredBy: number;
  /** Actions that are planned and not at their end. */
  readonly acting: number;
}

export interface SwarmResults {
  /** All but the canaries. */
  readonly shards: readonly ShardResult[];
  /** One on each machine; none where there are too few clients for canaries. */
  readonly canaries: readonly ShardResult[];
  /** Shards whose counts are not among these. Only agents can be lost and leave a trial behind. */
  readonly lost: readonly LostShard[];
}

export interface LostShard {
  readonly name: string;
  readonly group: ShardGroup;
  readonly agent: string;
  readonly clients: number;
  /** How it ended, as in `ended (SIGKILL)`. */
  readonly how: string;
}

interface FollowedShard {
  readonly handle: ShardHandle;
  hasReadClock: boolean;
  isRehearsed: boolean;
  /** Commands it was told, and how many of them a progress must know of to count. */
  told: number;
  mustHaveHeard: number;
  progress: ShardProgress | null;
  actions: ActionsReport | null;
  result: ShardResult | null;
  lostBy: string | null;
}

export interface SwarmOptions {
  readonly executor: Executor;
  readonly plan: TrialPlan;
  readonly target: TargetPlan;
  /** Words that, before a command, run it where the vanishing clients are. */
  readonly within?: readonly string[];
}

export class Swarm {
  /** Shards that are children of ours. */
  readonly children: readonly Child[];
  /** Resolves when the code of a target file has failed in a shard, or no shard is left. */
  readonly broken: Promise<FreshetError>;
  /** Where the clients were dealt to, with how many each got. */
  readonly seats: readonly (Seat & { readonly clients: number })[];
  /** See `Executor`. */
  readonly leadUs: number;
  readonly #running: RunningShards;
  readonly #shards: readonly FollowedShard[];
  #isClosing = false;
  #onBroken: (error: FreshetError) => void = () => {};
  #onChange: () => void = () => {};

  private constructor(running: RunningShards, seats: Swarm['seats'], leadUs: number) {
    this.#running = running;
    this.seats = seats;
    this.leadUs = leadUs;
    this.children = running.children;
    this.broken = new Promise((resolve) => {
      this.#onBroken = resolve;
    });
    void running.lost.then(this.#onBroken);
    this.#shards = running.handles.map((handle) => ({
      handle,
      hasReadClock: false,
      isRehearsed: false,
      told: 0,
      mustHaveHeard: 0,
      progress: null,
      actions: null,
      result: null,
      lostBy: null,
    }));
    for (const shard of this.#shards) {
      shard.handle.onReport((report) => this.#hear(shard, report));
      // The end of a child is the run's, and told by who watches it.
      if (shard.handle.agent !== null) void shard.handle.ended.then((how) => this.#lose(shard, how));
    }
  }

  /** Starts all shards and hands them their plans; they wait for `connect`. */
  static async start({ executor, plan, target, within = [] }: SwarmOptions): Promise<Swarm> {
    const seats = await executor.seats(plan);
    const plans = planShards(plan, target, seats);
    const running = await executor.start(plans, within);
    const dealt = seats.map((seat) => ({
      ...seat,
      clients: plans.reduce(
        (sum, { agent, ranks }) => (agent === (seat.agent?.name ?? null) ? sum + ranks.length : sum),
        0,
      ),
    }));
    return new Swarm(running, dealt, executor.leadUs);
  }

  /** Where all clients stand, by the shards' last word (at most 0.2 s old). A shard that said nothing yet counts as behind. */
  get state(): SwarmState {
    const noneBarred = { barred: 0, barredBy: 0 };
    const state = { connected: 0, holding: 0, behind: 0, outstanding: 0, gaveUp: 0, lost: 0, ...noneBarred, acting: 0 };
    for (const { progress, lostBy, handle } of this.#shards) {
      if (lostBy !== null) {
        state.lost += handle.clients;
        continue;
      }
      state.connected += progress?.connected ?? 0;
      state.holding += progress?.holding ?? 0;
      state.behind += progress?.behind ?? 1;
      state.outstanding += progress?.outstanding ?? 1;
      state.gaveUp += progress?.gaveUp ?? 0;
      state.acting += progress?.acting ?? 1;
      state.barred += progress?.barred ?? 0;
      state.barredBy = progress?.barredBy || state.barredBy;
    }
    return state;
  }

  /** Lets servers and shards run warm; resolves when all shards are done. */
  async rehearse(): Promise<void> {
    const all = this.#every(({ isRehearsed }) => isRehearsed);
    this.#tell({ type: 'rehearse' });
    await all;
  }

  /** Lets agents read our clock shortly before it matters; resolves when all have. */
  async readClocks(): Promise<void> {
    const all = this.#every(({ hasReadClock }) => hasReadClock);
    this.#tell({ type: 'read-clock' });
    await all;
  }

  connect(atUs: number): void {
    this.#tell({ type: 'connect', atUs });
  }

  /** Tells the schedule. What shards said before they knew it no longer counts. */
  expect(updates: readonly Update[], inWindow: boolean): void {
    this.#tellAnew({ type: 'updates', updates, inWindow });
  }

  openWindow(startUs: number, endUs: number): void {
    this.#tell({ type: 'window', startUs, endUs });
  }

  /** All clients act within this span, each at its own times. */
  act(span: { readonly startUs: number; readonly endUs: number }): void {
    this.#tellAnew({ type: 'act', ...span });
  }

  /** What was made of the actions since this was last asked; those that are not answered by now are given up. */
  async takeActions(): Promise<ActionsReport[]> {
    for (const shard of this.#shards) shard.actions = null;
    const all = this.#every(({ actions }) => actions !== null);
    this.#tell({ type: 'tell-actions' });
    await all;
    return this.#shards.flatMap(({ actions }) => actions ?? []);
  }

  /** The network takes all clients' connections away. */
  lose(how: Loss): void {
    this.#tell({ type: 'lose', how });
  }

  /** A service that was away is back since then. */
  serviceBack(atUs: number): void {
    this.#tell({ type: 'service-back', atUs });
  }

  /** Those who are to vanish do. */
  vanish(): void {
    this.#tell({ type: 'vanish' }, 'vanishing');
  }

  /** All clients go for good; resolves when none is connected. */
  async leave(): Promise<void> {
    this.#tellAnew({ type: 'leave' });
    await this.until(({ connected }) => connected === 0);
  }

  quiesce(): void {
    this.#tellAnew({ type: 'quiesce' });
  }

  /** Resolves when the state is as asked. */
  until(condition: (state: SwarmState) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (!this.#living.every(({ progress }) => progress !== null) || !condition(this.state)) return;
        this.#onChange = () => {};
        resolve();
      };
      this.#onChange();
    });
  }

  /** The results of all shards. Everything should be at rest. */
  async finish(): Promise<SwarmResults> {
    const all = this.#every(({ result }) => result !== null);
    this.#tell({ type: 'finish' });
    await all;
    const results = this.#shards.flatMap(({ result }) => result ?? []);
    return {
      shards: results.filter(({ group }) => group !== 'canary'),
      canaries: results.filter(({ group }) => group === 'canary'),
      lost: this.#shards.flatMap(({ handle: { name, group, agent, clients }, lostBy: how, result }) =>
        agent === null || how === null || result !== null ? [] : { name, group, agent, clients, how },
      ),
    };
  }

  /** Closes all connections and ends the shards. */
  async stop(): Promise<void> {
    this.#isClosing = true;
    this.#tell({ type: 'close' });
    await Promise.all(this.#shards.map(({ handle }) => handle.stop()));
    await this.#running.close();
  }

  get #living(): readonly FollowedShard[] {
    return this.#shards.filter(({ lostBy }) => lostBy === null);
  }

  #every(condition: (shard: FollowedShard) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (this.#living.every(condition)) resolve();
      };
    });
  }

  /** What they say of how they stand counts again when they have heard this. */
  #tellAnew(command: ShardCommand): void {
    this.#tell(command);
    for (const shard of this.#shards) {
      shard.progress = null;
      shard.mustHaveHeard = shard.told;
    }
  }

  #tell(command: ShardCommand, group?: ShardGroup): void {
    for (const shard of this.#shards) if (group === undefined || shard.handle.group === group) shard.told += 1;
    this.#running.tell(command, group);
  }

  #hear(shard: FollowedShard, report: ShardReport): void {
    if (report.type === 'broken') this.#onBroken(new FreshetError('input', report.problem));
    if (report.type === 'clock-read') shard.hasReadClock = true;
    if (report.type === 'rehearsed') shard.isRehearsed = true;
    if (report.type === 'progress' && report.heard >= shard.mustHaveHeard) shard.progress = report;
    if (report.type === 'actions') shard.actions = report;
    if (report.type === 'result') shard.result = report;
    this.#onChange();
  }

  #lose(shard: FollowedShard, how: string): void {
    if (this.#isClosing) return;
    shard.lostBy = how;
    if (this.#living.length === 0) {
      const ends = new Set(this.#shards.map(({ handle, lostBy }) => `${handle.agent} ${lostBy}`));
      this.#onBroken(new FreshetError('environment', `no agent of the trial is left: ${[...ends].join('; ')}`));
    } else this.#onChange();
  }
}
