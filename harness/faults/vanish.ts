// Laptops closed: a share of the clients is gone from one moment to the next, and no end of their connections is told.
import { nowUs, sleepUntilUs } from '../contract/clock.ts';
import type { VanishingPlan, VanishingWay } from '../plan/population.ts';
import type { Swarm } from '../swarm/swarm.ts';

/** What happened, and when on the monotonic clock. */
export interface Vanishing {
  readonly atUs: number;
  readonly by: VanishingWay;
  /** Bytes that waited for clients, whose ever, before; `null` where they could not be read. */
  readonly heldBeforeBytes: number | null;
}

interface Parts {
  readonly swarm: Pick<Swarm, 'vanish'>;
  readonly cut: (() => Promise<void>) | null;
  readonly readHeldBytes: () => Promise<number | null>;
}

/**
 * Lets them vanish at their moment after `startUs`: from then on nobody reads their sockets, but the kernel still acknowledges what
 * arrives; `cut` (`null`: there is none) takes their link down as well. A process that does so may be long in coming on a busy machine,
 * so they fall silent first.
 */
export async function vanish(
  plan: VanishingPlan,
  { swarm, cut, readHeldBytes }: Parts,
  startUs: number,
): Promise<Vanishing> {
  const heldBeforeBytes = await readHeldBytes();
  await sleepUntilUs(startUs + plan.atUs);
  const atUs = nowUs();
  swarm.vanish();
  await cut?.();
  return { atUs, by: cut === null ? 'freeze' : 'namespace', heldBeforeBytes };
}
