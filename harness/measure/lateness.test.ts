import { describe, expect, test } from 'vitest';
import { createHistogram, recordUs, summarize } from '../contract/histogram.ts';
import type { HealthFinding, MetricValue } from '../contract/record.ts';
import { judgeLateness, voidFigures } from './lateness.ts';

function times(us: number): MetricValue {
  const histogram = createHistogram();
  recordUs(histogram, us, 1_000);
  return summarize(histogram, 'us');
}

const judge = (us: number, options: { marginUs?: number; p99Us?: number } = {}): HealthFinding[] =>
  judgeLateness(
    { code: 'LATE', what: 'late by', us, marginUs: options.marginUs ?? 0, contains: { freshnessUs: ['staleShare'] } },
    { freshnessUs: times(options.p99Us ?? 100_000) },
  );
const severities = (findings: readonly HealthFinding[]) => findings.map(({ severity }) => severity);

describe('lateness of the rig', () => {
  test.each([
    { us: 10_000, p99Us: 100_000, found: [] },
    { us: 10_200, p99Us: 100_000, found: ['warn'] },
    { us: -10_200, p99Us: 100_000, found: ['warn'] },
    { us: 50_000, p99Us: 100_000, found: ['warn'] },
    { us: 50_200, p99Us: 100_000, found: ['fatal'] },
    { us: 5_000, p99Us: 4_000, found: [] },
    { us: 5_001, p99Us: 4_000, found: ['fatal'] },
    { us: 5_001, p99Us: 20_000, found: ['warn'] },
  ])('of $us µs where the p99 is $p99Us µs: $found', ({ us, p99Us, found }) => {
    expect(severities(judge(us, { p99Us }))).toEqual(found);
  });

  test('counts as far as it is certain', () => {
    expect(severities(judge(60_000, { marginUs: 9_000 }))).toEqual(['fatal']);
    expect(severities(judge(60_000, { marginUs: 11_000 }))).toEqual(['warn']);
    expect(severities(judge(60_000, { marginUs: 51_000 }))).toEqual([]);
  });

  test('is nothing to a figure that was not measured', () => {
    const contains = { freshnessUs: [] };
    const lateness = { code: 'LATE', what: 'late by', us: 1e6, marginUs: 0, contains };
    expect(judgeLateness(lateness, { freshnessUs: { unit: 'us', value: null, reason: 'no change' } })).toEqual([]);
  });
});

describe('void figures', () => {
  const metrics = {
    freshnessUs: { ...times(100_000), expected: 5, expectedBecause: 'arithmetic' },
    staleShare: { unit: 'ratio', value: 0.1 },
    requestUs: { unit: 'us', value: null, reason: 'does not poll' },
    'updates.delivered': { unit: 'count', value: 7 },
  } as const;

  test('are null with the reason, in their unit, beside what was expected of them; counts stay', () => {
    const found = judge(80_000);
    const reason = `void: ${found[0]?.message}`;
    expect(voidFigures(metrics, found)).toEqual({
      ...metrics,
      freshnessUs: { unit: 'us', value: null, reason, expected: 5, expectedBecause: 'arithmetic' },
      staleShare: { unit: 'ratio', value: null, reason },
    });
  });

  test('keep their own reason where they were not measured', () => {
    const found: HealthFinding = { severity: 'fatal', code: 'LATE', message: 'late', voids: ['requestUs'] };
    expect(voidFigures(metrics, [found])).toEqual(metrics);
  });

  test('are none where the rig was only somewhat late', () => {
    expect(voidFigures(metrics, judge(20_000))).toEqual(metrics);
  });
});
