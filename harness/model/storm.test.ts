// Storms whose outcome arithmetic knows.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BackoffName, backoffNames, backoffOf, backoffRandom, backoffUs, type Jitter } from '../plan/backoff.ts';
import { criticalDistance, uniformityDistance } from '../plan/uniformity.fixture.ts';
import { type StormModel, simulateStorm } from './storm.ts';

const downUs = 4_500_000;

function storm(name: BackoffName, jitter?: Jitter, changes: Partial<StormModel> = {}) {
  return simulateStorm({
    clients: 1,
    backoff: backoffOf(name, jitter),
    downUs,
    server: { acceptsPerSecond: 5000, completesPerSecond: Infinity, serviceUs: 1000, backlog: 4096 },
    seed: 42,
    ...changes,
  });
}

const last = (recoveryUs: Float64Array) => Math.max(...recoveryUs);

describe('one client', () => {
  test.each([
    ['fixed', 5, 5],
    ['exponential', 3, 7],
    ['browser-eventsource', 2, 6],
    ['signalr', 3, 12],
    ['phoenix', 10, 9.26],
  ] as const)('with %s is back at attempt %d, %d s after the cut', (name, attempts, backSeconds) => {
    const { recoveryUs, attempts: tried, accepted } = storm(name);
    expect([...tried]).toEqual([attempts]);
    expect(recoveryUs[0]).toBeCloseTo(backSeconds * 1e6 - downUs + 1000, 3);
    expect(accepted.total).toBe(1);
  });

  test('tries when the live client would, with the same seed', () => {
    const backoff = backoffOf('exponential', 'full');
    for (const seed of [1, 2, 3]) {
      let [atUs, delayUs, attempt] = [0, 0, 0];
      while (attempt === 0 || atUs < downUs) {
        delayUs = backoffUs(backoff, attempt, backoffRandom(seed, 0, attempt), delayUs);
        atUs += Math.round(delayUs);
        attempt += 1;
      }
      const { recoveryUs, attempts } = storm('exponential', 'full', { seed });
      expect([...attempts]).toEqual([attempt]);
      expect(recoveryUs[0]).toBe(atUs - downUs + 1000);
    }
  });

  test('gives up after its attempts, and is then never back', () => {
    const { recoveryUs, attempts, gaveUp } = storm('signalr', undefined, { downUs: 60_000_000 });
    expect([...attempts]).toEqual([4]);
    expect([gaveUp, recoveryUs[0]]).toEqual([1, Infinity]);
  });
});

test('the first attempts of 5,000 clients are spread as their backoff says', () => {
  const { attempted } = storm('article', undefined, { clients: 5000, downUs: 1_400_000 });
  const perStep = attempted.series(10_000, 140);
  const firstUs = perStep.flatMap((count, step) =>
    Array.from({ length: count }, (_, k) => (step + (k + 0.5) / count) * 10_000),
  );
  expect(firstUs).toHaveLength(5000);
  expect(uniformityDistance(firstUs, 1e6, 1.3e6)).toBeLessThan(criticalDistance(5000));
});

test('without jitter all arrive together', () => {
  const { attempted, attempts } = storm('fixed', undefined, { clients: 2000 });
  expect(attempted.busiestPerSecond(0, downUs)).toBe(20_000);
  expect(attempted.busiestPerSecond(downUs, Infinity)).toBe(20_000);
  expect(new Set(attempts)).toEqual(new Set([5]));
});

test('the accept rate bounds the recovery', () => {
  const clients = 2000;
  const server = { acceptsPerSecond: 500, completesPerSecond: Infinity, serviceUs: 0, backlog: 4096 };
  for (const jitter of ['none', 'proportional', 'full'] as const) {
    const { recoveryUs, accepted } = storm('fixed', jitter, { clients, server });
    expect(last(recoveryUs)).toBeGreaterThanOrEqual((clients / 500) * 1e6);
    expect(accepted.busiestPerSecond(0, Infinity)).toBeLessThanOrEqual(500 + 10);
  }
});

