import { describe, expect, test } from 'vitest';
import { dashboard } from '../../scenarios/dashboard.ts';
import { createHistogram, recordUs, summarize } from '../contract/histogram.ts';
import type { HealthFinding, MetricValue } from '../contract/record.ts';
import { planUpdates } from '../plan/arrivals.ts';
import { parseContender } from '../plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import type { ActionCounts } from '../swarm/action-log.ts';
import type { Sighting } from '../swarm/sightings.ts';
import { examineHealth, type HealthCode, type HealthInput } from './health.ts';

function planOf(contender: string): TrialPlan {
  const parsed = parseContender(contender);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const settings = settingsOf(dashboard, {});
  const [plan] = planTrials(dashboard, { settings, contenders: [parsed.contender], repeat: 1, seed: 42 });
  if (plan === undefined) throw new Error('there is no plan');
  return plan;
}

const times = (us: number): MetricValue => {
  const histogram = createHistogram();
  recordUs(histogram, us, 2_000);
  return summarize(histogram, 'us');
};
const count = (value: number): MetricValue => ({ unit: 'count', value });
const statements = (atUs: number, foreign: number) => ({ statements: { atUs, queries: 0, others: 0, foreign } });

/** A trial against which nothing speaks: 500 clients on two shards, 4 changes in a window of 20 s, all delivered within 20 ms. */
function healthy(): HealthInput {
  const plan = planOf('sse');
  const planned = planUpdates({
    audiences: 1,
    firstVersion: 1,
    startUs: 0,
    windowUs: plan.windowUs,
    intervalUs: plan.updateIntervalUs,
    kind: 'fixed',
    seed: 1,
  });
  return {
    input: {
      plan,
      planned,
      published: planned.map((update) => ({ ...update, sentUs: update.intendedUs, committedUs: update.intendedUs })),
      publishFailures: 0,
      clockStepMs: 1,
      behindAtStart: 0,
      givenUp: 0,
      readings: { windowStart: statements(1_000, 7), windowEnd: statements(20_001_000, 7) },
      agents: [],
      results: { shards: [240, 240].map((holding) => ({ holding, group: 'ordinary' as const })), lost: [] },
      atRest: { connected: 500 },
    },
    totals: {
      trial: {
        delivered: 1_990,
        superseded: 10,
        missed: 0,
        duplicate: 0,
        outOfOrder: 0,
        answers: 0,
        failedAnswers: 0,
        snapshots: 500,
        updates: 2_000,
        opened: 500,
        connectFailures: 0,
        ended: 0,
        gaveUp: 0,
        missedAway: 0,
        madeUpBySnapshot: 0,
        madeUpByReplay: 0,
      },
      window: { answers: 0, unchanged: 0, due: 1_000, skipped: 0, failed: 0, lateArrivals: 0, arrivals: 0, staleUs: 0 },
      expected: 2_000,
      holding: 500,
      actions: null,
    },
    metrics: {
      freshnessUs: times(20_000),
      'generator.errorUs': { unit: 'us', value: 300, margin: 200 },
      'generator.publishLagUs': times(1_000),
      'db.queriesPerMinute': { unit: '1/min', value: 12 },
      'db.poolTimeouts': count(0),
      'db.poolWaitUs': times(500),
    },
    witnesses: [{ what: 'database queries', clients: 504, servers: 504, database: 504 }],
    theory: { plan, updatesInWindow: 4, queryUs: 0 },
  };
}

type Change = (trial: HealthInput) => HealthInput;

const trial =
  (changed: Partial<HealthInput['totals']['trial']>): Change =>
  (health) => ({ ...health, totals: { ...health.totals, trial: { ...health.totals.trial, ...changed } } });
const window =
  (changed: Partial<HealthInput['totals']['window']>): Change =>
  (health) => ({ ...health, totals: { ...health.totals, window: { ...health.totals.window, ...changed } } });
const input =
  (changed: Partial<HealthInput['input']>): Change =>
  (health) => ({ ...health, input: { ...health.input, ...changed } });
const metrics =
  (changed: HealthInput['metrics']): Change =>
  (health) => ({ ...health, metrics: { ...health.metrics, ...changed } });
const published =
  (share: number): Change =>
  (health) =>
    input({ published: health.input.published.slice(0, share * health.input.published.length) })(health);
/** Of 100 that were due all were acknowledged, but for what is given. */
const actions =
  (given: Partial<ActionCounts>, seen: readonly Sighting[] = []): Change =>
  (health) => {
    const counts = { due: 100, acknowledged: 100, refused: 0, unsent: 0, unanswered: 0, ...given };
    return {
      ...health,
      totals: { ...health.totals, actions: { trial: counts, window: counts, bytes: { up: 0, down: 0 }, seen: [seen] } },
    };
  };
