import { expect, it } from 'vitest';
import { staleSeries } from './stale.ts';

it('shares the stale time of all shards among all screens of a step', () => {
  const shards = [{ staleUs: [100_000, 50_000, 0, 0, 100_000] }, { staleUs: [100_000] }];
  const series = staleSeries(shards, { clients: 4, windowUs: 600_000, stepUs: 200_000 });
  expect(series).toEqual([0.3125, 0, 0.125]);
});
