// Limits as people write them: what they mean, and what is said of those that mean nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Comparison,
  isWithin,
  parseComparison,
  parseSubject,
  spellComparison,
  splitComparison,
} from './comparison.ts';
import { metricNames, metricOf } from './metrics.ts';

const problemOf = (text: string) => {
  const parsed = parseComparison('--threshold', text);
  return 'problem' in parsed ? parsed.problem : 'none';
};

describe('a comparison', () => {
  it.each<[string, Comparison]>([
    ['freshnessUs.p99 < 250ms', { metric: 'freshnessUs', quantile: 0.99, operator: '<', limit: 250_000 }],
    ['freshnessUs<1.5s', { metric: 'freshnessUs', quantile: 0.99, operator: '<', limit: 1_500_000 }],
    ['freshnessUs.p999<=2s', { metric: 'freshnessUs', quantile: 0.999, operator: '<=', limit: 2_000_000 }],
    ['connect.us.p50 < 5ms', { metric: 'connect.us', quantile: 0.5, operator: '<', limit: 5_000 }],
    ['storm.recoveryUs.max < 1m', { metric: 'storm.recoveryUs', quantile: 1, operator: '<', limit: 60_000_000 }],
    ['db.queriesPerMinute<600', { metric: 'db.queriesPerMinute', quantile: null, operator: '<', limit: 600 }],
    ['db.queriesPerMinute < 600/min', { metric: 'db.queriesPerMinute', quantile: null, operator: '<', limit: 600 }],
    ['system.cpuMsPerSecond < 40 ms/s', { metric: 'system.cpuMsPerSecond', quantile: null, operator: '<', limit: 40 }],
    ['staleShare < 5%', { metric: 'staleShare', quantile: null, operator: '<', limit: 0.05 }],
    ['deliveryRatio >= 0.999', { metric: 'deliveryRatio', quantile: null, operator: '>=', limit: 0.999 }],
    [
      'wire.bytesInPerClientMinute > 20kB/min',
      { metric: 'wire.bytesInPerClientMinute', quantile: null, operator: '>', limit: 20_000 },
    ],
  ])('%s', (text, expected) => {
    expect(parseComparison('--threshold', text)).toEqual({ comparison: expected });
  });

  it('may use other names, each with its usual quantile', () => {
    const aliases = {
      freshness: { metric: 'freshnessUs', quantile: 0.99 },
      queries: { metric: 'db.queriesPerMinute', quantile: null },
    } as const;
    expect(parseSubject('freshness', aliases)).toEqual({ metric: 'freshnessUs', quantile: 0.99 });
    expect(parseSubject('freshness.p50', aliases)).toEqual({ metric: 'freshnessUs', quantile: 0.5 });
    expect(parseSubject('queries', aliases)).toEqual({ metric: 'db.queriesPerMinute', quantile: null });
    expect(parseSubject('freshnes', aliases)).toMatchObject({
      problem: expect.stringContaining("(did you mean 'freshness'?)"),
    });
  });

  it('keeps its limit as the operator says', () => {
    const limit = { metric: 'db.queriesPerMinute', quantile: null, limit: 600 } as const;
    expect(
      (['<', '<=', '>', '>='] as const).map((operator) =>
        [599, 600, 601].map((value) => isWithin(value, { ...limit, operator })),
      ),
    ).toEqual([
      [true, false, false],
      [true, true, false],
      [false, false, true],
      [false, true, true],
    ]);
  });

  it('reads what it spells', () => {
    const subject = fc.constantFrom(...metricNames).chain((metric) =>
      fc.record({
        metric: fc.constant(metric),
        quantile:
          metricOf(metric).kind === 'distribution'
            ? fc.constantFrom(0.05, 0.5, 0.9, 0.95, 0.99, 0.999, 1)
            : fc.constant(null),
        operator: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
        limit: fc
          .integer({ min: 0, max: 900 })
          .map((limit) => (metricOf(metric).unit === 'ratio' ? limit / 1_000 : limit)),
      }),
    );
    fc.assert(
      fc.property(subject, (comparison) => {
        const parsed = parseComparison('--threshold', spellComparison(comparison));
        expect(parsed).toEqual({ comparison: { ...comparison, limit: expect.closeTo(comparison.limit, 9) } });
      }),
    );
  });

  it('never throws, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseComparison('--threshold', text);
        if ('problem' in parsed) expect(parsed.problem).not.toBe('');
      }),
    );
  });
});

describe('what is no comparison', () => {
  it.each([
    ['freshnessUs', 'compares nothing; expected METRIC < VALUE'],
    ['freshnessUs = 3s', 'compares nothing; expected METRIC < VALUE'],
    ['1s < freshnessUs < 3s', 'compares nothing; expected METRIC < VALUE'],
    ['freshnesUs.p99 < 3s', "metric 'freshnesUs' is not known"],
    ['freshnesUs.p99 < 3s', "(did you mean 'freshnessUs'?)"],
    ['queriesPerMinute < 3', "(did you mean 'db.queriesPerMinute'?)"],
    ['freshnessUs.mean < 3s', "freshnessUs has no quantile 'mean'; expected p50, p90, p95, p99, p999 or max"],
    ['freshnessUs.p9 < 3s', "freshnessUs has no quantile 'p9'"],
    ['freshnessUs.p00 < 3s', "freshnessUs has no quantile 'p00'"],
    ['db.queriesPerMinute.p99 < 3', "db.queriesPerMinute is one figure; expected no quantile, found '.p99'"],
    ['freshnessUs.p99 < 250', "the limit of freshnessUs is '250'; expected a duration with its unit, such as 250ms"],
    ['freshnessUs.p99 < ', "the limit of freshnessUs is ''"],
    ['db.queriesPerMinute < 6s', "the limit of db.queriesPerMinute is '6s'; expected a number a minute, such as 600"],
    ['db.queriesPerMinute < -1', "the limit of db.queriesPerMinute is '-1'"],
  ])('%s: %s', (text, expected) => {
    expect(problemOf(text)).toContain(expected);
    expect(problemOf(text)).toMatch(/^--threshold '/);
  });

  it('is not split where an operator is missing or doubled', () => {
    expect(['', '<<', 'a < b < c', 'a == b'].map(splitComparison)).toEqual([null, null, null, null]);
  });
});
