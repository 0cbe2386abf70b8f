import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Backoff, backoffNames, backoffOf, backoffRandom, backoffUs, type Jitter, jitters } from './backoff.ts';
import { criticalDistance, uniformityDistance } from './uniformity.fixture.ts';

const seconds = (backoff: Backoff, attempts: readonly number[], random = 0) =>
  attempts.map((attempt) => backoffUs(backoff, attempt, random, 0) / 1e6);

test.each([
  ['immediate', [0, 0, 0]],
  ['fixed', [1, 1, 1]],
  ['exponential', [1, 2, 4, 8, 16, 30, 30]],
  ['article', [1, 2, 4, 8, 16, 30, 30]],
  ['browser-eventsource', [3, 3, 3]],
  ['signalr', [0, 2, 10, 30]],
  ['phoenix', [0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2, 5, 5]],
] as const)('%s without chance waits %j s', (name, expected) => {
  expect(seconds(backoffOf(name), [...expected.keys()])).toEqual(expected);
});

test('the article lengthens every delay by up to 30 %, the longest too', () => {
  expect(seconds(backoffOf('article'), [0, 14], 0.5)).toEqual([1.15, 34.5]);
});

test('a jitter goes with the strategies that leave it open, and with no other', () => {
  for (const name of backoffNames) {
    const open = name === 'fixed' || name === 'exponential';
    for (const jitter of jitters) {
      if (open) expect(backoffOf(name, jitter)).toMatchObject({ jitter });
      else expect(() => backoffOf(name, jitter)).toThrow(/expected it with fixed or exponential/);
    }
  }
});

describe('whatever the attempt and the random number', () => {
  const anyAttempt = fc.integer({ min: 0, max: 60 });
  const anyRandom = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((n) => n / 2 ** 32);
  const plain = backoffOf('exponential');

  /** What a jitter makes at least and at most of the delay without it. */
  const bounds: Readonly<Record<Jitter, (delayUs: number, previousUs: number) => readonly [number, number]>> = {
    none: (us) => [us, us],
    proportional: (us) => [us, us * 1.3],
    equal: (us) => [us / 2, us],
    full: (us) => [0, us],
    decorrelated: (_, previousUs) => [1e6, Math.min(30e6, Math.max(3e6, 3 * previousUs))],
  };

  test.each(jitters)('jitter %s keeps its bounds', (jitter) => {
    fc.assert(
      fc.property(anyAttempt, anyRandom, fc.integer({ min: 0, max: 30_000_000 }), (attempt, random, previousUs) => {
        const us = backoffUs(backoffOf('exponential', jitter), attempt, random, previousUs);
        const [least, most] = bounds[jitter](backoffUs(plain, attempt, 0, 0), previousUs);
        expect(us).toBeGreaterThanOrEqual(least);
        expect(us).toBeLessThanOrEqual(most);
      }),
    );
  });

  test('delays without jitter never shrink, and stop at 30 s', () => {
    fc.assert(
      fc.property(anyAttempt, (attempt) => {
        const [us, nextUs] = [backoffUs(plain, attempt, 0, 0), backoffUs(plain, attempt + 1, 0, 0)];
        expect(nextUs).toBeGreaterThanOrEqual(us);
        expect(nextUs).toBeLessThanOrEqual(30e6);
      }),
    );
  });

  test('every backoff waits a finite time of at most 144 s', () => {
    fc.assert(
      fc.property(fc.constantFrom(...backoffNames), anyAttempt, anyRandom, (name, attempt, random) => {
        const us = backoffUs(backoffOf(name), attempt, random, 120e6);
        expect(us).toBeGreaterThanOrEqual(0);
        expect(us).toBeLessThanOrEqual(144e6);
      }),
    );
  });
});

describe('over 5,000 seeded clients', () => {
  const clients = 5000;
  const firstDelaysUs = (backoff: Backoff, seed: number) =>
    Array.from({ length: clients }, (_, rank) => backoffUs(backoff, 0, backoffRandom(seed, rank, 0), 0));

  const critical = criticalDistance(clients);

  test.each([
    ['exponential', 'proportional', 1e6, 1.3e6],
    ['exponential', 'equal', 0.5e6, 1e6],
    ['exponential', 'full', 0, 1e6],
    ['exponential', 'decorrelated', 1e6, 3e6],
    ['fixed', 'full', 0, 1e6],
    ['article', undefined, 1e6, 1.3e6],
    ['centrifuge', undefined, 0.5e6, 1e6],
  ] as const)('the first delays of %s, jitter %s, are uniform from %d to %d µs', (name, jitter, fromUs, toUs) => {
    for (const seed of [1, 42, 20_261_124])
      expect(uniformityDistance(firstDelaysUs(backoffOf(name, jitter), seed), fromUs, toUs)).toBeLessThan(critical);
  });

  test('the distance tells a jitter of 25 % from one of 30 %', () => {
    expect(uniformityDistance(firstDelaysUs(backoffOf('article'), 42), 1e6, 1.25e6)).toBeGreaterThan(critical);
  });

  test('an attempt’s number says nothing of the next one’s, nor of the next client’s, nor of another seed’s', () => {
    const correlation = (pair: (rank: number) => readonly [number, number]) => {
      const products = Array.from({ length: clients }, (_, rank) => {
        const [a, b] = pair(rank);
        return 12 * (a - 0.5) * (b - 0.5);
      });
      return products.reduce((sum, product) => sum + product, 0) / clients;
    };
    const random = (seed: number, rank: number, attempt: number) => backoffRandom(seed, rank, attempt);
    const chance = 3.29 / Math.sqrt(clients);
    expect(Math.abs(correlation((rank) => [random(42, rank, 0), random(42, rank, 1)]))).toBeLessThan(chance);
    expect(Math.abs(correlation((rank) => [random(42, rank, 0), random(42, rank + 1, 0)]))).toBeLessThan(chance);
    expect(Math.abs(correlation((rank) => [random(42, rank, 0), random(43, rank, 0)]))).toBeLessThan(chance);
  });

  test('the same seed plans the same delays, however the clients are dealt to shards, and another seed others', () => {
    const backoff = backoffOf('exponential', 'full');
    const whole = firstDelaysUs(backoff, 42);
    for (const shards of [1, 2, 7]) {
      const dealt: number[] = [];
      for (let shard = 0; shard < shards; shard++) {
        for (let rank = shard; rank < clients; rank += shards)
          dealt[rank] = backoffUs(backoff, 0, backoffRandom(42, rank, 0), 0);
      }
      expect(dealt).toEqual(whole);
    }
    expect(firstDelaysUs(backoff, 43)).not.toEqual(whole);
  });
});
