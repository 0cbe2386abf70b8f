// Truths that are known beforehand must be measured, through the whole path: real services, servers with a saboteur among them,
// shards and canary as processes, and the record. Counts are asserted to the last one; latencies as differences within one trial.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sleepUs } from '../harness/contract/clock.ts';
import { decodeHistogram } from '../harness/contract/histogram.ts';
import type { MetricName } from '../harness/contract/metrics.ts';
import { isDistribution, type MetricValue, scalarOf, type TrialRecord } from '../harness/contract/record.ts';
import { withClient } from '../harness/services/postgres-client.ts';
import { Laboratory } from './known-truth.fixture.ts';
import { admittedClients, burntMsPerSecond, busyUs, distanceUs, withheldEvery } from './saboteurs/deeds.ts';

const ms = 1_000;
const seconds = 1_000_000;

let laboratory: Laboratory;
/**
 * They last long and need hardly any CPU, so the others run meanwhile. Three, for their median: two garbage collections of 8 ms in
 * a control are more than a tenth of what is burnt. A longer control is no way out: after some 10 s of it a server's first work costs 70 ms more.
 */
let busyServers: Promise<TrialRecord[]>;

beforeAll(async () => {
  laboratory = await Laboratory.open();
  busyServers = Promise.all(
    Array.from({ length: 3 }, () =>
      laboratory.measure(
        'sse',
        { clients: 5, 'update-interval': 8 * seconds, duration: 12 * seconds, control: 6 * seconds },
        { sabotage: { servers: 'busyServer' } },
      ),
    ),
  );
  busyServers.catch(() => {}); // Their test tells.
});
afterAll(() => laboratory.close());

const scalar = (trial: TrialRecord, name: MetricName) => scalarOf(trial.metrics[name]);
const codes = ({ health }: TrialRecord) => health.map(({ code }) => code);

function distribution(trial: TrialRecord, name: MetricName) {
  const value: MetricValue | undefined = trial.metrics[name];
  if (!isDistribution(value)) throw new Error(`${name} is ${JSON.stringify(value)}: ${JSON.stringify(trial.health)}`);
  return decodeHistogram(value.histogram);
}

describe('a network', () => {
  test('that takes 100 ms one way shows as 100 ms of freshness for those behind it, and not as an error of the generator', async () => {
    // The odd clients are far, the even ones near: both see the same changes, so what else the machine does is in both.
    const trial = await laboratory.measure(
      'websocket+nodes=2',
      { clients: 20, 'update-interval': 73 * ms, duration: 3 * seconds },
      { sabotage: { servers: 'farServer' } },
    );
    const freshness = distribution(trial, 'freshnessUs');
    expect(freshness.totalCount).toBe(20 * 41);
    // The quickest tenth of each half: the slower ones tell how busy the machine was.
    const apartUs = freshness.getValueAtPercentile(55) - freshness.getValueAtPercentile(5);
    expect(apartUs / distanceUs).toBeGreaterThan(0.97);
    expect(apartUs / distanceUs).toBeLessThan(1.03);
    expect(Math.abs(scalar(trial, 'generator.errorUs') ?? Number.NaN)).toBeLessThan(distanceUs / 5);
  });
});

