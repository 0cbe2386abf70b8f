import { expect, test } from 'vitest';
import { timesAway } from './deploy-metrics.ts';

test('clients that were not cut off were away for no time, and those of lost agents are not counted', () => {
  const returns = [
    { backUs: 9_000, awayUs: 4_000 },
    { backUs: null, awayUs: 0 },
  ];
  const awayUs = timesAway(returns, 5);
  expect(awayUs.totalCount).toBe(4);
  expect(awayUs.getValueAtPercentile(75)).toBe(0);
  expect(awayUs.maxValue).toBeGreaterThanOrEqual(4_000);
  expect(timesAway(returns, 2).totalCount).toBe(1);
});
