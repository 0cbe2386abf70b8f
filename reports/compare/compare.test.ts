// Two records of like runs: what is refused, what fails, what is only shown, and how every output says so.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricName } from '../../harness/contract/metrics.ts';
import type { MetricValue, RunRecord } from '../../harness/contract/record.ts';
import { buildRecord, distributionOf } from '../fixtures/record.ts';
import { buildSweepRecord } from '../fixtures/sweep.ts';
import { readRun } from '../run.ts';
import { textWidth } from '../table/text-width.ts';
import type { Change } from './change.ts';
import { checksOf } from './checks.ts';
import { compareRuns, failuresOf } from './comparison.ts';
import { compareConditions } from './likeness.ts';
import { renderComparisonSummary } from './summary.ts';
import { renderComparison } from './terminal.ts';
import { concludeComparison } from './words.ts';

const contenders = ['polling', 'websocket'];
const record = buildRecord({ contenders });

/** The record with these metrics in each of its trials; a function is told the repetition. */
function withMetrics(
  metrics: Partial<Record<MetricName, MetricValue | ((repetition: number) => MetricValue)>>,
  from: RunRecord = record,
): RunRecord {
  const changed = structuredClone(from);
  for (const trial of changed.trials)
    for (const [name, value] of Object.entries(metrics))
      trial.metrics[name as MetricName] = typeof value === 'function' ? value(trial.repetition) : value;
  return changed;
}

const compare = (baseline: RunRecord, candidate: RunRecord) => compareRuns(readRun(baseline), readRun(candidate));

/** The change of one metric when it goes from one value to another. */
function changeFrom(metric: MetricName, before: MetricValue, after: MetricValue, from?: RunRecord): Change {
  const { contenders } = compare(withMetrics({ [metric]: before }, from), withMetrics({ [metric]: after }, from));
  const change = contenders[0]?.changes.find((each) => each.metric === metric);
  if (change === undefined) throw new Error(`expected ${metric} to be compared`);
  return change;
}

const count = (value: number): MetricValue => ({ unit: 'count', value });
const perMinute = (value: number): MetricValue => ({ unit: '1/min', value });

describe('likeness', () => {
  it('finds nothing between two runs of one command', () => {
    expect(compareConditions(record, buildRecord({ contenders }))).toEqual({ differences: [], remarks: [] });
  });

  it('lists every difference of scenario, settings and services', () => {
    const other = buildRecord({ contenders: ['polling'], pollSeconds: 3 });
    other.services.postgres = { driver: 'url', version: '17.2' };
    expect(compareConditions(record, other).differences).toEqual([
      'postgres is 18.4 (embedded) in the baseline, 17.2 (url) in the candidate',
      'dashboard: websocket, 500 clients, 1 audience is in the baseline alone',
      'dashboard: polling, 500 clients, 1 audience: poll-interval is 2s in the baseline, 3s in the candidate',
    ]);
  });

  it('says what a contender was measured with instead', () => {
    expect(compareConditions(record, buildRecord({ contenders, clients: 100 })).differences[0]).toBe(
      'dashboard: polling, 500 clients, 1 audience is in the baseline, dashboard: polling, 100 clients, 1 audience in the candidate',
    );
  });

  it('remarks what differs without making the runs unlike: another machine, a further contender, a younger setting', () => {
    const other = buildRecord({ contenders: [...contenders, 'sse'] });
    other.environment.cores = 8;
    for (const trial of other.trials) trial.settings.tls = 'off';
    expect(compareConditions(record, other)).toEqual({
      differences: [],
      remarks: [
        'dashboard: sse, 500 clients, 1 audience is in the candidate alone, and not compared',
        'tls: set in the candidate alone',
        'cores is 2 in the baseline, 8 in the candidate',
      ],
    });
  });
});

