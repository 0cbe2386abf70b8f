// Laptops closed: a share of the clients is gone from one moment to the next, and no end of their connections is told.
import { nowUs, sleepUntilUs } from '../contract/clock.ts';
import type { VanishingPlan, VanishingWay } from '../plan/population.ts';
import type { Swarm } from '../swarm/swarm.ts';

/** What happened, and when on the monotonic clock. */
export interface Vanishing {
  readonly atUs: number;
  readonly by: VanishingWay;
}

/**
 * Lets them vanish at their moment after `startUs`. `cut` takes their link down; without it (`null`) nobody reads their sockets any
 * more, but the kernel still acknowledges what arrives.
 */
export async function vanish(
  plan: VanishingPlan,
  { swarm, cut }: { readonly swarm: Pick<Swarm, 'vanish'>; readonly cut: (() => Promise<void>) | null },
  startUs: number,
): Promise<Vanishing> {
  await sleepUntilUs(startUs + plan.atUs);
  await cut?.();
  const atUs = nowUs();
  swarm.vanish();
  return { atUs, by: cut === null ? 'freeze' : 'namespace' };
}
