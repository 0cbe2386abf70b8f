// What goes through BullMQ: a shard as a job, and what its agent reports of it.
import type { ShardPlan, ShardReport, ShardResult } from '../swarm/shard-contract.ts';

export interface ShardJob {
  /** The run that must hold the claim on the agent, or the job is nobody's. */
  readonly run: string;
  /** Names the stream of commands. */
  readonly trial: string;
  readonly plan: ShardPlan;
}

/** The job's progress: the shard's own reports, but for the result, which is the job's return value; and that all is over. */
export type JobProgress = Exclude<ShardReport, ShardResult> | { readonly type: 'gone' };

/** One entry of the stream. */
export const commandField = 'command';
export const groupField = 'group';
