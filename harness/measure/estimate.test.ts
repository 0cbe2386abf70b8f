import { describe, expect, test } from 'vitest';
import { seededRandom } from '../plan/random.ts';
import { estimateMean } from './estimate.ts';

describe('an estimated mean', () => {
  test('is unknown without observations, and of unknown margin with one', () => {
    expect(estimateMean([])).toBeNull();
    expect(estimateMean([7])).toEqual({ value: 7, margin: null });
  });

  test('has no margin where all observations agree', () => {
    expect(estimateMean([3, 3, 3])).toEqual({ value: 3, margin: 0 });
  });

  // Binomial around 95 % of 2,000 samples: three standard errors are 1.5 %; the draws are seeded, so it fails always or never.
  test.each([2, 3, 4, 10, 11, 40])('of %i observations has the truth within its margin 95 times in 100', (size) => {
    const random = seededRandom(1, size);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let within = 0;
    for (let turn = 0; turn < 2_000; turn++) {
      const estimate = estimateMean(Array.from({ length: size }, () => 5 + 3 * normal()));
      if (estimate?.margin != null && Math.abs(estimate.value - 5) <= estimate.margin) within++;
    }
    expect(Math.abs(within / 2_000 - 0.95)).toBeLessThan(0.015);
  });
});
