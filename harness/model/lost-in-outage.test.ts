import { expect, test } from 'vitest';
import { redisOutage } from '../../scenarios/redis-outage.ts';
import { parseContender } from '../plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import { expectedLost } from './lost-in-outage.ts';

function planOf(spelling: string): TrialPlan {
  const parsed = parseContender(spelling);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const settings = settingsOf(redisOutage, { clients: 10, audiences: 2 });
  const [plan] = planTrials(redisOutage, { settings, contenders: [parsed.contender], repeat: 1, seed: 42 });
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

/** Redis ends at 100; node 1 has it again at 200, node 2 and the relay at 300. Two dashboards, so each node has the five clients of one. */
const outage = {
  atUs: 100,
  absences: [
    { node: 0, untilUs: 200 },
    { node: 1, untilUs: 300 },
    { node: null, untilUs: 300 },
  ],
  published: [50, 150, 250, 350].flatMap((committedUs) => [
    { audience: 0, committedUs },
    { audience: 1, committedUs },
  ]),
};

test('loses what is committed until node and relay both hear again, for each client that watches it', () => {
  const lost = expectedLost({ plan: planOf('sse+redis+resync=off'), ...outage });
  expect(lost).toMatchObject({ value: 20, standardError: 0 });
  const absences = outage.absences.map((absence) => ({ ...absence, untilUs: absence.node === 1 ? 400 : 200 }));
  expect(expectedLost({ plan: planOf('websocket+resync=off'), ...outage, absences })?.value).toBe(5 + 15);
});

test('loses nothing where a resync makes up for it, or nothing goes through Redis', () => {
  for (const spelling of ['websocket', 'sse+redis', 'sse', 'websocket+postgres+resync=off'])
    expect(expectedLost({ plan: planOf(spelling), ...outage })?.value, spelling).toBe(0);
});

test('knows nothing of who is still deaf, of a feed that was never shared, and of clients that a balancer dealt', () => {
  const deaf = [...outage.absences.slice(1), { node: 0, untilUs: null }];
  expect(expectedLost({ plan: planOf('websocket+resync=off'), ...outage, absences: deaf })).toBe(null);
  for (const spelling of ['websocket+local', 'long-polling+redis', 'websocket+resync=off+balancer=cookie'])
    expect(expectedLost({ plan: planOf(spelling), ...outage }), spelling).toBe(null);
});
