import { describe, expect, test } from 'vitest';
import { chatty } from '../../scenarios/chatty.ts';
import { dashboard } from '../../scenarios/dashboard.ts';
import type { Scenario } from '../contract/scenario.ts';
import { pollPhaseUs } from '../plan/arrivals.ts';
import { parseContender } from '../plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import {
  expectedFreshnessP50,
  expectedMissed,
  expectedQueriesPerMinute,
  expectedQueriesPerUpdate,
  expectedSeenByAllP50,
  expectedUnchangedShare,
} from './theory.ts';

function planOf(spelling: string, settings: Record<string, number> = {}, scenario: Scenario = dashboard): TrialPlan {
  const parsed = parseContender(spelling);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const [plan] = planTrials(scenario, {
    settings: settingsOf(scenario, settings),
    contenders: [parsed.contender],
    repeat: 1,
    seed: 42,
  });
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

const theory = (spelling: string, settings: Record<string, number> = {}, queryUs = 2_000) => ({
  plan: planOf(spelling, settings),
  updatesInWindow: 4,
  queryUs,
});

describe('arithmetic', () => {
  test('gives the article’s figures: 450 queries a minute at 15 clients, 100 a second at 200', () => {
    expect(expectedQueriesPerMinute(theory('polling', { clients: 15 }))?.value).toBe(450);
    expect(expectedQueriesPerMinute(theory('polling', { clients: 200 }))?.value).toBe(6_000);
    expect(expectedQueriesPerMinute(theory('polling'))?.value).toBe(15_000);
  });

  test('gives no more queries than the pool’s connections can do, and no freshness beyond that', () => {
    const drain = (clients: number) => theory('polling', { clients, 'query-cost': 100_000 });
    expect([15, 200, 300].map((clients) => expectedQueriesPerMinute(drain(clients))?.value)).toEqual([
      450, 6_000, 6_000,
    ]);
    expect(expectedQueriesPerMinute(drain(300))?.because).toBe(
      '10 connections × 60 s / 100 ms, where 300 clients × 60 s / 2 s are asked for',
    );
    expect(expectedFreshnessP50(drain(200))).not.toBeNull();
    expect(expectedFreshnessP50(drain(300))).toBeNull();
    expect(expectedFreshnessP50(theory('polling+cache=1s', { clients: 300, 'query-cost': 100_000 }))).not.toBeNull();
  });

  test('gives polling a query more for each poll where sessions are looked up, and push none in the window', () => {
    const session = (spelling: string) => theory(`${spelling}+auth=cookie+verify=session`, { clients: 15 });
    expect(expectedQueriesPerMinute(session('polling'))?.value).toBe(900);
    expect(expectedQueriesPerMinute(session('sse'))?.value).toBe(12);
    expect(expectedQueriesPerMinute(session('long-polling'))).toBeNull();
  });

  test('gives each action of a client a query of its own, and the last of n pollers all but a 2n-th of the interval', () => {
    const acting = (spelling: string, settings: Record<string, number> = {}) => ({
      ...theory(spelling),
      plan: planOf(spelling, settings, chatty),
      updatesInWindow: 800,
    });
    expect(expectedQueriesPerMinute(acting('polling'))?.value).toBe(6_000 + 2_400);
    expect(expectedQueriesPerMinute(acting('websocket'))?.value).toBe(2 * 2_400);
    expect(expectedQueriesPerUpdate(acting('sse'))).toMatchObject({
      value: 2,
      because: 'the action itself, and each node with clients of the dashboard asks once',
    });
    expect(expectedQueriesPerUpdate(acting('sse+nodes=2', { audiences: 1 }))?.value).toBe(3);
    expect(expectedQueriesPerUpdate(acting('sse+auth=cookie+verify=session'))).toBeNull();
    // 20 watch each dashboard; two round trips of 2 ms.
    expect(expectedSeenByAllP50(acting('polling'))?.value).toBe(2e6 * (1 - 1 / 40) + 4_000);
    const cached = expectedSeenByAllP50(acting('polling+cache=1s'))?.value ?? 0;
    expect(cached - 2e6 * (1 - 1 / 40) - 4_000).toBeGreaterThan(500_000);
    expect(expectedSeenByAllP50(acting('sse'))).toBeNull();
    expect(expectedSeenByAllP50(theory('polling'))).toBeNull();
    expect(expectedUnchangedShare(acting('polling'))).toBeNull();
  });

  test('gives push one query for each change, and one for each node that listens itself', () => {
    expect(expectedQueriesPerMinute(theory('sse'))?.value).toBe(12);
    expect(expectedQueriesPerMinute(theory('sse+nodes=3'))?.value).toBe(36);
    expect(expectedQueriesPerMinute(theory('websocket+nodes=3'))?.value).toBe(12);
  });

  test('counts the nodes on which a balancer has put clients, and says nothing where it cannot know whose', () => {
    const balanced = (clientsByNode: number[] | null, settings = {}) => ({
      ...theory('sse+nodes=3+balancer=ip-hash', settings),
      clientsByNode,
    });
    expect(expectedQueriesPerUpdate(balanced([5, 0, 7]))?.value).toBe(2);
    expect(expectedQueriesPerUpdate(balanced(null))).toBeNull();
    expect(expectedQueriesPerMinute(balanced([5, 5, 7], { audiences: 2 }))).toBeNull();
    expect(expectedQueriesPerUpdate(theory('websocket+nodes=3+balancer=ip-hash', { audiences: 2 }))?.value).toBe(1);
    expect(expectedFreshnessP50(theory('polling+cache=1s+nodes=2+balancer=round-robin'))).toBeNull();
    expect(expectedFreshnessP50(theory('polling+nodes=2+balancer=round-robin'))?.value).toBe(1_002_000);
  });

  test('gives feed local a miss for each change and client that is not on the node which is told', () => {
    const local = (spelling: string, settings = {}) => ({ ...theory(spelling, settings), clientsByNode: [5, 3, 4] });
    const changes = (...audiences: number[]) => audiences.map((audience) => ({ audience }));
    expect(expectedMissed(local('websocket+local+nodes=3'), changes(0, 0, 0))?.value).toBe(21);
    expect(expectedMissed(local('sse+local+nodes=3', { audiences: 2 }), changes(0, 1, 1, 0))?.value).toBe(14);
    expect(expectedMissed(local('sse+local+nodes=3', { audiences: 2 }), changes(0, 1, 1))).toBeNull();
    expect(expectedMissed(local('sse+nodes=3'), changes(0))).toBeNull();
    expect(expectedMissed({ ...local('sse+local+nodes=3'), clientsByNode: null }, changes(0))).toBeNull();
  });

  test('counts a node only for dashboards of which it has clients', () => {
    // Ranks are dealt to dashboards and to nodes in turn, so each of two nodes has one of two dashboards.
    expect(expectedQueriesPerMinute(theory('sse+nodes=2', { audiences: 2 }))?.value).toBe(12);
    expect(expectedQueriesPerMinute(theory('sse+nodes=2', { audiences: 3 }))?.value).toBe(24);
    expect(expectedQueriesPerMinute(theory('sse+nodes=4', { audiences: 500 }))?.value).toBe(12);
    const alike = expectedFreshnessP50(theory('polling+cache=1s', { clients: 25 }))?.value ?? 0;
    const two = expectedFreshnessP50(theory('polling+cache=1s+nodes=2', { clients: 50, audiences: 2 }))?.value ?? 0;
    expect(two / alike).toBeCloseTo(1, 1);
  });

  test('gives a cache 60 / (TTL + query + gap), whatever the number of clients', () => {
    const perMinute = (clients: number) =>
      expectedQueriesPerMinute(theory('polling+cache=1s', { clients }))?.value ?? 0;
    expect(perMinute(500)).toBeCloseTo(60 / (1 + 0.002 + 0.002), 0);
    expect(perMinute(500)).toBeLessThan(60);
    expect(perMinute(5_000)).toBeGreaterThan(perMinute(500));
    expect(perMinute(15)).toBeLessThan(58);
  });

  test('agrees with a cache that is walked through poll by poll', () => {
    const plan = planOf('polling+cache=300ms', { clients: 40 });
    const polls = Array.from({ length: 40 }, (_, rank) =>
      pollPhaseUs(rank, { clients: 40, intervalUs: plan.pollIntervalUs, seed: plan.seed }),
    )
      .flatMap((phaseUs) => Array.from({ length: 300 }, (_, tick) => phaseUs + tick * plan.pollIntervalUs))
      .sort((a, b) => a - b);
    let freshUntilUs = 0;
    let queries = 0;
    for (const atUs of polls) {
      if (atUs < freshUntilUs) continue;
      queries += 1;
      freshUntilUs = atUs + 2_000 + 300_000;
    }
    const walked = queries / ((300 * plan.pollIntervalUs) / 60e6);
    const expected = expectedQueriesPerMinute({ plan, updatesInWindow: 4, queryUs: 2_000 })?.value ?? 0;
    expect(expected / walked).toBeCloseTo(1, 2);
  });

  test('gives polling half its interval, and with a cache half the cache’s cycle more', () => {
    expect(expectedFreshnessP50(theory('polling'))?.value).toBe(1_002_000);
    expect(expectedFreshnessP50(theory('polling+cache=1s'))?.value).toBeCloseTo(1_504_000, -4);
    expect(expectedFreshnessP50(theory('websocket'))).toBeNull();
  });

  test('takes changes at even distances for one draw of the cache’s phase, random ones for as many as there are', () => {
    const error = (updates: string) =>
      expectedFreshnessP50({
        ...theory('polling+cache=1s'),
        plan: { ...planOf('polling+cache=1s'), updates: updates as 'fixed' },
      })?.standardError ?? 0;
    expect(error('fixed')).toBeCloseTo(1_004_000 / Math.sqrt(12), -4);
    expect(error('fixed') / error('poisson')).toBeCloseTo(2, 1);
  });

  test('tells how many answers bring nothing: 14 of 15 with a change every 30 s', () => {
    const input = {
      plan: planOf('polling', { clients: 15, 'update-interval': 30e6, duration: 60e6 }),
      updatesInWindow: 2,
      queryUs: 0,
    };
    expect(expectedUnchangedShare(input)?.value).toBeCloseTo(14 / 15, 9);
  });
});
