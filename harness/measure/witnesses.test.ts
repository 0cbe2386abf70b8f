import { describe, expect, test } from 'vitest';
import { dashboard } from '../../scenarios/dashboard.ts';
import { parseContender } from '../plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import { disagree, queriesSeenByClients } from './witnesses.ts';

function planOf(name: string, audiences = 1): TrialPlan {
  const parsed = parseContender(name);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const settings = settingsOf(dashboard, { clients: 500, audiences });
  const [plan] = planTrials(dashboard, { settings, contenders: [parsed.contender], repeat: 1, seed: 42 });
  if (plan === undefined) throw new Error('there is no plan');
  return plan;
}

/** 500 clients connected once and saw 20 changes; polls had 3,000 answers. */
function totalsWith(superseded: number) {
  const none = { delivered: 0, missed: 0, duplicate: 0, outOfOrder: 0, failedAnswers: 0, updates: 0 };
  const trial = { ...none, superseded, answers: 3_000, snapshots: 500, opened: 500, connectFailures: 0 };
  const away = { missedAway: 0, madeUpBySnapshot: 0, madeUpByReplay: 0 };
  return { trial: { ...trial, ...away, ended: 0, gaveUp: 0 }, holding: 500, changesSeen: 20, actions: null };
}

/** So many of 20 actions. */
function acted(acknowledged: number) {
  const counts = { due: 20, acknowledged, refused: 0, unsent: 0, unanswered: 20 - acknowledged };
  return { trial: counts, window: counts, bytes: { up: 0, down: 0 }, seen: [] };
}

describe('the queries that clients’ experience implies', () => {
  test.each([
    ['polling', 3_000],
    ['polling+etag', 3_000],
    ['polling+cache=1s', null],
    ['polling+auth=cookie+verify=session', 6_000],
    ['polling+auth=cookie+verify=jwt', 3_000],
    ['long-polling', 520],
    ['long-polling+auth=cookie+verify=session', null],
    ['websocket+auth=query+verify=session', 1_020],
    ['sse', 520],
    ['sse+nodes=2', 540],
    ['sse+redis+nodes=2', 520],
    ['websocket', 520],
    ['websocket+snapshot=cached', null],
    ['sse+local', null],
  ])('are, with %s: %s', (name, queries) => {
    expect(queriesSeenByClients({ plan: planOf(name) }, totalsWith(0))).toBe(queries);
  });

  test('cannot be told where changes came while no long poll waited for them', () => {
    expect(queriesSeenByClients({ plan: planOf('long-polling') }, totalsWith(1))).toBeNull();
    expect(queriesSeenByClients({ plan: planOf('sse') }, totalsWith(1))).toBe(520);
  });

  test.each([
    ['polling', 3_020],
    ['sse', 540],
    ['sse+nodes=2', 560],
    ['websocket', 540],
    ['sse+auth=cookie+verify=session', null],
  ])('are one more for each action, with %s: %s', (name, queries) => {
    expect(queriesSeenByClients({ plan: planOf(name) }, { ...totalsWith(0), actions: acted(20) })).toBe(queries);
  });

  test('cannot be told where an action was not acknowledged: it may have been done', () => {
    expect(queriesSeenByClients({ plan: planOf('sse') }, { ...totalsWith(0), actions: acted(19) })).toBeNull();
  });

  test('cannot be told where not every node has clients of every dashboard', () => {
    expect(queriesSeenByClients({ plan: planOf('sse+nodes=2', 3) }, totalsWith(0))).toBeNull();
  });
});

test('witnesses disagree when two of them know different counts, whoever else knows nothing', () => {
  expect(disagree({ what: 'x', clients: 1, servers: null, database: 1 })).toBe(false);
  expect(disagree({ what: 'x', clients: null, servers: 2, database: 1 })).toBe(true);
  expect(disagree({ what: 'x', clients: null, servers: null, database: 1 })).toBe(false);
});
