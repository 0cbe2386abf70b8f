// What the shards logged of stale screens → a series of the timeline: the share of all screens that were stale, a value a step.
import type { ShardResult } from '../swarm/shard-contract.ts';
import { staleStepUs } from '../swarm/stale-log.ts';

/** Of all screens' time in the whole steps of 100 ms between two moments, µs of the window, the share that was stale; `null` without such a step. */
export function staleShareBetween(
  shards: readonly Pick<ShardResult, 'staleUs'>[],
  { clients, fromUs, untilUs }: { readonly clients: number; readonly fromUs: number; readonly untilUs: number },
): number | null {
  const [first, end] = [Math.ceil(fromUs / staleStepUs), Math.floor(untilUs / staleStepUs)];
  if (end <= first) return null;
  const logged = shards.flatMap(({ staleUs }) => staleUs.slice(first, end));
  return logged.reduce((sum, us) => sum + us, 0) / (clients * (end - first) * staleStepUs);
}

/** Shares from 0 to 1 over the window; `clients` are those of all shards. */
export function staleSeries(
  shards: readonly Pick<ShardResult, 'staleUs'>[],
  { clients, windowUs, stepUs }: { readonly clients: number; readonly windowUs: number; readonly stepUs: number },
): number[] {
  const width = stepUs / staleStepUs;
  return Array.from({ length: Math.floor(windowUs / stepUs) }, (_, step) => {
    const logged = shards.flatMap(({ staleUs }) => staleUs.slice(step * width, (step + 1) * width));
    return Number((logged.reduce((sum, us) => sum + us, 0) / (clients * stepUs)).toFixed(4));
  });
}