const windowEnd = (atUs: number, foreign: number): Change =>
  input({ readings: { windowStart: statements(1_000, 7), windowEnd: statements(atUs, foreign) } });
const shards = (...holding: number[]): Change =>
  input({ results: { shards: holding.map((each) => ({ holding: each, group: 'ordinary' as const })), lost: [] } });

/** One of two agents died with its 240 clients. */
const lostAgent: Change = (health) => {
  const agent = (name: string) => ({ name, host: 'x', cores: 2, version: '1', clients: 250 });
  const lost = [{ name: 'shard 1 of b', group: 'ordinary' as const, agent: 'b', clients: 240, how: 'is gone' }];
  const shards = [{ holding: 240, group: 'ordinary' as const }];
  const changed = input({ agents: [agent('a'), agent('b')], results: { shards, lost }, atRest: { connected: 260 } });
  return { ...changed(health), totals: { ...health.totals, holding: 260 } };
};

/** What provokes each finding, and no other: a code that is not here does not compile. */
const provocations: Readonly<Record<HealthCode, readonly [HealthFinding['severity'], ...Change[]]>> = {
  AGENT_LOST: ['fatal', lostAgent],
  CLIENTS_MISSING: ['fatal', (health) => ({ ...health, totals: { ...health.totals, holding: 499 } })],
  CLIENTS_LOST: ['warn', input({ atRest: { connected: 499 } })],
  SHARD_CEILING: ['fatal', shards(239, 239)],
  NOTHING_PUBLISHED: ['fatal', published(0)],
  CHANGES_NOT_PUBLISHED: ['fatal', published(0.5)],
  PUBLISH_RETRIED: ['warn', input({ publishFailures: 1 })],
  DELIVERED_TOO_MUCH: [
    'fatal',
    trial({ delivered: 1_991 }),
    // Of 500 who watch.
    actions({}, [{ audience: 0, version: 7, clients: 501, lastUs: 1 }]),
  ],
  COUNTS_DO_NOT_RECONCILE: [
    'fatal',
    trial({ delivered: 1_989 }),
    trial({ superseded: 9 }),
    // One that came to two ends.
    actions({ acknowledged: 101 }),
    // One that came to none: of 100 acknowledged, 101 were due.
    actions({ due: 101 }),
  ],
  WITNESSES_DISAGREE: [
    'fatal',
    (health) => ({ ...health, witnesses: [{ what: 'snapshots', clients: 500, servers: 501, database: null }] }),
  ],
  GENERATOR_SATURATED: [
    'fatal',
    metrics({ 'generator.errorUs': { unit: 'us', value: 10_300, margin: 200 } }),
    metrics({ 'generator.errorUs': { unit: 'us', value: -10_300, margin: 200 } }),
  ],
  PUBLISHER_LATE: ['warn', metrics({ 'generator.publishLagUs': times(5_100) })],
  GENERATOR_LATE: ['warn', window({ lateArrivals: 11 })],
  ATTEMPTS_LATE: ['warn', metrics({ 'generator.attemptLagUs': times(21_000) })],
  WARM_UP_UNFINISHED: ['warn', input({ behindAtStart: 1 })],
  WINDOW_OVERRUN: ['warn', windowEnd(20_402_000, 7), windowEnd(19_600_000, 7)],
  CLOCK_STEP: ['warn', input({ clockStepMs: 201 }), input({ clockStepMs: -3_600_000 })],
  CLOCKS_UNSURE: [
    'warn',
    metrics({
      freshnessUs: { ...summarize(createHistogram(), 'us', 1), uncertainty: 2_001, reasons: { p50: 'unsure' } },
    }),
  ],
  FOREIGN_QUERIES: ['warn', windowEnd(20_001_000, 8)],
  ACTIONS_FAILED: [
    'warn',
    actions({ acknowledged: 99, unanswered: 1 }),
    actions({ acknowledged: 99, refused: 1 }),
    (health) => input({ givenUp: 1 })(actions({})(health)),
  ],
  UPDATES_MISSED: ['warn', trial({ delivered: 1_989, missed: 1 })],
  UPDATES_DUPLICATE: ['warn', trial({ duplicate: 1 })],
  UPDATES_OUT_OF_ORDER: ['warn', trial({ outOfOrder: 1 })],
  SYSTEM_SATURATED: [
    'warn',
    window({ skipped: 11 }),
    metrics({ 'db.poolTimeouts': count(1) }),
    metrics({ 'db.poolWaitUs': times(101_000) }),
  ],
  THEORY_DEVIATES: ['warn', metrics({ 'db.queriesPerMinute': { unit: '1/min', value: 18 } })],
};

