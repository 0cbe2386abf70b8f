// Versions that a Redis outage takes from the clients of every-version streams, by arithmetic: what was committed while relay or node heard
// nothing, for each client that watches it. What arithmetic says is set beside what the clients counted.
import { settingOf } from '../plan/contender.ts';
import { serviceFaultOf } from '../plan/service-fault.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Expectation } from './theory.ts';

export interface LossInput {
  readonly plan: TrialPlan;
  readonly published: readonly { readonly audience: number; readonly committedUs: number }[];
  /** Of each node, and of the relay (`null`): when it had Redis again. */
  readonly absences: readonly { readonly node: number | null; readonly untilUs: number | null }[];
  /** When Redis ended. */
  readonly atUs: number;
}

/** `null` for what loses by other rules, or where it cannot be known who was where. */
export function expectedLost({ plan, published, absences, atUs }: LossInput): Expectation | null {
  const { contender, fault, balancing, nodes } = plan;
  const isStream = contender.transport === 'sse' || contender.transport === 'websocket';
  if (fault === null || serviceFaultOf(fault.kind)?.service !== 'redis' || !isStream || balancing !== null) return null;
  if (settingOf(contender, 'feed') === 'postgres') return none('no message of this contender goes through Redis');
  if (settingOf(contender, 'feed') !== 'redis') return null;
  if (settingOf(contender, 'resync') === 'on')
    return none('the state that a resync brings stands for all that was lost');
  const deafUntilUs = (who: number | null) => absences.find(({ node }) => node === who)?.untilUs ?? null;
  const relayUs = deafUntilUs(null);
  if (relayUs === null) return null;
  let lost = 0;
  let longestUs = 0;
  for (let node = 0; node < nodes; node++) {
    const nodeUs = deafUntilUs(node);
    if (nodeUs === null) return null;
    const untilUs = Math.max(relayUs, nodeUs);
    longestUs = Math.max(longestUs, untilUs - atUs);
    for (const { audience, committedUs } of published)
      if (committedUs >= atUs && committedUs < untilUs) lost += watchersOn(node, audience, plan);
  }
  return {
    value: lost,
    because: `what was committed in the ${(longestUs / 1e6).toFixed(1)} s in which relay or node heard nothing, × the clients that watch it`,
    standardError: 0,
  };
}

const none = (because: string): Expectation => ({ value: 0, because, standardError: 0 });

/** Clients are dealt to nodes and to dashboards by rank. */
function watchersOn(node: number, audience: number, { clients, audiences, nodes }: TrialPlan): number {
  let count = 0;
  for (let rank = audience; rank < clients; rank += audiences) if (rank % nodes === node) count += 1;
  return count;
}
