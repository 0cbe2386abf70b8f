// A trial's clients, dealt to the machines that run them, and there to shards and canary.
import { isLoopback } from '../contract/loopback.ts';
import { canaryRanks, neighbourDistance, neighbourRanks } from '../plan/arrivals.ts';
import { backoffOf } from '../plan/backoff.ts';
import { needsOwnPorts, ownPorts, shardCount } from '../plan/capacity.ts';
import { backoffOfContender, type Contender, settingOf } from '../plan/contender.ts';
import { dealToPlaces } from '../plan/deal.ts';
import { dealRanks } from '../plan/population.ts';
import { connectTimeoutUs, requestTimeoutUs, type TrialPlan } from '../plan/trial-plan.ts';
import type { TargetPlan } from '../targets/target-plan.ts';
import type { Seat } from './executor.ts';
import type { LocalPortRange } from './local-ports.ts';
import type { Reconnecting } from './reaction.ts';
import type { ShardPlan } from './shard-contract.ts';

/** Each machine judges itself: its canaries are compared with neighbours in rank that it runs as well. */
export function planShards(plan: TrialPlan, target: TargetPlan, seats: readonly Seat[]): ShardPlan[] {
  const canaries = canaryRanks(plan.clients, seats.length);
  const distance = neighbourDistance({ ...plan, transport: target.transport });
  const groups = canaries.map((rank) => [rank, ...neighbourRanks([rank], plan.clients, distance)]);
  const places = dealToPlaces(
    plan.clients,
    groups,
    seats.map(({ carries }) => carries),
  );
  const planned: ShardPlan[] = [];
  seats.forEach((seat, place) => {
    const ranks = places.flatMap((each, rank) => (each === place ? [rank] : []));
    const own = { ranks, canaries: canaries.filter((rank) => places[rank] === place), distance };
    const neighbours = seats.filter(({ host }) => host === seat.host);
    const clientsOfHost = places.filter((each) => neighbours.includes(seats[each] as Seat)).length;
    planned.push(...planSeat(plan, target, { ...own, seat, clientsOfHost, source: planned.length }));
  });
  return planned;
}

interface SeatPlan {
  readonly seat: Seat;
  readonly ranks: readonly number[];
  readonly canaries: readonly number[];
  readonly distance: number;
  /** Clients of all seats on this machine, which share its ports. */
  readonly clientsOfHost: number;
  /** Number of its first shard among all: no two have one source address. */
  readonly source: number;
}

/**
 * Canaries at even ranks of the connect order; those who vanish, and those who read slowly, in a shard of their own; everyone else dealt
 * evenly to as few shards as can carry them.
 */
function planSeat(plan: TrialPlan, target: TargetPlan, own: SeatPlan): ShardPlan[] {
  const { seat, canaries, distance } = own;
  const { limits } = seat;
  const agent = seat.agent?.name ?? null;
  const isCanary = new Set(canaries);
  const dealt = own.ranks.filter((rank) => !isCanary.has(rank));
  const { others, vanishing, slow } = dealRanks(dealt, plan);
  const count = shardCount(others.length, plan, limits);
  const tracked = neighbourRanks(canaries, plan.clients, distance);
  const isNaming =
    needsOwnPorts({ ...plan, clients: own.clientsOfHost }, limits) ||
    (target.networksSeed !== undefined && limits.hasManySources);
  // From an agent, loopback's many addresses reach loopback alone.
  const isHere = agent === null || target.addresses.every(({ host }) => isLoopback(host));
  const common = (place: number): Omit<ShardPlan, 'name' | 'group' | 'ranks' | 'tracked'> => ({
    agent,
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
    localPorts: isNaming && isHere ? sourceOf(own.source + place) : null,
    readPauseUs: 0,
    churn: plan.churn,
    acting: plan.acting,
  });
  const named = (name: string) => (agent === null ? name : `${name} of ${agent}`);
  const shards: ShardPlan[] = Array.from({ length: count }, (_, index) => {
    const ranks = others.filter((_rank, place) => place % count === index);
    // Who comes and goes is not where it was in the order of connecting.
    const compared = plan.churn === null ? tracked : [];
    return { ...common(index), name: named(`shard ${index + 1}`), group: 'ordinary', ranks, tracked: compared };
  });
  const special: ShardPlan[] = [
    {
      ...common(count),
      name: named('canary'),
      group: 'canary',
      ranks: canaries,
      tracked: plan.churn === null ? canaries : [],
    },
    // Their addresses are their network's, not loopback's.
    {
      ...common(count + 1),
      name: named('vanishing shard'),
      group: 'vanishing',
      ranks: vanishing,
      tracked: [],
      localPorts: null,
    },
    {
      ...common(count + 2),
      name: named('slow shard'),
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