describe('a server', () => {
  test('that withholds versions, sends one twice and one late, is found out by the clients to the last one', async () => {
    const clients = 20;
    const trial = await laboratory.measure(
      'websocket',
      { clients, 'update-interval': 100 * ms, duration: 1 * seconds },
      { sabotage: { servers: 'withholdingServer' } },
    );
    const published = scalar(trial, 'updates.published') ?? 0;
    const withheld = laboratory.deeds('withheld');
    const { servers = null } = trial.witnesses.find(({ what }) => what === 'updates delivered') ?? {};
    // On a busy machine one query may answer two changes at once; what the servers never had they could not withhold.
    const neverHad = published * clients - (servers ?? 0);
    expect(withheld).toBeGreaterThanOrEqual(clients);
    expect(withheld).toBeLessThanOrEqual(Math.floor(published / withheldEvery) * clients);
    expect(scalar(trial, 'updates.missed')).toBe(withheld + neverHad);
    expect(scalar(trial, 'updates.duplicate')).toBe(1);
    expect(scalar(trial, 'updates.outOfOrder')).toBe(1);
    expect(scalar(trial, 'updates.delivered')).toBe(published * clients - withheld - neverHad);
    expect(codes(trial)).toEqual(
      expect.arrayContaining(['UPDATES_MISSED', 'UPDATES_DUPLICATE', 'UPDATES_OUT_OF_ORDER', 'WITNESSES_DISAGREE']),
    );
  });

  test('that asks twice for each poll doubles the queries, and stray queries and a frozen publisher are told apart from it', async () => {
    const clients = 10;
    const trial = await laboratory.measure(
      'polling',
      { clients, 'poll-interval': 250 * ms, 'update-interval': 250 * ms, duration: 2 * seconds },
      {
        sabotage: { servers: 'doubleQueryServer' },
        duringWindow: async ({ database, freeze }) => {
          await sleepUs(500 * ms);
          await Promise.all([
            freeze('publish', 600 * ms),
            withClient(database.adminUrl, (client) => client.query('SELECT count(*) FROM dashboard')),
          ]);
        },
      },
    );
    const [queries] = trial.witnesses;
    expect(queries?.database).toBe(2 * (queries?.clients ?? Number.NaN));
    expect(queries?.servers).toBe(queries?.database);
    // The window's counters are read while polls are under way: each edge may cut one or two of them.
    const polls = distribution(trial, 'requestUs').totalCount;
    const perWindow = ((scalar(trial, 'db.queriesPerMinute') ?? 0) * trial.windowUs) / (60 * seconds);
    expect(polls).toBe((clients * 2 * seconds) / (250 * ms));
    expect(Math.abs(perWindow - 2 * polls)).toBeLessThanOrEqual(8.01);
    expect(codes(trial)).toEqual(
      expect.arrayContaining(['WITNESSES_DISAGREE', 'THEORY_DEVIATES', 'FOREIGN_QUERIES', 'PUBLISHER_LATE']),
    );
    expect(trial.health.find(({ code }) => code === 'FOREIGN_QUERIES')?.message).toMatch(/window: 1$/);
  });

  test('that stalls for 1 s shows in the time from when polls were due, not in the time from when they were sent', async () => {
    const trial = await laboratory.measure(
      'polling+cache=1s',
      { clients: 10, 'poll-interval': 20 * ms, 'update-interval': 1 * seconds, duration: 6 * seconds, late: 'queue' },
      {
        duringWindow: async ({ freeze }) => {
          await sleepUs(1 * seconds);
          await freeze('serve', 1 * seconds);
        },
      },
    );
    expect(distribution(trial, 'requestUs').getValueAtPercentile(99)).toBeGreaterThanOrEqual(700 * ms);
    expect(distribution(trial, 'requestUncorrectedUs').getValueAtPercentile(99)).toBeLessThan(100 * ms);
    expect(scalar(trial, 'http.skippedShare')).toBe(0);
  });

  test('that burns 20 ms of CPU a second shows as 20 ms/s; one that is full, as the clients it refused', async () => {
    const trials = await busyServers;
    const [, median = Number.NaN] = trials
      .map((each) => scalar(each, 'server.cpuMsPerSecond') ?? Number.NaN)
      .toSorted((a, b) => a - b);
    expect(median / burntMsPerSecond).toBeGreaterThan(0.9);
    expect(median / burntMsPerSecond).toBeLessThan(1.1);
    const [trial] = trials;
    if (trial === undefined) throw new Error('there is no trial');
    expect(scalar(trial, 'connect.failures')).toBe(5 - admittedClients);
    expect(trial.health.find(({ code }) => code === 'CLIENTS_MISSING')).toMatchObject({
      severity: 'fatal',
      message: expect.stringContaining(`${admittedClients} of 5 clients`),
    });
    // Fewer than ten clients have no canary, and the record says so.
    expect(trial.metrics['generator.errorUs']).toEqual({
      unit: 'us',
      value: null,
      reason: 'fewer than 10 clients: no canary beside them',
    });
  });
});

describe('a generator', () => {
  test('that is slow is found by its canaries; that voids its latencies, and no count', async () => {
    const clients = 40;
    const trial = await laboratory.measure(
      'sse',
      { clients, 'update-interval': 300 * ms, duration: 2 * seconds },
      { sabotage: { shard: 'slowShard' } },
    );
    const errorUs = scalar(trial, 'generator.errorUs') ?? Number.NaN;
    // What the canary sees at once, some ms after it was intended, the others see when they are done being busy.
    expect(errorUs).toBeGreaterThan(busyUs / 2);
    expect(errorUs).toBeLessThan(busyUs * 1.2);
    const found = trial.health.find(({ code }) => code === 'GENERATOR_SATURATED');
    expect(found).toMatchObject({ severity: 'fatal', voids: ['freshnessUs', 'staleShare', 'connect.us'] });
    for (const name of found?.voids ?? [])
      expect(trial.metrics[name]).toMatchObject({ value: null, reason: `void: ${found?.message}` });
    // On a busy machine one query may answer two changes at once; then the servers had less to send, and agree.
    const sent = trial.witnesses.find(({ what }) => what === 'updates delivered');
    expect(scalar(trial, 'updates.delivered')).toBe(sent?.servers);
    const published = scalar(trial, 'updates.published') ?? 0;
    expect(scalar(trial, 'updates.delivered')).toBe(published * clients - (scalar(trial, 'updates.missed') ?? 0));
    expect(codes(trial)).not.toContain('WITNESSES_DISAGREE');
    expect(scalar(trial, 'db.queriesPerUpdate')).toBe(1);
  });
});

