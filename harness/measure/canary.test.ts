import { describe, expect, test } from 'vitest';
import { generatorErrorUs } from './canary.ts';

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
    expect(generatorErrorUs(canary, swarm, 1)).toBe((300 + 100) / 2);
  });

  test('is unknown when no neighbour saw the same', () => {
    expect(generatorErrorUs([{ rank: 5, key: 1, us: 1 }], [{ rank: 6, key: 2, us: 1 }], 1)).toBeNull();
  });

  test('is zero for a generator that sees things when the canary does', () => {
    const at = (rank: number) => Array.from({ length: 50 }, (_, key) => ({ rank, key, us: 1_000 + key }));
    expect(generatorErrorUs(at(5), [...at(4), ...at(6)], 1)).toBe(0);
  });

  test('compares with clients of the same dashboard: the next ranks watch others, which are told at another time', () => {
    const canary = [{ rank: 7, key: 1, us: 5_000 }];
    const swarm = [
      { rank: 6, key: 1, us: 90_000 },
      { rank: 8, key: 1, us: 90_000 },
      { rank: 4, key: 1, us: 5_100 },
      { rank: 10, key: 1, us: 5_300 },
    ];
    expect(generatorErrorUs(canary, swarm, 3)).toBe(200);
  });
});
