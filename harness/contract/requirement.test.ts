// What a screen needs: what a person may type, and what is said of what means nothing.
import { describe, expect, it } from 'vitest';
import { parseRequirements } from './requirement.ts';

const problemsOf = (...texts: string[]) => parseRequirements(texts).problems;

describe('a requirement', () => {
  it.each([
    ['freshness<3s', { kind: 'figure', metric: 'freshnessUs', quantile: 0.99, operator: '<', limit: 3e6 }],
    ['freshness.p50 <= 500ms', { kind: 'figure', metric: 'freshnessUs', quantile: 0.5, operator: '<=', limit: 5e5 }],
    ['queries<600', { kind: 'figure', metric: 'db.queriesPerMinute', quantile: null, operator: '<', limit: 600 }],
    ['recovery<30s', { kind: 'figure', metric: 'storm.recoveryUs', quantile: 1, operator: '<', limit: 3e7 }],
    ['deliveryRatio>=0.999', { kind: 'figure', metric: 'deliveryRatio', quantile: null, operator: '>=', limit: 0.999 }],
    [' bidirectional ', { kind: 'capability', capability: 'bidirectional' }],
  ])('%s', (text, expected) => {
    expect(parseRequirements([text])).toEqual({ requirements: [expected], problems: [] });
  });

  it('is told of with all the others that are wrong, a line each', () => {
    expect(problemsOf('freshness<3', 'bidirectional', 'queris<600', 'two-way')).toHaveLength(3);
  });
});

describe('what is no requirement', () => {
  it.each([
    ['bidirektional', "(did you mean 'bidirectional'?)"],
    ['freshness', "is no requirement; expected METRIC < VALUE, such as 'freshness<3s', or one of bidirectional"],
    ['freshnes<3s', "(did you mean 'freshness'?)"],
    ['freshness<3', 'expected a duration with its unit'],
    ['queries.p99<600', 'expected no quantile'],
    ['freshness>3s', 'asks for the worse of freshnessUs; expected freshnessUs.p99 < 3s'],
    ['deliveryRatio<0.9', 'asks for the worse of deliveryRatio; expected deliveryRatio >= 90%'],
    ['', 'is no requirement'],
  ])('%s: %s', (text, expected) => {
    const [problem] = problemsOf(text);
    expect(problem).toContain(expected);
    expect(problem).not.toContain('\n');
  });

  it('is one that is given twice, however it is spelled', () => {
    expect(problemsOf('freshness<3s', 'freshnessUs.p99 < 3000ms')).toEqual([
      "--require 'freshnessUs.p99 < 3000ms' is given twice; expected it once",
    ]);
  });
});
