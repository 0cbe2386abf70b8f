// Shards as children of this process: commands and reports over Node's IPC channel.

import os from 'node:os';
import type { ClockOffset } from '../contract/clock.ts';
import type { Limits } from '../contract/limits.ts';
import { type Child, describeExit, startChild } from '../services/child.ts';
import type { Guard } from '../services/guard.ts';
import type { Executor, RunningShards, ShardHandle } from './executor.ts';
import type { ShardCommand, ShardPlan, ShardReport } from './shard-contract.ts';

/** Lets the processes of one machine hear of a common moment before it comes. */
const leadUs = 150_000;
/** From the word to close until a shard is ended by force. */
const closingMs = 2_000;

/** What this machine can carry was looked at before: all clients are dealt to it. */
export function localExecutor(options: {
  readonly guard: Guard;
  readonly bundle: string;
  readonly limits: Limits;
}): Executor {
  const { guard, bundle, limits } = options;
  return {
    leadUs,
    seats: async () => [{ agent: null, host: os.hostname(), limits, carries: Number.MAX_SAFE_INTEGER }],
    async start(plans, within): Promise<RunningShards> {
      const children = await Promise.all(plans.map((plan) => startShard(plan, { guard, bundle, within })));
      const handles = plans.map((plan, index) => new LocalShard(plan, children[index] as Child));
      return {
        handles,
        children,
        lost: new Promise(() => {}),
        tell: (command, group) => {
          for (const handle of handles) if (group === undefined || handle.group === group) handle.send(command);
        },
        close: async () => {},
      };
    },
  };
}

/** Starts one shard as a child, for an executor or an agent; it has its plan, the clock to follow, and waits for commands. */
export async function startShard(
  plan: ShardPlan,
  {
    guard,
    bundle,
    within = [],
    clock = null,
  }: { guard: Guard; bundle: string; within?: readonly string[]; clock?: ClockOffset | null },
): Promise<Child> {
  const words = [process.execPath, '--enable-source-maps', bundle];
  const [command = '', ...args] = plan.group === 'vanishing' ? [...within, ...words] : words;
  const child = await startChild({ guard, name: plan.name, command, args, ipc: true });
  // Before anything reads it.
  if (clock !== null) child.send({ type: 'clock', offset: clock } satisfies ShardCommand);
  child.send({ type: 'plan', plan } satisfies ShardCommand);
  return child;
}

/** It was told to close and ends by itself; one that does not is made to. */
export async function endsOrStop(child: Child): Promise<void> {
  const timer = setTimeout(() => child.stop(0).catch(() => {}), closingMs);
  await child.exited;
  clearTimeout(timer);
}

class LocalShard implements ShardHandle {
  readonly name: string;
  readonly group: ShardPlan['group'];
  readonly clients: number;
  readonly agent = null;
  readonly ended: Promise<string>;
  readonly #child: Child;

  constructor({ name, group, ranks }: ShardPlan, child: Child) {
    this.name = name;
    this.group = group;
    this.clients = ranks.length;
    this.#child = child;
    this.ended = child.exited.then(describeExit);
  }

  send(command: ShardCommand): void {
    this.#child.send(command);
  }

  onReport(listener: (report: ShardReport) => void): void {
    this.#child.onMessage((message) => listener(message as ShardReport));
  }

  stop(): Promise<void> {
    return endsOrStop(this.#child);
  }
}
