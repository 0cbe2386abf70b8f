// What arithmetic predicts, to be set beside what was measured. Pure functions of the plan; of a trial with a fault it says nothing.

import { formatDurationUs, formatNumber } from '../contract/units.ts';
import { nodesWatching, pollPhaseUs } from '../plan/arrivals.ts';
import { looksUpSessions, settingOf } from '../plan/contender.ts';
import { isMixed } from '../plan/population.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';

export interface Expectation {
  readonly value: number;
  /** The arithmetic, in words. */
  readonly because: string;
  /** Standard error of the measured figure around it, in its unit; 0 where it is exact. */
  readonly standardError: number;
}

export interface TheoryInput {
  readonly plan: TrialPlan;
  /** Changes intended in the window, over all audiences. */
  readonly updatesInWindow: number;
  /** Mean time a snapshot query takes, as the polls' median round trip tells. */
  readonly queryUs: number;
  /** Clients of each node at the window's start, where a balancer chose and nobody knew before; `null` when it cannot be told. */
  readonly clientsByNode?: readonly number[] | null;
}

/** Nothing is done to the system, and all clients are alike. */
function isSteady(plan: TrialPlan): boolean {
  return plan.fault === null && !plan.expired && !isMixed(plan) && plan.contender.foreign === undefined;
}

/** Queries a minute. `null` for a contender about which arithmetic says nothing. */
export function expectedQueriesPerMinute(input: TheoryInput): Expectation | null {
  const { plan, updatesInWindow } = input;
  if (!isSteady(plan) || (plan.acting !== null && looksUpSessions(plan.contender))) return null;
  const minutes = plan.windowUs / 60e6;
  if (plan.contender.transport === 'long-polling' && looksUpSessions(plan.contender)) return null;
  if (plan.contender.transport !== 'polling') {
    const perUpdate = queriesPerUpdate(input);
    if (perUpdate === null) return null;
    if (plan.acting !== null) {
      const because = `${updatesInWindow} actions × ${formatNumber(1 + perUpdate)} queries in the window`;
      return { value: (updatesInWindow * (1 + perUpdate)) / minutes, because, standardError: 0 };
    }
    return {
      value: (updatesInWindow * perUpdate) / minutes,
      because: `${updatesInWindow} changes × ${formatNumber(perUpdate)} ${perUpdate === 1 ? 'query' : 'queries'} in the window`,
      standardError: 0,
    };
  }
  const cacheUs = Number(settingOf(plan.contender, 'cache'));
  // Each node has a cache of its own, and which polls meet at one is the balancer's choice.
  if (cacheUs > 0 && isChosenByBalancer(plan)) return null;
  const looked = withLookUps(cacheUs === 0 ? polledQueries(plan) : cachedQueries(input, cacheUs), plan);
  return withActions(looked, input, minutes);
}

/** An action is a query of its own. */
function withActions(expectation: Expectation, { plan, updatesInWindow }: TheoryInput, minutes: number): Expectation {
  if (plan.acting === null) return expectation;
  const because = `${expectation.because}, and ${updatesInWindow} actions in the window`;
  return { ...expectation, value: expectation.value + updatesInWindow / minutes, because };
}

/** A poll carries its token each time: where sessions are looked up, that is a query more for each. */
function withLookUps(expectation: Expectation, plan: TrialPlan): Expectation {
  if (!looksUpSessions(plan.contender)) return expectation;
  const polls = (plan.clients * 60e6) / plan.pollIntervalUs;
  return {
    ...expectation,
    value: expectation.value + polls,
    because: `${expectation.because}, and a session looked up for each of ${formatNumber(polls)} polls`,
  };
}

/** What is asked for, up to what the pools can answer: a connection is busy for at least what a query costs. */
function polledQueries(plan: TrialPlan): Expectation {
  const asked = (plan.clients * 60e6) / plan.pollIntervalUs;
  const most = capacityPerMinute(plan);
  const asks = `${plan.clients} clients × 60 s / ${formatDurationUs(plan.pollIntervalUs)}`;
  if (asked <= most) return { value: asked, because: asks, standardError: 0 };
  const connections = plan.nodes * plan.poolSize;
  return {
    value: most,
    because: `${connections} connections × 60 s / ${formatDurationUs(plan.queryCostUs)}, where ${asks} are asked for`,
    // A query takes some ms besides.
    standardError: most * 0.04,
  };
}

/** Queries a minute that the connections of all pools can do; infinite where a query costs nothing worth mentioning. */
function capacityPerMinute({ nodes, poolSize, queryCostUs }: TrialPlan): number {
  return queryCostUs === 0 ? Number.POSITIVE_INFINITY : (nodes * poolSize * 60e6) / queryCostUs;
}

