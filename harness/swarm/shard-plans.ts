// A trial's clients, dealt to shards and canary.
import type { Limits } from '../contract/limits.ts';
import { canaryRanks, neighbourDistance, neighbourRanks } from '../plan/arrivals.ts';
import { backoffOf } from '../plan/backoff.ts';
import { needsOwnPorts, ownPorts, shardCount } from '../plan/capacity.ts';
import { backoffOfContender, type Contender, settingOf } from '../plan/contender.ts';
import { dealRanks } from '../plan/population.ts';
import { connectTimeoutUs, requestTimeoutUs, type TrialPlan } from '../plan/trial-plan.ts';
import type { TargetPlan } from '../targets/target-plan.ts';
import type { LocalPortRange } from './local-ports.ts';
import type { Reconnecting } from './reaction.ts';
import type { ShardPlan } from './shard-contract.ts';

/**
 * Canaries at even ranks of the connect order; those who vanish, and those who read slowly, in a shard of their own; everyone else dealt
 * evenly to as few shards as can carry them.
 */
export function planShards(plan: TrialPlan, target: TargetPlan, limits: Limits): ShardPlan[] {
  const canaries = canaryRanks(plan.clients);
  const isCanary = new Set(canaries);
  const dealt = Array.from({ length: plan.clients }, (_, rank) => rank).filter((rank) => !isCanary.has(rank));
  const { others, vanishing, slow } = dealRanks(dealt, plan);
  const count = shardCount(others.length, plan, limits);
  const tracked = neighbourRanks(canaries, plan.clients, neighbourDistance({ ...plan, transport: target.transport }));
  const isNaming = needsOwnPorts(plan, limits) || (target.networksSeed !== undefined && limits.hasManySources);
  const common = (place: number): Omit<ShardPlan, 'name' | 'group' | 'ranks' | 'tracked'> => ({
    target,
    clients: plan.clients,
    audiences: plan.audiences,
    seed: plan.seed,
    connectRate: plan.connectRate,
    pollIntervalUs: plan.pollIntervalUs,
    late: plan.late,
    reconnecting: reconnectingOf(plan.contender),
    connectTimeoutUs,
    requestTimeoutUs,
    localPorts: isNaming ? sourceOf(place) : null,
    readPauseUs: 0,
    churn: plan.churn,
  });
  const shards: ShardPlan[] = Array.from({ length: count }, (_, index) => {
    const ranks = others.filter((_rank, place) => place % count === index);
    // Who comes and goes is not where it was in the order of connecting.
    const compared = plan.churn === null ? tracked : [];
    return { ...common(index), name: `shard ${index + 1}`, group: 'ordinary', ranks, tracked: compared };
  });
  const special: ShardPlan[] = [
    {
      ...common(count),
      name: 'canary',
      group: 'canary',
      ranks: canaries,
      tracked: plan.churn === null ? canaries : [],
    },
    // Their addresses are their network's, not loopback's.
    {
      ...common(count + 1),
      name: 'vanishing shard',
      group: 'vanishing',
      ranks: vanishing,
      tracked: [],
      localPorts: null,
    },
    {
      ...common(count + 2),
      name: 'slow shard',
      group: 'slow',
      ranks: slow,
      tracked: [],
      readPauseUs: plan.slow?.pauseUs ?? 0,
    },
  ];
  return [...shards, ...special].filter(({ ranks, group }) => ranks.length > 0 || group === 'ordinary');
}

function reconnectingOf(contender: Contender): Reconnecting {
  // A poll comes back at its next tick: no backoff of its own.
  const name = contender.transport === 'polling' ? null : settingOf(contender, 'backoff');
  return {
    backoff: name === null ? backoffOf('fixed') : backoffOfContender(contender),
    byBrowser: name === 'browser-eventsource',
    retriesOnError: contender.transport === 'sse' && settingOf(contender, 'retry-on-error') === 'on',
  };
}

/** 127.0.1.1, 127.0.1.2 and so on: one of loopback's many addresses for each process, so that none has to ask another which ports are free. */
function sourceOf(place: number): LocalPortRange {
  return { address: `127.0.${1 + Math.floor(place / 250)}.${1 + (place % 250)}`, ...ownPorts };
}
