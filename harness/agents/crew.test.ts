// A run and its agents at a real Redis, where agents are no more than what they say of themselves.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboard } from '../../scenarios/dashboard.ts';
import { parseContender } from '../plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import { type Guard, openGuard } from '../services/guard.ts';
import { startRedis } from '../services/redis.ts';
import type { Service } from '../services/service.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { keys, type Meeting, openMeeting } from './meeting.ts';
import { type AgentCard, holdName, listAgents, removeCard } from './registry.ts';

let guard: Guard;
let redis: Service;
let meeting: Meeting;
beforeAll(async () => {
  guard = await openGuard();
  redis = await startRedis({ guard });
  meeting = await openMeeting({ url: redis.url, caFile: null });
});
afterAll(async () => {
  meeting?.close();
  await guard.close();
});

/** An agent that says this of itself, once and for all. */
async function introduce(id: string, changed: Partial<AgentCard> = {}): Promise<AgentCard> {
  const limits = {
    openFiles: null,
    outgoingPorts: null,
    hasManySources: true,
    reusesPorts: true,
    listenBacklog: null,
    trackedConnections: null,
    cores: 2,
    memoryAvailableBytes: 1e9,
  };
  const common = { host: 'here', version: '1', limits, carries: 1_000, allows: [], isLeaving: false };
  const card = { id, name: id, ...common, ...changed };
  await meeting.client.multi().set(keys.card(id), JSON.stringify(card)).sadd(keys.agents, id).exec();
  return card;
}

const gather = (options: Partial<CrewOptions> = {}) => {
  const { signal } = new AbortController();
  const usual = { meeting, count: 1, version: '1', serveHost: '127.0.0.1', host: 'here', signal, say: () => {} };
  return Crew.gather({ ...usual, ...options });
};

test('one of another version is named at once, and one that will do is waited for; one that leaves is dealt no clients', async () => {
  const said: string[] = [];
  const old = await introduce('old', { version: '0' });
  const gathering = gather({ say: (line) => said.push(line) });
  await expect.poll(() => said).toContainEqual(expect.stringMatching(/^agent old \(here\) is Freshet 0; expected 1/));
  const good = await introduce('good');
  const crew = await gathering;
  try {
    expect((await crew.seats(planOf())).map(({ agent }) => agent?.name)).toEqual(['good']);
    await introduce('good', { isLeaving: true });
    await introduce('next');
    expect((await crew.seats(planOf())).map(({ agent }) => agent?.name)).toEqual(['next']);
    // It is free again before the claim's own life is over.
    await expect.poll(() => meeting.client.get(keys.claim('good')), { timeout: 2_000 }).toBeNull();
  } finally {
    await crew.close();
    for (const card of [old, good, { id: 'next', name: 'next' }]) await removeCard(meeting.client, card);
  }
  expect(await listAgents(meeting.client)).toEqual([]);
});

test('a name is held by one agent, until that is gone', async () => {
  const [first, second] = [
    { id: '1', name: 'a' },
    { id: '2', name: 'a' },
  ];
  const hold = (card: { id: string; name: string }) => holdName(meeting.client, card);
  expect((await Promise.all([hold(first), hold(second)])).filter((held) => held)).toHaveLength(1);
  expect([await hold(first), await hold(second)]).toEqual([true, false]);
  await removeCard(meeting.client, second);
  expect(await hold(second)).toBe(false);
  await removeCard(meeting.client, first);
  expect(await hold(second)).toBe(true);
});

test('a Redis that goes away ends what waits for it: between trials when it has been silent, and at once when the run is to end', async () => {
  await introduce('only');
  const crew = await gather();
  const ending = new AbortController();
  const said: string[] = [];
  const gathering = gather({ count: 5, signal: ending.signal, say: (line) => said.push(line) });
  await expect.poll(() => said).toContainEqual(expect.stringMatching(/^waiting for agents: 0 of 5/));
  await redis.stop();
  const seats = crew.seats(planOf());
  ending.abort(new Error('told to end'));
  await expect(gathering).rejects.toThrow('told to end');
  await expect(seats).rejects.toThrow(/^the Redis of the agents does not answer any more/);
  await crew.close();
});

function planOf(): TrialPlan {
  const parsed = parseContender('sse');
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const settings = settingsOf(dashboard, { clients: 20 });
  const [plan] = planTrials(dashboard, { settings, contenders: [parsed.contender], repeat: 1, seed: 1 });
  return plan as TrialPlan;
}
