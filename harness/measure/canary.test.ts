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
    expect(generatorErrorUs(canary, swarm)).toBe((300 + 100) / 2);
  });

  test('is unknown when no neighbour saw the same', () => {
    expect(generatorErrorUs([{ rank: 5, key: 1, us: 1 }], [{ rank: 6, key: 2, us: 1 }])).toBeNull();
  });

  test('is zero for a generator that sees things when the canary does', () => {
    const at = (rank: number) => Array.from({ length: 50 }, (_, key) => ({ rank, key, us: 1_000 + key }));
    expect(generatorErrorUs(at(5), [...at(4), ...at(6)])).toBe(0);
  });
});
