import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHistogram, recordUs, summarize } from '../contract/histogram.ts';
import { type MetricName, metricNames, metricOf } from '../contract/metrics.ts';
import {
  type DistributionValue,
  isDistribution,
  type MetricValue,
  points,
  type TrialRecord,
} from '../contract/record.ts';
import { withUncertainty } from './clock-uncertainty.ts';

type Agent = NonNullable<TrialRecord['agents']>[number];

/** An agent whose clock may have been off by so much; `null`: nobody knows by how much. */
function agent(uncertaintyUs: number | null, changed: Partial<Agent> = {}): Agent {
  const drift = { driftPpm: 1, driftUncertaintyPpm: 1 };
  const clock = { offsetUs: 5e9, uncertaintyUs, ...drift, roundTripUs: 2 * (uncertaintyUs ?? 0) };
  return {
    name: 'a',
    host: 'x',
    cores: 2,
    version: '1',
    clients: 10,
    cpuShare: 0,
    errorUs: 0,
    lost: null,
    clock,
    ...changed,
  };
}

const times = (values: readonly number[], censored = 0) => {
  const histogram = createHistogram();
  for (const us of values) recordUs(histogram, us);
  return summarize(histogram, 'us', censored);
};

/** 10 screens, 100 moments at which they changed, over a window of 10 s. */
const occasion = { isBetweenAgents: false, edges: 100, screenUs: () => 10 * 10e6 };

function apply(metrics: Partial<Record<MetricName, MetricValue>>, ...agents: Agent[]) {
  return withUncertainty(metrics, agents, occasion);
}

function freshness(values: readonly number[], uncertaintyUs: number): DistributionValue {
  const { freshnessUs } = apply({ freshnessUs: times(values) }, agent(uncertaintyUs));
  if (!isDistribution(freshnessUs)) throw new Error('no distribution');
  return freshnessUs;
}

describe('a time between two clocks', () => {
  test('is the truth to within its uncertainty, for every point that is told, whatever the clocks did', () => {
    const values = fc.array(fc.integer({ min: 20_000, max: 3_000_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: 0, max: 20_000 }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (truth, most, share) => {
          const errorUs = Math.round(most * share);
          const told = freshness(
            truth.map((us) => us + errorUs),
            most,
          );
          const right = times(truth);
          for (const point of points) {
            const [value, exact] = [told[point], right[point] ?? 0];
            // A histogram is exact to 0.1 %.
            if (value !== null) expect(Math.abs(value - exact)).toBeLessThanOrEqual(most + 0.001 * (value + exact) + 1);
          }
        },
      ),
    );
  });

  test('is untold where that exceeds a tenth of it, each quantile by itself and with the reason', () => {
    const values = [...Array.from({ length: 90 }, () => 10_000), ...Array.from({ length: 10 }, () => 200_000)];
    const told = freshness(values, 1_100);
    expect(told).toMatchObject({ p50: null, min: null, uncertainty: 1_100, count: 100, censored: 0 });
    expect(told.p99).toBeCloseTo(200_000, -3);
    expect(Object.keys(told.reasons ?? {})).toEqual(['min', 'p50', 'p90']);
    expect(told.reasons?.p50).toContain('may be off by 1.1 ms');
    expect(freshness(values, 1_000).reasons).toBeUndefined();
    expect(freshness(values, 1_000).p50).toBeCloseTo(10_000, -2);
  });

  test('stays unseen, not unsure, where nobody saw it', () => {
    const { freshnessUs } = apply({ freshnessUs: times([50_000], 3) }, agent(100_000));
    expect(freshnessUs).toMatchObject({ p50: null, p99: null, reasons: { min: expect.anything() } });
    expect(Object.keys((isDistribution(freshnessUs) && freshnessUs.reasons) || {})).toEqual(['min']);
  });

  test('is as uncertain as the worst clock of those whose clients are in it', () => {
    const told = apply({ freshnessUs: times([50_000]) }, agent(300), agent(2_000), agent(400));
    expect(told.freshnessUs).toMatchObject({ uncertainty: 2_000 });
    const lost = agent(null, { lost: 'ended (SIGKILL)', clock: null });
    expect(apply({ freshnessUs: times([50_000]) }, agent(300), lost).freshnessUs).toMatchObject({ uncertainty: 300 });
  });

  test('is as uncertain as both clocks together where the clients of one agent made the change that those of another saw', () => {
    const acting = { ...occasion, isBetweenAgents: true };
    const told = (...agents: Agent[]) => withUncertainty({ freshnessUs: times([50_000]) }, agents, acting).freshnessUs;
    expect(told(agent(300), agent(2_000), agent(400))).toMatchObject({ uncertainty: 2_400 });
    expect(told(agent(300))).toMatchObject({ uncertainty: 300 });
  });

  test('is not told at all where a clock could not be read', () => {
    const told = apply({ freshnessUs: times([50_000]) }, agent(300), agent(null, { name: 'b' }));
    expect(told.freshnessUs).toEqual({ unit: 'us', value: null, reason: 'the clock of b could not be read' });
  });
});

test('a share of time is as uncertain as its edges are many', () => {
  const share = (value: number, uncertaintyUs: number) =>
    apply({ staleShare: { unit: 'ratio', value } }, agent(uncertaintyUs)).staleShare;
  // 100 edges of 1 ms in 100 s of screens.
  expect(share(0.02, 1_000)).toEqual({ unit: 'ratio', value: 0.02, uncertainty: 0.001 });
  expect(share(0.009, 1_000)).toMatchObject({ value: null, reason: expect.stringContaining('10 % of it') });
  expect(share(0, 1)).toMatchObject({ value: null });
});

test('what is counted over 100 ms is told while the clocks agree to 10 ms', () => {
  const peak = (uncertaintyUs: number) =>
    apply({ 'storm.peakAttemptsPerSecond': { unit: '1/s', value: 0 } }, agent(uncertaintyUs))[
      'storm.peakAttemptsPerSecond'
    ];
  expect(peak(10_000)).toEqual({ unit: '1/s', value: 0 });
  expect(peak(10_001)).toMatchObject({ value: null, reason: expect.stringContaining('100 ms it counts over') });
});

test('what one clock tells is left as it is, and so is everything where all clients ran on the run’s own machine', () => {
  const measured = {
    requestUs: times([10_000]),
    'connect.us': times([900]),
    'updates.missed': { unit: 'count', value: 0 },
  };
  expect(apply(measured, agent(50_000))).toEqual(measured);
  const local = { freshnessUs: times([3]), staleShare: { unit: 'ratio', value: 0 } };
  expect(apply(local)).toEqual(local);
});

test('every figure that compares two clocks is known as one', () => {
  expect(metricNames.filter((name) => metricOf(name).acrossClocks !== undefined)).toEqual([
    'freshnessUs',
    'staleShare',
    'storm.peakAttemptsPerSecond',
    'storm.peakWhileDownPerSecond',
    'storm.recoveryUs',
    'outage.catchUpUs',
    'outage.staleShare',
    'vanished.noticedUs',
    'slow.othersFreshnessUs',
    'action.seenByAllUs',
  ]);
});