describe('a sweep', () => {
  const sse = { contenders: ['sse'], windowSeconds: 10 };
  const sweeps = {
    clients: buildSweepRecord(sse),
    changes: { ...record, trials: [1, 5].flatMap((updateSeconds) => buildRecord({ ...sse, updateSeconds }).trials) },
  };

  it.each([
    ['clients', 'sse (50 clients)'],
    ['changes', 'sse (a change every 5 s)'],
  ] as const)('of %s is compared at every scale, and the lightest alone can fail it', (varied, label) => {
    const sweep = sweeps[varied];
    const lightest = varied === 'clients' ? 0 : 1;
    const trials = sweep.trials.map((trial, index) =>
      index === lightest
        ? {
            ...trial,
            metrics: { ...trial.metrics, 'db.queriesPerMinute': perMinute(120), 'updates.missed': count(108) },
          }
        : trial,
    );
    expect(failuresOf(compare(sweep, sweep))).toEqual([]);
    const failures = failuresOf(compare(sweep, { ...sweep, trials }));
    expect(failures.map(({ label, change }) => `${label} ${change.metric}`)).toContain(`${label} db.queriesPerMinute`);
    expect(new Set(failures.map((failure) => failure.label))).toEqual(new Set([label]));
  });

  it('is unlike one that lacks a scale', () => {
    const { changes } = sweeps;
    expect(compareConditions(changes, { ...changes, trials: changes.trials.slice(1) }).differences).toEqual([
      'dashboard: sse, 500 clients, 1 audience, a change every 1 s is in the baseline, dashboard: sse, 500 clients, 1 audience in the candidate',
      'dashboard: sse, 500 clients, 1 audience, a change every 5 s is in the baseline, dashboard: sse, 500 clients, 1 audience in the candidate',
    ]);
  });
});

describe('a deterministic figure', () => {
  it.each([
    ['db.queriesPerMinute', perMinute(15_000), perMinute(15_299), false],
    ['db.queriesPerMinute', perMinute(15_000), perMinute(15_301), true],
    // One query more at the edge of a window of 20 s is 3 a minute.
    ['db.queriesPerMinute', perMinute(12), perMinute(15), false],
    ['db.queriesPerMinute', perMinute(12), perMinute(18), true],
    ['updates.missed', count(0), count(1), true],
    ['updates.missed', count(5), count(0), false],
    ['wire.headerShare', { unit: 'ratio', value: 0.1275 }, { unit: 'ratio', value: 0.1318 }, false],
    ['wire.headerShare', { unit: 'ratio', value: 0.1 }, { unit: 'ratio', value: 0.13 }, true],
    ['deliveryRatio', { unit: 'ratio', value: 1 }, { unit: 'ratio', value: 0.97 }, true],
    ['wire.bytesOutPerClientMinute', { unit: 'bytes/min', value: 10.8 }, { unit: 'bytes/min', value: 14.4 }, false],
    ['wire.bytesPerUpdate', { unit: 'bytes', value: 1_000 }, { unit: 'bytes', value: 1_021 }, true],
    ['updates.published', count(6), count(60), false],
  ] as const)('%s: %o → %o', (metric, before, after, fails) => {
    expect(changeFrom(metric, before, after).isFailure).toBe(fails);
  });

  it('fails when only the candidate lacks it, and is unknown when the baseline does', () => {
    const lost: MetricValue = { unit: '1/min', value: null, reason: 'pg_stat_statements is missing' };
    expect(changeFrom('db.queriesPerMinute', perMinute(12), lost)).toMatchObject({
      isFailure: true,
      outcome: 'unknown',
      reason: 'pg_stat_statements is missing',
    });
    expect(changeFrom('db.queriesPerMinute', lost, perMinute(12))).toMatchObject({
      isFailure: false,
      outcome: 'unknown',
    });
    expect(changeFrom('db.queriesPerMinute', lost, lost).isFailure).toBe(false);
  });

  it('fails nothing in a storm, where counts hang on moments', () => {
    const storm = structuredClone(record);
    for (const trial of storm.trials) trial.events.push({ kind: 'fault', atUs: 1, untilUs: 2, what: 'kill' });
    expect(changeFrom('db.queriesPerMinute', perMinute(12), perMinute(120), storm)).toMatchObject({
      isFailure: false,
      outcome: 'worse',
    });
  });

  it('that is a sum is compared as the mean of one repetition', () => {
    const change = compare(
      withMetrics({ 'updates.duplicate': count(4) }),
      withMetrics({ 'updates.duplicate': count(4) }, buildRecord({ contenders, repetitions: 3 })),
    ).contenders[0]?.changes.find(({ metric }) => metric === 'updates.duplicate');
    expect(change).toMatchObject({ baseline: 4, candidate: 4, outcome: 'same' });
  });
});

