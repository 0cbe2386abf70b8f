// When things are due: connects, polls and changes. Pure functions of the plan, so that shards, theory and tests agree.
import type { Transport } from '../contract/record.ts';
import { seededRandom } from './random.ts';

/** µs from the start of the ramp until the client of this rank connects. */
export function connectOffsetUs(rank: number, connectRate: number): number {
  return (rank * 1_000_000) / connectRate;
}

/**
 * µs within the poll interval at which this client polls. Stratified: each client has its own N-th of the interval
 * and a seeded place within it, so that load is even and no trial is lucky.
 */
export function pollPhaseUs(rank: number, options: { clients: number; intervalUs: number; seed: number }): number {
  const place = seededRandom(options.seed, 1, rank)();
  return ((rank + place) / options.clients) * options.intervalUs;
}

/** One change of one dashboard, and when it is intended. */
export interface Update {
  readonly audience: number;
  readonly version: number;
  readonly intendedUs: number;
}

export interface UpdatesPlan {
  readonly audiences: number;
  /** Versions count on from here. */
  readonly firstVersion: number;
  readonly startUs: number;
  readonly windowUs: number;
  readonly intervalUs: number;
  readonly kind: 'fixed' | 'poisson';
  readonly seed: number;
}

/**
 * All changes of a window, by time; the window is at least one interval long, so each dashboard has some.
 * `fixed`: an interval apart, dashboards spread evenly within it (a single one changes half an interval after the start).
 * `poisson`: as many uniform moments, which is a Poisson process given its number.
 */
export function planUpdates(plan: UpdatesPlan): Update[] {
  const updates: Update[] = [];
  for (let audience = 0; audience < plan.audiences; audience++) {
    fixedOrRandomOffsets(plan, audience).forEach((offsetUs, k) => {
      updates.push({ audience, version: plan.firstVersion + k, intendedUs: Math.round(plan.startUs + offsetUs) });
    });
  }
  return updates.sort((a, b) => a.intendedUs - b.intendedUs || a.audience - b.audience);
}

function fixedOrRandomOffsets(plan: UpdatesPlan, audience: number): number[] {
  const firstUs = ((audience + 0.5) / plan.audiences) * plan.intervalUs;
  const count = Math.max(1, Math.ceil((plan.windowUs - firstUs) / plan.intervalUs));
  if (plan.kind === 'fixed') return Array.from({ length: count }, (_, k) => firstUs + k * plan.intervalUs);
  const random = seededRandom(plan.seed, 2, audience);
  return Array.from({ length: count }, () => random() * plan.windowUs).sort((a, b) => a - b);
}

/**
 * The ranks of the canary clients: at even distances over the connect order, at most 20, or five a machine where that is more, and at
 * most a tenth of all.
 */
export function canaryRanks(clients: number, machines = 1): number[] {
  const count = Math.min(Math.max(20, 5 * machines), Math.floor(clients / 10));
  return Array.from({ length: count }, (_, k) => Math.floor(((k + 0.5) * clients) / count));
}

/**
 * How many ranks lie between two clients that see the same: clients are dealt to dashboards and to server nodes in turn, and a stream is
 * sent to dashboard by dashboard, node by node. Polls follow each other by rank alone, whatever dashboard they ask for.
 */
export function neighbourDistance(plan: { transport: Transport; audiences: number; nodes: number }): number {
  const { transport, audiences, nodes } = plan;
  return transport === 'polling' ? nodes : leastCommonMultiple(audiences, nodes);
}

/**
 * On how many server nodes a dashboard has clients, as a mean over the dashboards: both are dealt by rank, so with an even number of
 * dashboards two nodes share none of them.
 */
export function nodesWatching(plan: { audiences: number; nodes: number; clients: number }): number {
  const { audiences, nodes, clients } = plan;
  const most = leastCommonMultiple(audiences, nodes) / audiences;
  let sum = 0;
  for (let audience = 0; audience < audiences; audience++)
    sum += Math.min(most, Math.ceil((clients - audience) / audiences));
  return sum / audiences;
}

function leastCommonMultiple(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}

/** The ranks whose observations the swarm keeps for the comparison: the canaries' neighbours at this distance. */
export function neighbourRanks(canaries: readonly number[], clients: number, distance: number): number[] {
  const own = new Set(canaries);
  const ranks = canaries.flatMap((rank) => [rank - distance, rank + distance]);
  return [...new Set(ranks)].filter((rank) => rank >= 0 && rank < clients && !own.has(rank));
}
