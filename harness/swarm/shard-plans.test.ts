// However a trial is cut, every client is in one shard, and canaries sit in one of their own.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dashboard } from '../../scenarios/dashboard.ts';
import { debian } from '../contract/limits.fixture.ts';
import { type Contender, parseContender } from '../plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import type { ReferenceTargetPlan } from '../targets/reference.ts';
import { planShards } from './shard-plans.ts';

const limits = { ...debian, openFiles: 1_100, outgoingPorts: { first: 40_000, last: 41_999 } };
const { contender } = parseContender('websocket') as { contender: Contender };
const target = { kind: 'reference', transport: 'websocket', addresses: [] } as unknown as ReferenceTargetPlan;

function plansFor(clients: number) {
  const settings = settingsOf(dashboard, { clients });
  const [plan] = planTrials(dashboard, { settings, contenders: [contender], repeat: 1, seed: 1 });
  const seat = { agent: null, host: 'here', limits, carries: clients };
  return planShards(plan as TrialPlan, target, [seat]);
}

test('every client is in exactly one shard, in order, the shards within one of each other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9_000 }), (clients) => {
      const plans = plansFor(clients);
      const ranks = plans.flatMap((plan) => plan.ranks);
      expect(ranks.toSorted((a, b) => a - b)).toEqual(Array.from({ length: clients }, (_, rank) => rank));
      for (const plan of plans) expect(plan.ranks).toEqual(plan.ranks.toSorted((a, b) => a - b));
      const sizes = plans.filter(({ name }) => name !== 'canary').map((plan) => plan.ranks.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(plans.filter(({ name }) => name === 'canary')).toHaveLength(clients < 10 ? 0 : 1);
    }),
    { numRuns: 30 },
  );
});

test('each process has a source address of its own when ports run short, and none names any before', () => {
  expect(plansFor(1_600).map(({ localPorts }) => localPorts)).toEqual([null, null, null]);
  const sources = plansFor(3_000).map(({ localPorts }) => localPorts?.address);
  expect(sources).toEqual(['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4']);
});