describe('a timing', () => {
  const ms = (value: number) => distributionOf(Array.from({ length: 50 }, () => value * 1_000));
  const repeated = buildRecord({ contenders, repetitions: 3 });
  const spread = (middle: number) => (repetition: number) => ms(middle + repetition - 2);
  const freshness = (before: RunRecord, after: RunRecord) =>
    compare(before, after).contenders[0]?.changes.find(
      ({ metric, quantile }) => metric === 'freshnessUs' && quantile === 0.99,
    );

  it.each([
    [100, 160, false],
    [100, 290, false],
    [100, 310, true],
    // Thrice as long, but within what a busy machine does.
    [10, 32, false],
    [310, 100, false],
  ])('of one repetition: %d ms → %d ms', (before, after, fails) => {
    expect(changeFrom('freshnessUs', ms(before), ms(after))).toMatchObject({ isFailure: fails, interval: null });
  });

  it.each([
    [200, 290, false],
    [200, 320, true],
    [20, 60, false],
  ])('of three repetitions: %d ms → %d ms', (before, after, fails) => {
    const change = freshness(
      withMetrics({ freshnessUs: spread(before) }, repeated),
      withMetrics({ freshnessUs: spread(after) }, repeated),
    );
    expect(change?.isFailure).toBe(fails);
    expect(change?.interval?.lower).toBeCloseTo((after - 1) / (before + 1), 2);
    expect(change?.interval?.upper).toBeCloseTo((after + 1) / (before - 1), 2);
  });

  it('whose repetitions overlap decides nothing', () => {
    const wild = (values: readonly number[]) => (repetition: number) => ms(values[repetition - 1] ?? 0);
    const change = freshness(
      withMetrics({ freshnessUs: wild([100, 100, 900]) }, repeated),
      withMetrics({ freshnessUs: wild([400, 900, 2_000]) }, repeated),
    );
    expect(change).toMatchObject({ outcome: 'same', isFailure: false });
  });

  it('that is not decisive fails nothing', () => {
    expect(changeFrom('connect.us', ms(100), ms(900))).toMatchObject({ outcome: 'worse', isFailure: false });
  });

  it('that fell among what was not seen any more is worse than any number', () => {
    const unseen = distributionOf([1_000], 9);
    expect(changeFrom('freshnessUs', ms(10), unseen)).toMatchObject({
      candidate: null,
      outcome: 'worse',
      isFailure: true,
      reason: expect.stringContaining(
        'p50 lies among the 9 of 10 observations that were not seen by the end of the drain',
      ),
    });
  });
});

describe('a comparison', () => {
  it('of a run with itself fails nothing and changes nothing', () => {
    for (const { changes } of compare(record, record).contenders) {
      expect(changes.length).toBeGreaterThan(10);
      for (const { outcome, ratio } of changes) {
        expect(['same', 'unknown']).toContain(outcome);
        expect([null, 1]).toContain(ratio);
      }
    }
  });

  it('turned around is better where it was worse, whatever the figures', () => {
    const value = fc.integer({ min: 0, max: 2_000 });
    fc.assert(
      fc.property(
        value,
        value,
        fc.constantFrom('updates.missed', 'deliveryRatio', 'system.cpuMsPerSecond'),
        (a, b, name) => {
          const metric = name as MetricName;
          const there = changeFrom(metric, count(a), count(b)).outcome;
          const back = changeFrom(metric, count(b), count(a)).outcome;
          const opposite = { worse: 'better', better: 'worse', same: 'same', unknown: 'unknown' } as const;
          // 2 % of the larger is more than 2 % of the smaller: what is worse one way may be no better the other.
          fc.pre(Math.abs(a - b) <= 0.02 * Math.min(a, b) || Math.abs(a - b) > 0.02 * Math.max(a, b));
          expect(back).toBe(opposite[there]);
        },
      ),
      { numRuns: 40 },
    );
  });

  const worse = compare(record, withMetrics({ 'updates.missed': count(3), 'db.queriesPerMinute': perMinute(30_000) }));

  it('names what failed, first of all and in every output', () => {
    expect(failuresOf(worse).map(({ label, change }) => `${label} ${change.metric}`)).toEqual([
      'polling db.queriesPerMinute',
      'websocket db.queriesPerMinute',
    ]);
    expect(concludeComparison(worse)[0]).toBe(
      'The candidate is worse in 2 figures: polling: db.queriesPerMinute 15,003/min → 30,000/min (+100 %), ….',
    );
    expect(renderComparisonSummary(worse, [])).toContain('### polling\n');
    expect(checksOf(worse, []).filter(({ outcome }) => outcome === 'failed')).toHaveLength(2);
  });

  it('fits a terminal of 80 columns, with intervals too', () => {
    const repeated = buildRecord({ contenders: ['polling+cache=1s', 'long-polling'], repetitions: 3 });
    const long = compare(repeated, withMetrics({ 'db.queriesPerMinute': perMinute(1_234_567) }, repeated));
    for (const comparison of [worse, long]) {
      const text = renderComparison(comparison, { thresholds: [], paths: [], style: { color: false } });
      expect(Math.max(...text.split('\n').map(textWidth))).toBeLessThanOrEqual(80);
      expect(text).toContain('FAIL');
    }
  });
});
