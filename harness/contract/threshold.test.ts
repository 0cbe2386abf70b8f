// Thresholds as people write them: whom they hold for, and what is said of those that mean nothing.
import { describe, expect, it } from 'vitest';
import { parseThresholds, spellThreshold } from './threshold.ts';

const contenders = ['polling', 'polling+cache=1s', 'polling+interval=1.5s', 'websocket'];

describe('a threshold', () => {
  it.each([
    ['websocket.freshnessUs.p99 < 250ms', 'websocket.freshnessUs.p99 < 250ms'],
    [' polling.db.queriesPerMinute<600', 'polling.db.queriesPerMinute < 600'],
    ['polling+cache=1s.db.queriesPerMinute <= 60', 'polling+cache=1s.db.queriesPerMinute <= 60'],
    ['polling+interval=1.5s.requestUs < 5ms', 'polling+interval=1.5s.requestUs.p99 < 5ms'],
    ['deliveryRatio >= 100%', 'deliveryRatio >= 100%'],
  ])('%s', (text, spelled) => {
    const { thresholds, problems } = parseThresholds([text], contenders);
    expect(problems).toEqual([]);
    expect(thresholds.map(spellThreshold)).toEqual([spelled]);
  });

  it('holds for the contender before the metric, or for all', () => {
    const { thresholds } = parseThresholds(['polling+cache=1s.staleShare < 50%', 'staleShare < 50%'], contenders);
    expect(thresholds.map(({ contender }) => contender)).toEqual(['polling+cache=1s', null]);
  });

  it.each([
    ['websockt.freshnessUs.p99 < 250ms', "contender 'websockt' is not measured; expected one of polling,"],
    ['websockt.freshnessUs.p99 < 250ms', "(did you mean 'websocket'?)"],
    ['sse.db.queriesPerMinute < 5', "contender 'sse' is not measured"],
    ['polling+interval=2.5s.requestUs < 5ms', "contender 'polling+interval=2.5s' is not measured"],
    [
      'websocket.freshnesUs.p99 < 250ms',
      "--threshold for websocket: 'freshnesUs.p99 < 250ms': metric 'freshnesUs' is not known",
    ],
    ['websocket.freshnesUs.p99 < 250ms', "(did you mean 'freshnessUs'?)"],
    ['freshnesUs.p99 < 250ms', "--threshold 'freshnesUs.p99 < 250ms': metric 'freshnesUs' is not known"],
    ['websocket.freshnessUs.p99 < 250', 'expected a duration with its unit'],
    ['websocket', 'compares nothing'],
  ])('%s: %s', (text, problem) => {
    expect(parseThresholds([text], contenders).problems).toEqual([expect.stringContaining(problem)]);
  });

  it('tells all that is wrong at once', () => {
    const { thresholds, problems } = parseThresholds(['a < 1', 'staleShare < 5%', 'b'], contenders);
    expect([thresholds.length, problems.length]).toEqual([1, 2]);
  });
});
