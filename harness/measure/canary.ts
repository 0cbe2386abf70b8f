// The generator's own error: canary clients sit in a process of their own, at even ranks among the others;
// what the swarm saw later than the canary beside it is the swarm's doing.
import type { Sample } from '../swarm/ledger.ts';

/**
 * Mean of (neighbours' observation − canary's) in µs over all canary observations that have a neighbour with the same key
 * (version or tick) at the next lower or higher rank, `distance` ranks away; `null` when there are none.
 */
export function generatorErrorUs(canary: readonly Sample[], swarm: readonly Sample[], distance: number): number | null {
  const seen = new Map(swarm.map(({ rank, key, us }) => [`${rank}:${key}`, us]));
  let sumUs = 0;
  let count = 0;
  for (const { rank, key, us } of canary) {
    const neighbours = [seen.get(`${rank - distance}:${key}`), seen.get(`${rank + distance}:${key}`)].filter(
      (value) => value !== undefined,
    );
    if (neighbours.length === 0) continue;
    sumUs += neighbours.reduce((sum, value) => sum + value, 0) / neighbours.length - us;
    count += 1;
  }
  return count === 0 ? null : sumUs / count;
}