test('what is accepted waits for what is done with it: the slower of the two bounds the recovery', () => {
  const server = { acceptsPerSecond: 10_000, completesPerSecond: 500, serviceUs: 0, backlog: 4096 };
  const { recoveryUs, overflows } = storm('fixed', undefined, { clients: 2000, server });
  expect(last(recoveryUs) + downUs).toBeCloseTo(5e6 + 2000 * 2000, -3);
  expect(overflows).toBe(0);
});

test('of those who arrive together, the queue and one in service are let in at once, the rest when Linux sends the SYN again', () => {
  const backlog = 9;
  const server = { acceptsPerSecond: 1000, completesPerSecond: Infinity, serviceUs: 0, backlog };
  const { recoveryUs, attempts, overflows } = storm('fixed', undefined, { clients: 40, server });
  // Eleven at each of 5, 6, 7 s, and the last seven at 8 s, all within the attempt of 5 s.
  const arrivedUs = [...recoveryUs].map((us) => Math.floor((us + downUs) / 1e6));
  for (const second of [5, 6, 7]) expect(arrivedUs.filter((at) => at === second)).toHaveLength(backlog + 2);
  expect(arrivedUs.filter((at) => at === 8)).toHaveLength(40 - 3 * (backlog + 2));
  expect(overflows).toBe(29 + 18 + 7);
  expect(new Set(attempts)).toEqual(new Set([5]));
});

test('who waits longer than the connect time-out tries again, though the server still spends its turn on it', () => {
  const server = { acceptsPerSecond: 100, completesPerSecond: Infinity, serviceUs: 0, backlog: 1_000_000 };
  const { recoveryUs, attempts, failed } = storm('fixed', undefined, { clients: 1500, server });
  const firstWave = [...attempts].filter((tried) => tried === 5);
  expect(firstWave).toHaveLength(1000);
  // The others time out at 15 s and come again at 16 s, behind the 400 turns that are spent in vain: 20 s, then one each 10 ms.
  expect(failed.total).toBe(4 * 1500 + 500);
  expect(last(recoveryUs) + downUs).toBeCloseTo(25e6, 3);
});

test('against exponential backoff without jitter the article’s +30 % lowers the peak after return 5×, full jitter 10×, at least', () => {
  const peak = (name: BackoffName, jitter?: Jitter) =>
    storm(name, jitter, { clients: 5000 }).attempted.busiestPerSecond(downUs, Infinity);
  const plain = peak('exponential', 'none');
  expect(plain).toBe(50_000);
  expect(plain / peak('article')).toBeGreaterThan(5);
  expect(plain / peak('exponential', 'full')).toBeGreaterThan(10);
});

test('the same seed replays the same storm, another one does not', () => {
  const replay = (seed: number) => storm('exponential', 'full', { clients: 500, seed }).recoveryUs;
  expect(replay(7)).toEqual(replay(7));
  expect(replay(7)).not.toEqual(replay(8));
});

test('every attempt succeeds or fails, and every client is back, gave up, or was left an hour later', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...backoffNames),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 0, max: 60_000_000 }),
      fc.record({
        acceptsPerSecond: fc.integer({ min: 5, max: 5000 }),
        completesPerSecond: fc.constantFrom(5, 200, 10_000, Infinity),
        serviceUs: fc.integer({ min: 0, max: 20_000_000 }),
        backlog: fc.integer({ min: 1, max: 500 }),
      }),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      (name, clients, outageUs, server, seed) => {
        const model = { clients, backoff: backoffOf(name), downUs: outageUs, server, seed };
        const { attempts, attempted, accepted, failed, recoveryUs, gaveUp } = simulateStorm(model);
        const back = recoveryUs.filter((us) => us < Infinity);
        expect(attempted.total).toBe(attempts.reduce((sum, tried) => sum + tried, 0));
        expect(accepted.total).toBe(back.length);
        // Who still waits for an answer when time is over has neither.
        expect(accepted.total + failed.total).toBeLessThanOrEqual(attempted.total);
        if (back.length + gaveUp === clients) expect(accepted.total + failed.total).toBe(attempted.total);
        expect(back.length + gaveUp).toBeLessThanOrEqual(clients);
        for (const us of back)
          expect(us).toBeGreaterThanOrEqual(Math.max(server.serviceUs, 1e6 / server.acceptsPerSecond) - 1);
      },
    ),
    { numRuns: 60 },
  );
});
