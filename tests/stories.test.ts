// What the war stories claim, each on a small scale: real servers, real sockets, and a network that goes down where that is allowed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MetricName } from '../harness/contract/metrics.ts';
import { isDistribution, scalarOf, type TrialRecord } from '../harness/contract/record.ts';
import { readRun, runCommand } from './command.fixture.ts';

const stories = {
  zombies: [
    ['websocket+heartbeat=none', 'websocket+heartbeat-interval=1s+heartbeat-timeout=2s'],
    ['--clients', '40', '--update-interval', '250ms'],
    ['watch=1500ms', 'vanish-at=300ms', 'slow-pause=200ms'],
  ],
  'slow-readers': [
    ['unbounded', 'disconnect'].map((policy) => `websocket+slow-clients=${policy}+buffer=1000000`),
    ['--clients', '12', '--duration', '3s', '--update-interval', '50ms'],
    ['payload=200000', 'slow-pause=500ms', 'slow=25'],
  ],
  auth: [
    [
      'websocket+auth=query+verify=session',
      'websocket+auth=message+verify=session+token=expired',
      'sse+auth=cookie+verify=jwt+token=expired',
    ],
    ['--clients', '20', '--duration', '1s', '--update-interval', '500ms'],
    [],
  ],
  soak: [
    ['websocket'],
    ['--clients', '20', '--duration', '2s', '--update-interval', '250ms'],
    ['stay=400ms', 'away=100ms'],
  ],
  chatty: [
    ['sse+nodes=2', 'websocket', 'polling'],
    ['--clients', '20', '--audiences', '2', '--duration', '1500ms', '--poll-interval', '300ms'],
    ['action-interval=500ms'],
  ],
} as const satisfies Record<string, readonly [contenders: string[], flags: string[], settings: string[]]>;
type Story = keyof typeof stories;

let out: string;
const trials = new Map<Story, readonly TrialRecord[]>();

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'freshet-stories-'));
  await Promise.all((Object.keys(stories) as Story[]).map(tell));
}, 120_000);
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

/** Most of their time is waiting, so they are told side by side. */
async function tell(story: Story): Promise<void> {
  const [contenders, flags, settings] = stories[story];
  const all = [...settings, 'control=100ms'].flatMap((setting) => ['--set', setting]);
  const own = join(out, story);
  const { code, stderr } = await runCommand(
    'bench',
    story,
    ...flags,
    ...all,
    '--contenders',
    contenders.join(),
    '--out',
    own,
  );
  // A busy machine voids latencies; what is asserted here are counts.
  expect([0, 4], stderr).toContain(code);
  trials.set(story, readRun(own).trials);
}

/** A trial of a story, by its place among the contenders, and its figures. */
function trialOf(story: Story, place: number) {
  const trial = trials.get(story)?.[place];
  if (trial === undefined) throw new Error(`${story} has no trial ${place}`);
  return {
    trial,
    metric: (name: MetricName) => trial.metrics[name],
    count: (name: MetricName) => scalarOf(trial.metrics[name]),
  };
}

describe('zombies', () => {
  test('without a heartbeat no vanished client is noticed; with one all are, and no living client is ended, however slow', () => {
    const [without, beaten] = [trialOf('zombies', 0), trialOf('zombies', 1)];
    const vanished = without.count('vanished.unnoticed') ?? 0;
    expect(vanished).toBeGreaterThan(10);
    expect(beaten.count('vanished.unnoticed')).toBe(0);
    expect(beaten.metric('vanished.noticedUs')).toMatchObject({ count: vanished, censored: 0 });
    expect(Math.max(...(beaten.trial.timeline.series.unnoticedClients ?? []).map(Number))).toBe(vanished);
    for (const { count } of [without, beaten]) {
      expect(count('vanished.falseKills')).toBe(0);
      expect(count('updates.missed')).toBe(0);
    }
  });

  test('nobody is noticed sooner than its time-out allows, less what it had waited for already', () => {
    const noticed = trialOf('zombies', 1).metric('vanished.noticedUs');
    if (!isDistribution(noticed)) throw new Error('not measured');
    // Asked just before it vanished, it owes an answer for 2 s; asked just after, for a round trip of the ring more.
    expect(noticed.min).toBeGreaterThan(1.9e6);
    expect(noticed.max).toBeLessThan(4.05e6);
  });

  test('a heartbeat’s bytes are those of its frames; what it costs in CPU is measured, and nothing where there is none', () => {
    const [without, beaten] = [trialOf('zombies', 0), trialOf('zombies', 1)];
    // A ping of 2 bytes and its masked answer of 6, 3,600 times an hour.
    expect(beaten.count('heartbeat.bytesPerClientHour')).toBeCloseTo(28_800, 0);
    expect(beaten.count('heartbeat.cpuUsPerClientHour')).toBeGreaterThan(0);
    expect(without.metric('heartbeat.cpuUsPerClientHour')).toMatchObject({ value: null, reason: expect.any(String) });
  });

  test('what is sent to the dead waits for them where their link is down, and the record says how they went', () => {
    const { trial, count } = trialOf('zombies', 0);
    const isCut = trial.settings['vanish-by'] === 'namespace';
    const [went] = trial.events.filter(({ kind }) => kind === 'fault');
    expect(went?.what).toContain(isCut ? 'link went down' : 'sockets froze');
    // Two changes of 500 bytes at least; a frozen client's kernel acknowledges.
    if (isCut) expect(count('vanished.heldBytes')).toBeGreaterThan((count('vanished.unnoticed') ?? 0) * 1_000);
  });
});

