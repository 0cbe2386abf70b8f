// The contract of where shards run: here as children, or on agents. In: planned shards. Out: a handle to each, and one voice for all.
import type { FreshetError } from '../contract/errors.ts';
import type { Limits } from '../contract/limits.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Child } from '../services/child.ts';
import type { ShardCommand, ShardGroup, ShardPlan, ShardReport } from './shard-contract.ts';

/** A place for some of the clients: this machine, or an agent. */
export interface Seat {
  /** `null`: this machine. */
  readonly agent: { readonly name: string; readonly version: string } | null;
  /** The machine it is on: agents of one machine share its ports. */
  readonly host: string;
  readonly limits: Limits;
  /** Clients it can carry, at most; clients are dealt in this proportion. */
  readonly carries: number;
}

/** One shard as it runs somewhere. */
export interface ShardHandle {
  readonly name: string;
  readonly group: ShardGroup;
  readonly clients: number;
  /** Name of the agent that runs it; `null`: this machine. */
  readonly agent: string | null;
  /** Called with each report, those before this call included. One listener. */
  onReport(listener: (report: ShardReport) => void): void;
  /** Resolves with how it ended, whoever ended it: `SIGKILL`, or `was not heard of for 5 s`. */
  readonly ended: Promise<string>;
  /** It was told to close and ends by itself; one that does not is made to. */
  stop(): Promise<void>;
}

export interface RunningShards {
  readonly handles: readonly ShardHandle[];
  /** Those that are children of ours: their end is the run's. */
  readonly children: readonly Child[];
  /** Resolves when no shard can be reached any more, with the reason; never for children. */
  readonly lost: Promise<FreshetError>;
  /** Tells all shards, or those of one group, in the order of the calls. */
  tell(command: ShardCommand, group?: ShardGroup): void;
  /** Forgets what was told. All shards are stopped. */
  close(): Promise<void>;
}

export interface Executor {
  /** Lets all shards hear of a common moment before it comes. */
  readonly leadUs: number;
  /** Places for the clients of the next trial, at least one. Throws `environment` when they cannot carry them. */
  seats(plan: TrialPlan): Promise<readonly Seat[]>;
  /** Starts them and hands each its plan; resolves when they wait for a common start. `within`: words before the command of a vanishing shard. */
  start(plans: readonly ShardPlan[], within: readonly string[]): Promise<RunningShards>;
}