describe('a trial', () => {
  test('against which nothing speaks has no finding', () => {
    expect(examineHealth(healthy())).toEqual([]);
  });

  test.each(
    Object.entries(provocations).flatMap(([code, [severity, ...changes]]) =>
      changes.map((change) => ({ code, severity, change })),
    ),
  )('is told of $code, $severity, and of nothing else', ({ code, severity, change }) => {
    expect(examineHealth(change(healthy())).map(({ code, severity }) => ({ code, severity }))).toEqual([
      { code, severity },
    ]);
  });

  test('may have lost requests: then its witnesses legitimately know different things', () => {
    const [finding] = examineHealth({
      ...trial({ failedAnswers: 1 })(healthy()),
      witnesses: [{ what: 'HTTP answers', clients: 499, servers: 500, database: null }],
    });
    expect(finding).toMatchObject({ code: 'WITNESSES_DISAGREE', severity: 'warn' });
  });

  test.each([{ ended: 1 }, { failedAnswers: 1 }, { connectFailures: 1 }])(
    'in which something failed (%j) is not condemned for witnesses who know different things',
    (failure) => {
      const [finding] = examineHealth({
        ...trial(failure)(healthy()),
        witnesses: [{ what: 'connections opened', clients: 500, servers: 501, database: null }],
      });
      expect(finding).toMatchObject({ code: 'WITNESSES_DISAGREE', severity: 'warn' });
    },
  );

  test.each([
    ['one shard', shards(400)],
    ['shards that stopped at different numbers', shards(239, 238)],
    ['shards that connected all they were dealt', shards(240, 240)],
  ])('with %s has met no ceiling', (_, change) => {
    expect(examineHealth(change(healthy()))).toEqual([]);
  });

  test.each(['kill', 'drain', 'stall'] as const)('may take away (%s) what its own changes are made through', (kind) => {
    const fault = { kind, atUs: 0, downUs: 1, quietUs: 0 };
    const subject = { name: 'api', url: 'http://127.0.0.1:1/', changes: 'ours', tellsVersions: true } as const;
    const findings = (plan: Partial<TrialPlan>) => {
      const retried = input({ publishFailures: 3 })(healthy());
      return examineHealth(input({ plan: { ...retried.input.plan, ...plan } })(retried)).map(({ code }) => code);
    };
    const { contender } = planOf('sse');
    expect(findings({ fault, contender: { ...contender, foreign: subject } })).toEqual([]);
    expect(findings({ fault: { ...fault, kind: 'cut' }, contender: { ...contender, foreign: subject } })).toEqual([
      'PUBLISH_RETRIED',
    ]);
    // Those of the reference servers go to Postgres.
    expect(findings({ fault })).toEqual(['PUBLISH_RETRIED']);
  });

  test('whose generator’s error cannot be told from chance is not called late', () => {
    const error = (margin?: number) =>
      metrics({ 'generator.errorUs': { unit: 'us', value: 30_000, ...(margin !== undefined && { margin }) } });
    expect(examineHealth(error(26_000)(healthy()))).toEqual([]);
    expect(examineHealth(error()(healthy()))).toEqual([]);
    expect(examineHealth(error(24_000)(healthy()))).toHaveLength(1);
  });

  test('that lost an agent tells nothing that all clients sum up to, cause or share, and what it measured of the others', () => {
    const changed = metrics({
      'updates.delivered': count(1_000),
      'memory.bytesPerClient': { unit: 'bytes', value: 9_000 },
      'connect.dbQueries': count(1),
      'connect.us': times(2_000),
    });
    const [finding] = examineHealth(lostAgent(changed(healthy())));
    const sums = ['updates.delivered', 'memory.bytesPerClient', 'connect.dbQueries', 'db.queriesPerMinute'];
    expect([...(finding?.voids ?? [])].sort()).toEqual(sums.sort());
  });

  test('that polls has its generator’s error set against the round trips that canaries compare', () => {
    const polling = metrics({
      freshnessUs: times(1_980_000),
      requestUs: times(12_000),
      'generator.errorUs': { unit: 'us', value: 8_000, margin: 500 },
    })(healthy());
    expect(examineHealth(polling)).toMatchObject([
      { severity: 'fatal', code: 'GENERATOR_SATURATED', voids: ['requestUs', 'requestUncorrectedUs', 'connect.us'] },
    ]);
  });
});
