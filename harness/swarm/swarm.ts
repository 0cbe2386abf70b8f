// The whole swarm, run locally: shards as processes with a common start, and a canary shard beside them.
// In: a trial's plan. Out: where all clients stand, and at rest one result a shard.
import { FreshetError } from '../contract/errors.ts';
import type { Limits } from '../contract/limits.ts';
import type { Update } from '../plan/arrivals.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { type Child, startChild } from '../services/child.ts';
import type { Guard } from '../services/guard.ts';
import type { TargetPlan } from '../targets/target-plan.ts';
import type { Loss } from './connection.ts';
import type { ShardCommand, ShardGroup, ShardProgress, ShardReport, ShardResult } from './shard-contract.ts';
import { planShards } from './shard-plans.ts';

export interface SwarmState {
  readonly connected: number;
  readonly holding: number;
  readonly behind: number;
  readonly outstanding: number;
  readonly gaveUp: number;
  /** Attempts that were answered 401, 403 or 429, and the last of these. */
  readonly barred: number;
  readonly barredBy: number;
}

export interface SwarmResults {
  readonly shards: readonly ShardResult[];
  /** `null` where there are too few clients for canaries. */
  readonly canary: ShardResult | null;
}

interface RunningShard {
  readonly child: Child;
  readonly group: ShardGroup;
  isRehearsed: boolean;
  progress: ShardProgress | null;
  result: ShardResult | null;
}

export class Swarm {
  readonly children: readonly Child[];
  /** Resolves when the code of a target file has failed in a shard. */
  readonly broken: Promise<FreshetError>;
  readonly #shards: readonly RunningShard[];
  #onBroken: (error: FreshetError) => void = () => {};
  #onChange: () => void = () => {};

  private constructor(shards: readonly RunningShard[]) {
    this.#shards = shards;
    this.children = shards.map(({ child }) => child);
    this.broken = new Promise((resolve) => {
      this.#onBroken = resolve;
    });
    for (const shard of shards) shard.child.onMessage((message) => this.#hear(shard, message as ShardReport));
  }

  /** Starts all shards and hands them their plans; they wait for `connect`. */
  static async start(options: {
    guard: Guard;
    bundle: string;
    plan: TrialPlan;
    target: TargetPlan;
    limits: Limits;
    /** Words that, before a command, run it where the vanishing clients are. */
    within?: readonly string[];
  }): Promise<Swarm> {
    const plans = planShards(options.plan, options.target, options.limits);
    const children = await Promise.all(
      plans.map(({ name, group }) => {
        const words = [process.execPath, '--enable-source-maps', options.bundle];
        const [command = '', ...args] = group === 'vanishing' ? [...(options.within ?? []), ...words] : words;
        return startChild({ guard: options.guard, name, command, args, ipc: true });
      }),
    );
    const swarm = new Swarm(
      plans.map((plan, index) => ({
        child: children[index] as Child,
        group: plan.group,
        isRehearsed: false,
        progress: null,
        result: null,
      })),
    );
    plans.forEach((plan, index) => {
      children[index]?.send({ type: 'plan', plan } satisfies ShardCommand);
    });
    return swarm;
  }

  /** Where all clients stand, by the shards' last word (at most 0.2 s old). A shard that said nothing yet counts as behind. */
  get state(): SwarmState {
    const state = { connected: 0, holding: 0, behind: 0, outstanding: 0, gaveUp: 0, barred: 0, barredBy: 0 };
    for (const { progress } of this.#shards) {
      state.connected += progress?.connected ?? 0;
      state.holding += progress?.holding ?? 0;
      state.behind += progress?.behind ?? 1;
      state.outstanding += progress?.outstanding ?? 1;
      state.gaveUp += progress?.gaveUp ?? 0;
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

  connect(atUs: number): void {
    this.#tell({ type: 'connect', atUs });
  }

  /** Tells the schedule. What shards said before they knew it no longer counts. */
  expect(updates: readonly Update[], inWindow: boolean): void {
    for (const shard of this.#shards) shard.progress = null;
    this.#tell({ type: 'updates', updates, inWindow });
  }

  openWindow(startUs: number, endUs: number): void {
    this.#tell({ type: 'window', startUs, endUs });
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
    this.#tell({ type: 'vanish' }, ({ group }) => group === 'vanishing');
  }

  /** All clients go for good; resolves when none is connected. */
  async leave(): Promise<void> {
    for (const shard of this.#shards) shard.progress = null;
    this.#tell({ type: 'leave' });
    await this.until(({ connected }) => connected === 0);
  }

  quiesce(): void {
    for (const shard of this.#shards) shard.progress = null;
    this.#tell({ type: 'quiesce' });
  }

  /** Resolves when the state is as asked. */
  until(condition: (state: SwarmState) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (!this.#shards.every(({ progress }) => progress !== null) || !condition(this.state)) return;
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
      canary: results.find(({ group }) => group === 'canary') ?? null,
    };
  }

  /** Closes all connections and ends the shards. */
  async stop(): Promise<void> {
    this.#tell({ type: 'close' });
    await Promise.all(this.#shards.map(({ child }) => endsOrStop(child)));
  }

  #every(condition: (shard: RunningShard) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (this.#shards.every(condition)) resolve();
      };
    });
  }

  #tell(command: ShardCommand, whom: (shard: RunningShard) => boolean = () => true): void {
    for (const shard of this.#shards) if (whom(shard)) shard.child.send(command);
  }

  #hear(shard: RunningShard, report: ShardReport): void {
    if (report.type === 'broken') this.#onBroken(new FreshetError('input', report.problem));
    if (report.type === 'rehearsed') shard.isRehearsed = true;
    if (report.type === 'progress') shard.progress = report;
    if (report.type === 'result') shard.result = report;
    this.#onChange();
  }
}

/** It was told to close and ends by itself; one that does not is made to. */
async function endsOrStop(child: Child): Promise<void> {
  const timer = setTimeout(() => child.stop(0).catch(() => {}), 2_000);
  await child.exited;
  clearTimeout(timer);
}
