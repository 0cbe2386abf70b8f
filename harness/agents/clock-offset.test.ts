// A known clock and a network of any kind → the offset that is read lies within its stated uncertainty of the truth, always.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClockOffset, offsetAt } from '../contract/clock.ts';
import {
  clockFrom,
  driftBetween,
  largestErrorUs,
  type OffsetReading,
  type RoundTrip,
  readOffset,
} from './clock-offset.ts';

/** Delays each way and how long the answer took, µs. */
interface Delays {
  readonly there: number;
  readonly held: number;
  readonly back: number;
  readonly pause: number;
}

const delayUs = fc.integer({ min: 0, max: 300_000 });
const delays = fc.array(fc.record({ there: delayUs, held: delayUs, back: delayUs, pause: delayUs }), {
  minLength: 1,
  maxLength: 30,
});
const clock = fc.record({
  atUs: fc.constant(0),
  offsetUs: fc.integer({ min: -1e12, max: 1e12 }),
  driftPpm: fc.double({ min: -500, max: 500, noNaN: true }),
});
const startUs = fc.integer({ min: 0, max: 1e11 });

/** Round trips one after another from `fromUs` on, with clocks that read whole µs, as ours do. */
function exchange(truth: ClockOffset, fromUs: number, all: readonly Delays[]): RoundTrip[] {
  let atUs = fromUs;
  const theirs = (us: number) => Math.floor(us + offsetAt(truth, us));
  return all.map(({ there, held, back, pause }) => {
    const sentUs = atUs + 0.7;
    const backUs = sentUs + there + held + back;
    atUs = backUs + pause;
    const trip = { heardUs: theirs(sentUs + there), answeredUs: theirs(sentUs + there + held) };
    return { sentUs: Math.floor(sentUs), ...trip, backUs: Math.floor(backUs) };
  });
}

function read(truth: ClockOffset, fromUs: number, all: readonly Delays[]): OffsetReading {
  const reading = readOffset(exchange(truth, fromUs, all));
  if (reading === null) throw new RangeError('no round trip');
  return reading;
}

describe('reading an offset', () => {
  test('is never further from the truth than it says, with delays of any length and however unequal', () => {
    fc.assert(
      fc.property(clock, startUs, delays, (truth, fromUs, all) => {
        const { atUs, offsetUs, uncertaintyUs } = read(truth, fromUs, all);
        expect(Math.abs(offsetUs - offsetAt(truth, atUs))).toBeLessThanOrEqual(uncertaintyUs + 1e-3);
      }),
      { numRuns: 500 },
    );
  });

  test('keeps the tightest of all round trips, and says half of it', () => {
    const slow = { there: 40_000, held: 100, back: 10_000, pause: 0 };
    const tight = { there: 300, held: 5_000, back: 500, pause: 0 };
    const truth = { atUs: 0, offsetUs: 5e9, driftPpm: 0 };
    const reading = read(truth, 1e6, [slow, tight, slow]);
    expect(reading.roundTripUs).toBeCloseTo(800, -1);
    expect(reading.uncertaintyUs).toBeGreaterThanOrEqual(400);
    expect(reading.uncertaintyUs).toBeLessThan(410);
    expect(reading.offsetUs).toBeCloseTo(5e9 - 100, -1);
  });

  test('is as wrong as it says when all of the delay is one way: no smaller bound would hold', () => {
    const truth = { atUs: 0, offsetUs: -7e9, driftPpm: 0 };
    for (const delay of [
      { there: 20_000, back: 0 },
      { there: 0, back: 20_000 },
    ]) {
      const { offsetUs, uncertaintyUs } = read(truth, 0, [{ ...delay, held: 0, pause: 0 }]);
      expect(Math.abs(offsetUs - truth.offsetUs)).toBeGreaterThan(9_990);
      expect(uncertaintyUs).toBeLessThan(10_020);
    }
  });

  test('is none without a round trip', () => {
    expect(readOffset([])).toBeNull();
    expect(clockFrom([])).toBeNull();
  });
});

describe('following a clock between two readings', () => {
  const apartUs = fc.integer({ min: 10_000_000, max: 600_000_000 });

  test('is at no moment further from it than the largest error, drift or none, known or not', () => {
    fc.assert(
      fc.property(
        clock,
        startUs,
        fc.tuple(delays, delays, delays),
        fc.tuple(apartUs, apartUs),
        (truth, fromUs, all, gaps) => {
          const first = read(truth, fromUs, all[0]);
          const before = read(truth, first.atUs + gaps[0], all[1]);
          const after = read(truth, before.atUs + gaps[1], all[2]);
          for (const history of [[before], [first, before]]) {
            const followed = clockFrom(history);
            if (followed === null) throw new RangeError('nothing to follow');
            const mostUs = largestErrorUs(followed, [before, after]);
            for (const share of [0, 0.1, 0.5, 0.77, 1]) {
              const us = before.atUs + share * (after.atUs - before.atUs);
              expect(Math.abs(offsetAt(followed, us) - offsetAt(truth, us))).toBeLessThanOrEqual(mostUs + 1e-2);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('states a drift that holds the true one', () => {
    fc.assert(
      fc.property(clock, startUs, delays, delays, apartUs, (truth, fromUs, some, others, gapUs) => {
        const before = read(truth, fromUs, some);
        const { ppm, uncertaintyPpm } = driftBetween(before, read(truth, before.atUs + gapUs, others));
        expect(Math.abs(ppm - truth.driftPpm)).toBeLessThanOrEqual(uncertaintyPpm * 1.001 + 1e-3);
      }),
    );
  });

  const quick = [{ there: 100, held: 10, back: 100, pause: 0 }];

  test('applies a drift that the readings prove, which makes the error of a long window small', () => {
    const truth = { atUs: 0, offsetUs: 3e9, driftPpm: 80 };
    const readings = [0, 60e6, 120e6].map((us) => read(truth, us, quick));
    const [first, before, after] = readings as [OffsetReading, OffsetReading, OffsetReading];
    const fixed = clockFrom([before]);
    const drifting = clockFrom([first, before]);
    if (fixed === null || drifting === null) throw new RangeError('nothing to follow');
    expect(drifting.driftPpm).toBeCloseTo(80, 0);
    expect(largestErrorUs(fixed, [before, after])).toBeGreaterThan(4_800);
    expect(largestErrorUs(drifting, [before, after])).toBeLessThan(300);
  });

  test('applies no drift that delays may have feigned, and none that no clock has', () => {
    const still = { atUs: 0, offsetUs: 0, driftPpm: 0 };
    const there = read(still, 0, [{ there: 5_000, held: 0, back: 0, pause: 0 }]);
    const back = read(still, 1e6, [{ there: 0, held: 0, back: 5_000, pause: 0 }]);
    expect(driftBetween(there, back).ppm).toBeLessThan(-4_000);
    expect(clockFrom([there, back])?.driftPpm).toBe(0);
    const setAnew = { ...back, offsetUs: 1e6, uncertaintyUs: 100 };
    expect(clockFrom([there, setAnew])?.driftPpm).toBe(0);
  });

  test('says so when the clock was set between the readings', () => {
    const still = { atUs: 0, offsetUs: 0, driftPpm: 0 };
    const before = read(still, 0, quick);
    const after = read({ ...still, offsetUs: 2e6 }, 10e6, quick);
    const followed = clockFrom([before]);
    expect(followed && largestErrorUs(followed, [before, after])).toBeGreaterThan(1_999_000);
  });
});