/** Queries for each change, and `null` for polling, which asks whether or not there is one. */
export function expectedQueriesPerUpdate(input: TheoryInput): Expectation | null {
  const { plan } = input;
  if (plan.contender.transport === 'polling' || !isSteady(plan)) return null;
  if (plan.acting !== null && looksUpSessions(plan.contender)) return null;
  const value = queriesPerUpdate(input);
  if (value === null) return null;
  const asks = askers[feedOf(plan)];
  return plan.acting === null
    ? { value, because: asks, standardError: 0 }
    : { value: 1 + value, because: `the action itself, and ${asks}`, standardError: 0 };
}

type Feed = 'redis' | 'postgres' | 'local';

const askers: Readonly<Record<Feed, string>> = {
  redis: 'the relay asks once for all nodes',
  postgres: 'each node with clients of the dashboard asks once',
  local: 'only the node that is told asks',
};

function feedOf(plan: TrialPlan): Feed {
  return settingOf(plan.contender, 'feed') as Feed;
}

/**
 * Versions that never reach their client: with feed `local` those of all clients that are not on the node which is told, the first one.
 * `null` where nothing is to be missed, or where dashboards change unequally often and nobody knows whose clients are where.
 */
export function expectedMissed(
  input: TheoryInput,
  changes: readonly { readonly audience: number }[],
): Expectation | null {
  const { plan, clientsByNode = null } = input;
  const { transport } = plan.contender;
  const isStream = transport === 'sse' || transport === 'websocket';
  if (!isStream || feedOf(plan) !== 'local' || plan.nodes === 1 || !isSteady(plan) || clientsByNode === null)
    return null;
  const perAudience = Array.from({ length: plan.audiences }, () => 0);
  for (const { audience } of changes) perAudience[audience] = (perAudience[audience] ?? 0) + 1;
  const [each = 0] = perAudience;
  if (perAudience.some((count) => count !== each)) return null;
  const elsewhere = clientsByNode.slice(1).reduce((sum, clients) => sum + clients, 0);
  const because = `${elsewhere} clients on nodes that are told of nothing × ${each} changes`;
  return { value: elsewhere * each, because, standardError: 0 };
}

/**
 * Median freshness of short polling: the wait for the next tick is uniform on [0, interval], and a round trip follows.
 * A cache adds a wait that is uniform on [0, its cycle]; the sum of the two is symmetric, so its median is half of both.
 */
export function expectedFreshnessP50(input: TheoryInput): Expectation | null {
  const { plan, queryUs, updatesInWindow } = input;
  if (plan.contender.transport !== 'polling' || updatesInWindow === 0 || !isSteady(plan)) return null;
  if (Number(settingOf(plan.contender, 'cache')) > 0 && isChosenByBalancer(plan)) return null;
  if (isBeyondPool(plan)) return null;
  const wait = `uniform on [0, ${formatDurationUs(plan.pollIntervalUs)}]`;
  const cacheUs = Number(settingOf(plan.contender, 'cache'));
  const cached = cacheUs === 0 ? null : cachedQueries(input, cacheUs);
  const cycleUs = cached === null ? 0 : (60e6 * cached.caches) / cached.value;
  // Phases are stratified: a change's median over the clients is exact to one stratum. A cache is met at a random moment of its cycle,
  // but changes at even distances meet it at nearly the same one: all of them are one draw.
  const stratumUs = plan.pollIntervalUs / plan.clients;
  const draws = plan.updates === 'fixed' && plan.acting === null ? 1 : updatesInWindow;
  const cacheErrorUs = cycleUs / Math.sqrt(12 * draws);
  const standardError = stratumUs / Math.sqrt(updatesInWindow) + cacheErrorUs;
  const because =
    cycleUs === 0
      ? `half of ${wait}, plus a round trip`
      : `half of ${wait} and of the cache’s cycle, plus a round trip; ± ${formatDurationUs(cacheErrorUs)} by where in its cycle the changes meet the cache`;
  return { value: (plan.pollIntervalUs + cycleUs) / 2 + queryUs, because, standardError };
}

/**
 * Median time until the last of an audience's n pollers shows a change. Their phases are spread evenly, so somebody asked last on average a
 * 2n-th of the interval before: the wait is what is left of the interval. A round trip makes the change, another brings it; a cache adds half
 * of its cycle.
 */
export function expectedSeenByAllP50(input: TheoryInput): Expectation | null {
  const { plan, queryUs } = input;
  if (plan.acting === null || expectedFreshnessP50(input) === null) return null;
  const watchers = plan.clients / plan.audiences;
  const cacheUs = Number(settingOf(plan.contender, 'cache'));
  const cached = cacheUs === 0 ? null : cachedQueries(input, cacheUs);
  const cycleUs = cached === null ? 0 : (60e6 * cached.caches) / cached.value;
  const waitUs = plan.pollIntervalUs * (1 - 1 / (2 * watchers));
  const interval = `${formatDurationUs(plan.pollIntervalUs)} × (1 − 1/${formatNumber(2 * watchers)})`;
  return {
    value: waitUs + cycleUs / 2 + 2 * queryUs,
    because: `${interval}${cached === null ? '' : ', half of the cache’s cycle'} and two round trips`,
    standardError: plan.pollIntervalUs / watchers + cycleUs / Math.sqrt(12 * input.updatesInWindow),
  };
}