describe('nodes behind nginx', () => {
  const clients = 24;
  /** On a busy machine one query may answer two changes at once; what a node that heard of them never had, its clients missed. */
  const neverHad = (trial: TrialRecord) => {
    const published = scalar(trial, 'updates.published') ?? Number.NaN;
    const unreached = trial.metrics['updates.missed']?.expected ?? 0;
    const { servers = null } = trial.witnesses.find(({ what }) => what === 'updates delivered') ?? {};
    const never = clients * published - unreached - (servers ?? Number.NaN);
    // Rare, and not a node that hears of nothing.
    expect(never).toBeLessThan((clients * published) / 6);
    return never;
  };
  const often = { clients, 'update-interval': 250 * ms, duration: 1 * seconds };
  const lost = { fault: 'cut', 'fault-at': 300 * ms, down: 500 * ms, recovery: 2_200 * ms };
  let trials: Readonly<Record<'local' | 'postgres' | 'redis' | 'longPolling' | 'resumed', TrialRecord>>;

  beforeAll(async () => {
    // Counts only, so they may disturb each other.
    const [local, postgres, redis] = await Promise.all([
      laboratory.measure('websocket+local+nodes=2+balancer=ip-hash', often),
      laboratory.measure('websocket+postgres+nodes=3+balancer=round-robin', often),
      laboratory.measure('websocket+nodes=2+balancer=least-conn+tls', often),
    ]);
    const [longPolling, resumed] = await Promise.all([
      laboratory.measure('long-polling+nodes=2+balancer=round-robin', often),
      laboratory.measure('sse+redis+nodes=2+balancer=round-robin+backoff=fixed', { ...often, ...lost }),
    ]);
    trials = { local, postgres, redis, longPolling, resumed };
  });

  test('that hear of no change leave their clients without it, to the last one; told by Postgres or Redis, all have all', () => {
    const { local, postgres, redis } = trials;
    const skew = scalar(local, 'nodes.skew') ?? Number.NaN;
    const published = scalar(local, 'updates.published') ?? Number.NaN;
    const elsewhere = (scalar(local, 'updates.missed') ?? Number.NaN) - neverHad(local);
    expect([skew, 2 - skew].map((share) => (share * clients * published) / 2)).toContain(elsewhere);
    expect(elsewhere).toBeGreaterThan(0);
    expect(local.metrics['updates.missed']).toMatchObject({ expected: elsewhere });
    expect(local.health.find(({ code }) => code === 'UPDATES_MISSED')).toMatchObject({
      severity: 'warn',
      message: expect.stringContaining('nodes that are told of nothing'),
    });
    expect(local.phasesUs.drain).toBeLessThan(5 * seconds);
    for (const each of [postgres, redis]) expect(scalar(each, 'updates.missed')).toBe(neverHad(each));
    expect(Math.ceil(scalar(postgres, 'db.queriesPerUpdate') ?? 0)).toBe(3);
    expect(Math.ceil(scalar(redis, 'db.queriesPerUpdate') ?? 0)).toBe(1);
    expect([scalar(postgres, 'nodes.skew'), scalar(redis, 'nodes.skew')]).toEqual([1, 1]);
    expect(scalar(redis, 'nginx.cpuMsPerSecond')).toBeGreaterThan(0);
    for (const each of [local, postgres, redis]) expect(codes(each)).not.toContain('WITNESSES_DISAGREE');
  });

  test('need not be sticky for a WebSocket, which is one connection, nor for a client that says what it holds', () => {
    const { postgres, longPolling, resumed } = trials;
    // In turn, and yet no stream broke.
    expect(postgres.witnesses.find(({ what }) => what === 'connections opened')).toMatchObject({
      clients,
      servers: clients,
    });
    expect(codes(postgres)).not.toContain('CLIENTS_LOST');
    // Each wait may be on another node than the one before.
    expect(scalar(longPolling, 'deliveryRatio')).toBe(1);
    expect(scalar(longPolling, 'nodes.skew')).toBeLessThan(1.2);
    // Cut off and dealt anew, most are on another node, which sends what they lack.
    const away = scalar(resumed, 'storm.missedAway') ?? 0;
    expect(away).toBeGreaterThanOrEqual(clients);
    expect(scalar(resumed, 'storm.madeUpByReplay')).toBeGreaterThanOrEqual(clients);
    expect(Number(scalar(resumed, 'storm.madeUpByReplay')) + Number(scalar(resumed, 'storm.madeUpBySnapshot'))).toBe(
      away,
    );
    for (const name of ['updates.duplicate', 'updates.outOfOrder'] as const)
      expect(scalar(resumed, name), name).toBe(0);
  });
});
