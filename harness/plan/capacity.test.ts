// What fits and what does not, at the edges; and that every cut of the swarm keeps to the limits it was cut for.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dashboard } from '../../scenarios/dashboard.ts';
import { debian } from '../contract/limits.fixture.ts';
import {
  capacityProblems,
  descriptorsNeeded,
  needsOwnPorts,
  otherDescriptors,
  ownPorts,
  shardCount,
} from './capacity.ts';
import { type Contender, parseContender } from './contender.ts';
import { planTrials, settingsOf, type TrialPlan } from './trial-plan.ts';

function planOf(contender: string, settings: Record<string, number | string> = {}): TrialPlan {
  const parsed = parseContender(contender) as { contender: Contender };
  const all = settingsOf(dashboard, settings);
  const [plan] = planTrials(dashboard, { settings: all, contenders: [parsed.contender], repeat: 1, seed: 1 });
  return plan as TrialPlan;
}

test('networks matter to ip-hash, and only some systems have them', () => {
  const oneSource = { ...debian, hasManySources: false };
  const problemsOf = (contender: string) => capacityProblems(planOf(contender, { clients: 10 }), oneSource);
  expect(problemsOf('sse+nodes=2+balancer=ip-hash').join()).toMatch(/many networks.*balancer=round-robin/);
  expect(problemsOf('sse+nodes=2+balancer=least-conn')).toEqual([]);
});

describe('file descriptors', () => {
  test.each([
    ['websocket', 19_890, 0],
    ['websocket', 19_891, 1],
    ['websocket+nodes=2', 39_780, 0],
    ['websocket+nodes=2', 39_781, 1],
    ['sse', 19_891, 1],
    ['sse+nodes=2+balancer=cookie', 9_950, 0],
    ['sse+nodes=2+balancer=cookie', 9_951, 1],
  ])('%s with %i clients: %i problems', (contender, clients, count) => {
    expect(capacityProblems(planOf(contender, { clients }), debian)).toHaveLength(count);
  });

  test.each([
    ['sse', 9_945, 0],
    ['sse', 9_946, 1],
    ['websocket', 19_890, 0],
  ])('who acts by POST has a connection more, %s with %i clients: %i problems', (contender, clients, count) => {
    const plan = { ...planOf(contender, { clients }), acting: { everyUs: 5e6, kind: 'fixed' } } as const;
    expect(capacityProblems(plan, debian)).toHaveLength(count);
  });

  test('the remedy fits: with the nodes it names, there is no problem', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20_000, max: 200_000 }),
        fc.integer({ min: 1_000, max: 60_000 }),
        (clients, openFiles) => {
          const limits = { ...debian, openFiles };
          const [problem = ''] = capacityProblems(planOf('websocket', { clients }), limits);
          const nodes = /\+nodes=(\d+)/.exec(problem)?.[1];
          if (nodes === undefined) return;
          expect(capacityProblems(planOf(`websocket+nodes=${nodes}`, { clients }), limits)).toEqual([]);
        },
      ),
    );
  });

  test('the line says what is needed, what there is, and what to do', () => {
    expect(capacityProblems(planOf('websocket', { clients: 30_000 }), debian)).toEqual([
      'websocket with 30,000 clients needs 30,110 file descriptors in one server process; this machine allows 20,000; spread them with websocket+nodes=2, or raise the limit (ulimit -n 30110 as root, or LimitNOFILE / --ulimit nofile of what started this shell)',
    ]);
  });

  test('overlapping polls count six times, as a browser may have six', () => {
    expect(descriptorsNeeded(planOf('polling', { clients: 1_000, late: 'overlap' }))).toBe(
      6_000 + 10 + otherDescriptors,
    );
  });
});

describe('ports', () => {
  test.each([
    ['websocket', 22_585, false],
    ['websocket', 22_586, true],
    ['websocket+nodes=2', 45_170, false],
    ['websocket+nodes=2', 45_172, true],
    // 15,000 open at a time, and 7,500 a second that rest for a second.
    ['polling+keep-alive=off', 15_000, false],
    ['polling+keep-alive=off', 15_060, true],
  ])('%s with %i clients needs its own: %s', (contender, clients, needed) => {
    expect(needsOwnPorts(planOf(contender, { clients }), debian)).toBe(needed);
  });

  test('are held for a minute where the kernel does not reuse them', () => {
    const plan = planOf('polling+keep-alive=off', { clients: 1_000 });
    expect(needsOwnPorts(plan, debian)).toBe(false);
    expect(needsOwnPorts(plan, { ...debian, reusesPorts: false })).toBe(true);
  });

  test('are a problem where loopback has one address only', () => {
    const limits = { ...debian, openFiles: null, hasManySources: false };
    expect(capacityProblems(planOf('websocket', { clients: 30_000 }), limits)).toEqual([
      'websocket with 30,000 clients needs 30,000 outgoing ports to one server; this machine has 28,232; spread them over servers with +nodes=N, or widen net.ipv4.ip_local_port_range',
    ]);
  });
});

test('no shard has more clients than its descriptors and its own ports allow', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200_000 }),
      fc.integer({ min: 500, max: 100_000 }),
      fc.integer({ min: 1, max: 64 }),
      (clients, openFiles, cores) => {
        const count = shardCount(clients, planOf('websocket', { clients }), { ...debian, openFiles, cores });
        const largest = Math.ceil(clients / count);
        expect(largest).toBeLessThanOrEqual(openFiles - otherDescriptors);
        expect(largest).toBeLessThanOrEqual(ownPorts.last - ownPorts.first + 1);
      },
    ),
  );
});

test.each([
  [500, 2, 1],
  [15_000, 2, 1],
  [15_001, 2, 2],
  [15_000, 16, 3],
  [500, 64, 1],
])('%i clients on %i cores: %i shards', (clients, cores, count) => {
  expect(shardCount(clients, planOf('sse', { clients }), { ...debian, cores })).toBe(count);
});
