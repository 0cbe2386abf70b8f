// What a trial does besides where some clients vanish, read slowly, or come and go: series of what the servers hold for them, the cost of a
// heartbeat, and a look at what is left when all have gone.
import { sleepUs } from '../contract/clock.ts';
import { type BeatCost, measureBeats } from '../measure/beat-cost.ts';
import { bytesHeld, type Holdings, readHoldings } from '../measure/holdings.ts';
import { type Reading, type Sources, takeReading } from '../measure/reading.ts';
import type { AllGone } from '../measure/trial-input.ts';
import { settingOf } from '../plan/contender.ts';
import { isMixed } from '../plan/population.ts';
import { leavingUs, requestTimeoutUs, type TrialPlan } from '../plan/trial-plan.ts';
import { within } from '../services/deadline.ts';
import { openConnections } from '../services/tcp-queues.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { SystemLayout } from '../targets/system.ts';

interface Parts {
  readonly layout: SystemLayout;
  readonly swarm: Swarm;
  readonly sources: Sources;
}

/** What reads the further series of the timeline; nothing where all clients are alike. */
export function holdingsReader(plan: TrialPlan, { layout, sources }: Parts): (() => Promise<Holdings>) | undefined {
  return !isMixed(plan) ? undefined : () => readHoldings(sources, queuesOf(layout));
}

/** What lets clients vanish, and looks at what waits for them. */
export function vanishingParts({ layout, swarm, sources }: Parts) {
  return {
    swarm,
    cut: layout.link?.cut ?? null,
    readHeldBytes: async () => bytesHeld(await readHoldings(sources, queuesOf(layout))),
  };
}

/** Where it matters what a heartbeat costs, and there are any; `null` otherwise. */
export async function costOfBeats(plan: TrialPlan, { sources }: Parts): Promise<BeatCost | null> {
  const { vanishing, clients, contender } = plan;
  const isStream = contender.transport === 'sse' || contender.transport === 'websocket';
  if (vanishing === null || !isStream || settingOf(contender, 'heartbeat') === 'none') return null;
  return measureBeats(sources, clients);
}

/** Sends all clients away for good, and looks at what the servers still have of them. */
export async function readWhenAllGone({ swarm, sources, layout }: Parts, before: Reading): Promise<AllGone> {
  await within(swarm.leave(), requestTimeoutUs / 1000);
  await sleepUs(leavingUs);
  const sockets = openConnections(queuesOf(layout).ports);
  return { before, after: await takeReading(sources), sockets };
}

function queuesOf({ target, link }: SystemLayout) {
  return { ports: target.addresses.map(({ port }) => port), peer: link?.peer ?? null };
}
