// The figures of a small storm that can be counted by hand, and peaks against a slow but obvious search.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionLog } from '../swarm/session-log.ts';
import { busiest, sessionSeries, stormFigures } from './storm.ts';

const second = 1_000_000;

/** Three clients lose the server at 2 s, it listens again at 4 s; ranks 0 and 1 come back, 2 never. */
function smallStorm() {
  const log = new SessionLog();
  for (const rank of [0, 1, 2]) log.accepted(rank, 0.5 * second);
  log.openWindow(1 * second);
  for (const rank of [0, 1, 2]) log.lost(rank, 2 * second);
  for (const atUs of [3, 3, 3].map((s) => s * second)) {
    log.attempt(atUs);
    log.refused(atUs);
  }
  log.attempt(4.2 * second);
  log.accepted(0, 4.25 * second);
  log.attempt(4.25 * second);
  log.accepted(1, 4.35 * second);
  log.attempt(6 * second);
  log.refused(6 * second);
  return log.report();
}

describe('a small storm', () => {
  const outage = { atUs: 2 * second, untilUs: 4 * second };

  test('counts to the last client, and whoever is not back', () => {
    const figures = stormFigures([smallStorm()], outage, 1 * second);
    expect(figures).toMatchObject({
      attempts: 6,
      clientsLost: 3,
      peakWhileDownPerSecond: 30,
      peakAttemptsPerSecond: 20,
      notBack: 1,
    });
    expect(figures.recoveryUs.totalCount).toBe(2);
    expect(figures.recoveryUs.maxValue / second).toBeCloseTo(0.35, 2);
  });

  test('is the same in two shards as in one', () => {
    const whole = stormFigures([smallStorm(), smallStorm()], outage, 1 * second);
    expect(whole).toMatchObject({ attempts: 12, clientsLost: 6, peakAttemptsPerSecond: 40, notBack: 2 });
  });

  test('as series begins with who was connected and ends with who is', () => {
    const series = sessionSeries([smallStorm()], { stepUs: 100_000, stepsAtLeast: 20 });
    expect(series.clientsConnected[0]).toBe(3);
    expect(series.clientsConnected[10]).toBe(0);
    expect(series.clientsConnected.at(-1)).toBe(2);
    expect(series.connectAttempts.reduce((a, b) => a + b)).toBe(6);
    expect(series.connectsRefused[20]).toBe(3);
  });
});

test('the busiest stretch is found wherever it begins', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 80 }), (counts) => {
      const sums = counts.map((_, first) => counts.slice(first, first + 10).reduce((a, b) => a + b, 0));
      expect(busiest(counts)).toBe(10 * Math.max(0, ...sums));
    }),
  );
});