/** Share of short polling's answers that told nothing new: each change is news in one answer to each client. */
export function expectedUnchangedShare({ plan, updatesInWindow }: TheoryInput): Expectation | null {
  if (plan.contender.transport !== 'polling' || !isSteady(plan)) return null;
  if (plan.pollIntervalUs > plan.updateIntervalUs || plan.acting !== null) return null;
  if (Number(settingOf(plan.contender, 'cache')) > 0 || plan.updates === 'poisson' || isBeyondPool(plan)) return null;
  const polls = plan.windowUs / plan.pollIntervalUs;
  const changes = updatesInWindow / plan.audiences;
  if (changes > polls) return null;
  return {
    value: 1 - changes / polls,
    because: `${changes} of a client’s ${polls} polls bring a change`,
    standardError: 0,
  };
}

/** More is asked for than the pools can answer: how long that waits is a matter of how long it has gone on. */
function isBeyondPool(plan: TrialPlan): boolean {
  const asksOnce = Number(settingOf(plan.contender, 'cache')) > 0;
  return !asksOnce && (plan.clients * 60e6) / plan.pollIntervalUs > capacityPerMinute(plan);
}

/** `null` where a balancer dealt the clients of several dashboards: which of them a node has is its own knowledge. */
function queriesPerUpdate({ plan, clientsByNode = null }: TheoryInput): number | null {
  if (feedOf(plan) !== 'postgres') return 1;
  if (!isChosenByBalancer(plan)) return nodesWatching(plan);
  if (plan.audiences > 1 || clientsByNode === null) return null;
  return clientsByNode.filter((clients) => clients > 0).length;
}

function isChosenByBalancer({ balancing, nodes }: TrialPlan): boolean {
  return balancing !== null && nodes > 1;
}

/**
 * With a cache each query is followed by its time to live, and the next poll after that asks again:
 * 60 / (TTL + query + gap to the next poll) for each cache: an audience on a node where it has clients. The gap follows from the polls' phases, so they are walked through.
 */
function cachedQueries({ plan, queryUs }: TheoryInput, cacheUs: number): Expectation & { readonly caches: number } {
  let perMinute = 0;
  let gapUs = 0;
  let caches = 0;
  for (let audience = 0; audience < plan.audiences; audience++) {
    for (let node = 0; node < plan.nodes; node++) {
      const phasesUs = phasesOf(plan, audience, node);
      if (phasesUs.length === 0) continue;
      const cycleUs = meanCycleUs(phasesUs, plan.pollIntervalUs, cacheUs + queryUs);
      perMinute += 60e6 / cycleUs;
      gapUs += cycleUs - cacheUs - queryUs;
      caches += 1;
    }
  }
  const because = `60 s / (TTL ${formatDurationUs(cacheUs)} + query ${formatDurationUs(queryUs)} + gap to the next poll ${formatDurationUs(gapUs / caches)})${caches === 1 ? '' : ` × ${caches} caches`}`;
  return { value: perMinute, because, standardError: 0, caches };
}

function phasesOf(plan: TrialPlan, audience: number, node: number): number[] {
  const phases: number[] = [];
  for (let rank = audience; rank < plan.clients; rank += plan.audiences) {
    if (rank % plan.nodes === node)
      phases.push(pollPhaseUs(rank, { clients: plan.clients, intervalUs: plan.pollIntervalUs, seed: plan.seed }));
  }
  return phases.sort((a, b) => a - b);
}

/** Mean time from query to query when each waits `restUs` and then for the next poll; phases repeat every interval. */
function meanCycleUs(phasesUs: readonly number[], intervalUs: number, restUs: number): number {
  const cycles = 400;
  let atUs = phasesUs[0] ?? 0;
  const firstUs = atUs;
  for (let cycle = 0; cycle < cycles; cycle++) atUs = nextPollUs(phasesUs, intervalUs, atUs + restUs);
  return (atUs - firstUs) / cycles;
}

function nextPollUs(phasesUs: readonly number[], intervalUs: number, fromUs: number): number {
  const round = Math.floor(fromUs / intervalUs);
  const within = fromUs - round * intervalUs;
  let low = 0;
  let high = phasesUs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((phasesUs[middle] as number) < within) low = middle + 1;
    else high = middle;
  }
  return low < phasesUs.length
    ? round * intervalUs + (phasesUs[low] as number)
    : (round + 1) * intervalUs + (phasesUs[0] as number);
}
