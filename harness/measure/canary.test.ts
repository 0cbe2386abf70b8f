import { describe, expect, test } from 'vitest';
import { estimateGeneratorError } from './canary.ts';

describe('the generator’s error', () => {
  test('is the mean of what neighbours in rank saw later than the canary', () => {
    const canary = [
      { rank: 5, key: 1, us: 1_000 },
      { rank: 5, key: 2, us: 2_000 },
    ];
    const swarm = [
      { rank: 4, key: 1, us: 1_200 },
      { rank: 6, key: 1, us: 1_400 },
      { rank: 6, key: 2, us: 2_100 },
      { rank: 90, key: 1, us: 9_000_000 },
    ];
    expect(estimateGeneratorError(canary, swarm, 1)?.value).toBe((300 + 100) / 2);
  });

  test('is unknown when no neighbour saw the same', () => {
    expect(estimateGeneratorError([{ rank: 5, key: 1, us: 1 }], [{ rank: 6, key: 2, us: 1 }], 1)).toBeNull();
  });

  test('is zero for a generator that sees things when the canary does', () => {
    const at = (rank: number) => Array.from({ length: 50 }, (_, key) => ({ rank, key, us: 1_000 + key }));
    expect(estimateGeneratorError(at(5), [...at(4), ...at(6)], 1)).toEqual({ value: 0, margin: 0 });
  });

  test('compares with clients of the same dashboard: the next ranks watch others, which are told at another time', () => {
    const canary = [{ rank: 7, key: 1, us: 5_000 }];
    const swarm = [
      { rank: 6, key: 1, us: 90_000 },
      { rank: 8, key: 1, us: 90_000 },
      { rank: 4, key: 1, us: 5_100 },
      { rank: 10, key: 1, us: 5_300 },
    ];
    expect(estimateGeneratorError(canary, swarm, 3)?.value).toBe(200);
  });

  test('takes a broadcast for one observation, however many canaries saw it', () => {
    const ranks = Array.from({ length: 20 }, (_, k) => 25 * k + 12);
    const canary = [1, 2].flatMap((key) => ranks.map((rank) => ({ rank, key, us: 1_000 })));
    const swarm = canary.map(({ rank, key }) => ({ rank: rank + 1, key, us: key === 1 ? 1_000 : 3_000 }));
    const estimate = estimateGeneratorError(canary, swarm, 1);
    expect(estimate?.value).toBe(1_000);
    expect(estimate?.margin).toBeGreaterThan(10_000);
  });

  test('has no margin where there is one change only, which cannot tell a late generator from chance', () => {
    const canary = [12, 37, 62].map((rank) => ({ rank, key: 1, us: 1_000 }));
    const swarm = canary.map(({ rank }, index) => ({ rank: rank + 1, key: 1, us: 1_100 + 10 * index }));
    expect(estimateGeneratorError(canary, swarm, 1)).toEqual({ value: 110, margin: null });
  });
});