describe('slow readers', () => {
  test('what is kept for them grows without a bound, and with one stays near it', () => {
    const [unbounded, disconnect] = [0, 1].map((place) => trialOf('slow-readers', place).count('slow.bufferedBytes'));
    // A bound of 1 MB for three clients at most, and one message that went over it.
    expect(disconnect).toBeLessThanOrEqual(3 * (1_000_000 + 200_100));
    expect(unbounded).toBeGreaterThan(3 * (1_000_000 + 200_100));
  });

  test('who is cut is slow, and no other', () => {
    const [unbounded, disconnect] = [0, 1].map((place) => trialOf('slow-readers', place).count);
    expect([unbounded?.('slow.cut'), unbounded?.('slow.skipped')]).toEqual([0, 0]);
    expect(disconnect?.('slow.cut')).toBeGreaterThan(0);
    expect(disconnect?.('slow.skipped')).toBe(0);
    for (const count of [unbounded, disconnect]) {
      expect(count?.('slow.othersCut')).toBe(0);
      expect(count?.('server.rssPeakBytes')).toBeGreaterThan(0);
    }
  });
});

describe('auth', () => {
  test('a token in the URL is in the log once for each client, one in a message or a cookie never', () => {
    expect([0, 1, 2].map((place) => trialOf('auth', place).count('auth.tokensLogged'))).toEqual([20, 0, 0]);
  });

  test('a session costs a query a connect, a signature none, and a snapshot one more for who is let in', () => {
    expect([0, 1, 2].map((place) => trialOf('auth', place).count('connect.dbQueries'))).toEqual([2, 1, 0]);
  });

  test.each([1, 2])('nobody tries again with a token that has expired', (place) => {
    const { count } = trialOf('auth', place);
    expect(count('connect.gaveUp')).toBe(20);
    expect(count('connect.attemptsPerClient')).toBe(1);
  });
});

test('soak: clients have come and gone, and no connection, socket or timer is left of them', () => {
  const { count, metric } = trialOf('soak', 0);
  expect(count('soak.comings')).toBeGreaterThan(2 * 20);
  for (const name of ['soak.connectionsLeft', 'soak.socketsLeft', 'soak.timersLeft'] as const)
    expect(count(name), name).toBe(0);
  // A slope of two seconds is none.
  expect(metric('soak.bytesPerHour')).toMatchObject({ value: null, reason: expect.any(String) });
});

describe('chatty', () => {
  const places = [0, 1, 2] as const;
  const witnessed = (place: number, what: string) => {
    const found = trialOf('chatty', place).trial.witnesses.find((each) => each.what === what);
    return [found?.clients, found?.servers, found?.database];
  };

  test.each(places)(
    'every action came to one end, and made one version: clients, servers and Postgres agree (%s)',
    (place) => {
      const { trial, count } = trialOf('chatty', place);
      // 20 clients, each 3 times in 1.5 s.
      expect(count('action.sent')).toBe(60);
      const ends = ['action.acknowledged', 'action.failed', 'action.unanswered'] as const;
      expect(ends.map(count)).toEqual([60, 0, 0]);
      const [clients] = witnessed(place, 'actions done');
      expect(witnessed(place, 'actions done')).toEqual([clients, clients, clients]);
      expect(clients).toBeGreaterThan(60);
      expect(trial.health.filter(({ code }) => /WITNESSES|COUNTS|ACTIONS/.test(code))).toEqual([]);
    },
  );

  test('an action is a query, and one more for those who watch; polls ask besides', () => {
    const [done = 0] = witnessed(1, 'actions done').map(Number);
    const queries = 20 + 2 * done;
    expect(witnessed(1, 'database queries')).toEqual([queries, queries, queries]);
    expect(trialOf('chatty', 1).metric('db.queriesPerUpdate')).toMatchObject({ expected: 2 });
  });

  test.each(places)('the last to see a change is the last of its audience, and nobody is left out (%s)', (place) => {
    const { trial, metric, count } = trialOf('chatty', place);
    const [delivered, superseded] = [count('updates.delivered') ?? 0, count('updates.superseded') ?? 0];
    const published = count('updates.published') ?? 0;
    // Those that went ahead of the window, too.
    expect(published).toBeGreaterThan(60);
    expect([delivered + superseded, count('updates.missed')]).toEqual([published * 10, 0]);
    const [seen, freshness] = [metric('action.seenByAllUs'), metric('freshnessUs')];
    // What a late generator saw is void, each figure by a finding that names it.
    const voids = trial.health.flatMap(({ voids = [] }) => voids);
    expect([isDistribution(seen), isDistribution(freshness)]).toEqual([
      !voids.includes('action.seenByAllUs'),
      !voids.includes('freshnessUs'),
    ]);
    if (isDistribution(seen)) expect(seen).toMatchObject({ count: 60, censored: 0 });
    if (isDistribution(freshness)) expect(freshness).toMatchObject({ count: 60 * 10, censored: 0 });
    if (!isDistribution(seen) || !isDistribution(freshness)) return;
    expect(seen.max).toBe(freshness.max);
    expect(seen.p50 ?? 0).toBeGreaterThanOrEqual(freshness.p50 ?? 0);
    // Of ten that poll every 300 ms, somebody asked shortly before.
    if (place === 2) expect(seen.p50).toBeGreaterThan(200_000);
  });

  test('a message up the socket is a small part of a request', () => {
    const [post, message] = [0, 1].map((place) => trialOf('chatty', place).count('action.bytesUp') ?? 0);
    expect(message).toBeLessThan((post ?? 0) / 5);
    expect(message).toBeGreaterThan(40);
  });
});
