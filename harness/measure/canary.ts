// The generator's own error: canary clients sit in a process of their own, at even ranks among the others;
// what the swarm saw later than the canary beside it is the swarm's doing.
import type { Sample } from '../swarm/ledger.ts';
import type { SwarmResults } from '../swarm/swarm.ts';
import { type Estimate, estimateMean, mean } from './estimate.ts';

/**
 * The error of each machine that runs shards, by the name of its agent (`null`: this machine). Nobody is compared with clients of another
 * machine, so neither its clock nor its network is taken for the generator's error. `null` where no canary saw what a neighbour saw.
 */
export function generatorErrors(
  { shards, canaries }: Pick<SwarmResults, 'shards' | 'canaries'>,
  distance: number,
): Map<string | null, Estimate | null> {
  const errors = canaries.map(({ agent, samples }) => {
    const beside = shards.filter((shard) => shard.agent === agent).flatMap((shard) => shard.samples);
    return [agent, estimateGeneratorError(samples, beside, distance)] as const;
  });
  return new Map(errors);
}

/** The one that is greatest for certain: among many, the greatest alone would often be chance. */
export function worstError(errors: Iterable<Estimate | null>): Estimate | null {
  const certain = ({ value, margin }: Estimate) => Math.abs(value) - (margin ?? Math.abs(value));
  return [...errors]
    .filter((error) => error !== null)
    .reduce<Estimate | null>((worst, each) => (worst !== null && certain(worst) >= certain(each) ? worst : each), null);
}

/**
 * Mean of (neighbours' observation − canary's) in µs over all canary observations that have a neighbour with the same key
 * (version or tick) at the next lower or higher rank, `distance` ranks away; `null` when there are none.
 *
 * One broadcast is one observation, however many canaries saw it: what delays one of them delays them all. So the margin comes
 * from the differences between keys, and is unknown where there is one key only.
 */
export function estimateGeneratorError(
  canary: readonly Sample[],
  swarm: readonly Sample[],
  distance: number,
): Estimate | null {
  const seen = new Map(swarm.map(({ rank, key, us }) => [`${rank}:${key}`, us]));
  const byBroadcast = new Map<string, number[]>();
  for (const { rank, key, us } of canary) {
    const neighbours = [seen.get(`${rank - distance}:${key}`), seen.get(`${rank + distance}:${key}`)].filter(
      (value) => value !== undefined,
    );
    if (neighbours.length === 0) continue;
    // The same version of another dashboard, or on another node, is another broadcast.
    const broadcast = `${rank % distance}:${key}`;
    byBroadcast.set(broadcast, [...(byBroadcast.get(broadcast) ?? []), mean(neighbours) - us]);
  }
  return estimateMean([...byBroadcast.values()].map(mean));
}
