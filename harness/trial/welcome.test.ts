// Who is turned away by somebody's own server leaves it alone.
import { expect, test } from 'vitest';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { SwarmState } from '../swarm/swarm.ts';
import { nobodysChanges, refusalOf } from './changes.ts';
import { checkWelcome } from './welcome.ts';

const subject = { name: 'api', url: 'http://127.0.0.1:1/x', changes: 'ours', tellsVersions: true } as const;
const plan = (foreign: typeof subject | undefined, clients = 100) => ({ clients, contender: { foreign } }) as TrialPlan;
const state = (holding: number, barred: number, barredBy: number) => ({ holding, barred, barredBy }) as SwarmState;

test.each([
  [401, /answered 401 to 9 attempts and let 2 of 100 clients in, .*credentials with headers of the target file/],
  [403, /answered 403 .*or an Origin it accepts/],
  [404, /answered 404 .*the path of url/],
  [405, /answered 405 .*url, headers and body/],
  [429, /answered 429 .*fewer --clients or a lower connect-rate/],
])('status %i for most clients ends the run with what to do', (status, told) => {
  expect(() => checkWelcome(state(2, 9, status), plan(subject))).toThrow(told);
});

test('few that are turned away, or fewer than are let in, end nothing; nor do the reference servers', () => {
  expect(() => checkWelcome(state(0, 4, 401), plan(subject))).not.toThrow();
  expect(() => checkWelcome(state(9, 9, 401), plan(subject))).not.toThrow();
  expect(() => checkWelcome(state(0, 100, 401), plan(undefined))).not.toThrow();
  // All of three are most.
  expect(() => checkWelcome(state(0, 3, 401), plan(subject, 3))).toThrow();
});

test('a server that takes no change at all is told of, one of the reference servers is waited for', async () => {
  const hopeless = { ...nobodysChanges, failures: 10, failure: 'it answered 500', untilHopeless: async () => {} };
  await expect(refusalOf(hopeless, plan(subject))).rejects.toThrow(
    'no change could be made, in 10 attempts: it answered 500; expected publish to make one',
  );
  const waiting = refusalOf(hopeless, plan(undefined)).then(() => 'told');
  expect(await Promise.race([waiting, new Promise((resolve) => setImmediate(resolve, 'waits'))])).toBe('waits');
});
