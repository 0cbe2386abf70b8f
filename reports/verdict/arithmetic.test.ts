import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestIntervalUs, mostAskers, pollFreshnessUs, queriesPerMinute, shortestIntervalUs } from './arithmetic.ts';

const us = (max: number) => fc.integer({ min: 0, max });

describe('the queries of polling', () => {
  it.each([
    [600, 2e6, true, 19],
    [600, 2e6, false, 20],
    [601, 2e6, true, 20],
    [10, 2e6, true, 0],
    [0, 2e6, false, 0],
  ])(
    'under a limit of %d a minute, a poll every %d µs, strictly %s: %d clients',
    (limit, everyUs, strictly, clients) => {
      expect(mostAskers(limit, everyUs, strictly)).toBe(clients);
    },
  );

  it('keep to the limit with that many clients, and with one more do not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 20_000, max: 6e7 }), (limit, everyUs) => {
        const most = mostAskers(limit, everyUs, false);
        expect(queriesPerMinute(most, everyUs)).toBeLessThanOrEqual(limit + 1e-6);
        expect(queriesPerMinute(most + 1, everyUs)).toBeGreaterThan(limit - 1e-6);
      }),
    );
  });

  it('are just the limit at the shortest interval', () => {
    expect(shortestIntervalUs(600, 500)).toBe(50e6);
    expect(queriesPerMinute(500, 50e6)).toBe(600);
  });
});

describe('the freshness of polling', () => {
  it('is a share of the interval, and a round trip', () => {
    expect(pollFreshnessUs({ intervalUs: 2e6, cacheUs: 0, tripUs: 2_000 }, 0.99)).toBeCloseTo(1_982_000, 0);
  });

  it('with a cache is what a sum of two uniform waits has, by counting them', () => {
    fc.assert(
      fc.property(
        us(5e6),
        us(5e6),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (intervalUs, cacheUs, quantile) => {
          const steps = 100;
          const sums: number[] = [];
          for (let i = 0; i < steps; i++)
            for (let j = 0; j < steps; j++) sums.push(((i + 0.5) / steps) * intervalUs + ((j + 0.5) / steps) * cacheUs);
          sums.sort((a, b) => a - b);
          const counted = sums[Math.floor(quantile * sums.length)] ?? Number.NaN;
          const exact = pollFreshnessUs({ intervalUs, cacheUs, tripUs: 0 }, quantile);
          expect(Math.abs(exact - counted)).toBeLessThanOrEqual(0.02 * (intervalUs + cacheUs) + 1);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps to the limit at the longest interval and not much beyond it', () => {
    fc.assert(
      fc.property(
        us(1e7),
        us(5e6),
        us(1e6),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (limitUs, cacheUs, tripUs, quantile) => {
          const timing = { cacheUs, tripUs };
          const longest = longestIntervalUs(limitUs, timing, quantile);
          if (longest === 0) return;
          expect(pollFreshnessUs({ ...timing, intervalUs: longest }, quantile)).toBeLessThanOrEqual(limitUs);
          expect(pollFreshnessUs({ ...timing, intervalUs: longest + 10 }, quantile)).toBeGreaterThan(limitUs);
        },
      ),
    );
  });

  it('cannot keep to what a round trip and the cache already exceed', () => {
    expect(longestIntervalUs(1_000, { cacheUs: 0, tripUs: 2_000 }, 0.99)).toBe(0);
    expect(longestIntervalUs(900_000, { cacheUs: 1e6, tripUs: 0 }, 0.99)).toBe(0);
  });
});
