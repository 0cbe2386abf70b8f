import { describe, expect, test } from 'vitest';
import type { OffsetReading } from './clock-offset.ts';
import { RunClock, TrialClock } from './trial-clock.ts';

const reading = (atUs: number, offsetUs: number, uncertaintyUs = 100): OffsetReading => ({
  atUs,
  offsetUs,
  uncertaintyUs,
  roundTripUs: 2 * uncertaintyUs,
});

/** A run's clock that tells these readings, one after another. */
const telling = (...readings: (OffsetReading | null)[]) => new RunClock(async () => readings.shift() ?? null);

describe('the clock of a trial', () => {
  test('is followed as read last, and as uncertain as it was wrong at either end', async () => {
    const clock = new TrialClock(telling(reading(0, 5_000), reading(10e6, 5_040, 50), reading(30e6, 5_100, 80)));
    expect(await clock.follow()).toEqual({ atUs: 0, offsetUs: 5_000, driftPpm: 0 });
    expect(await clock.follow()).toEqual({ atUs: 10e6, offsetUs: 5_040, driftPpm: 0 });
    expect(await clock.conclude()).toEqual({
      offsetUs: 5_040,
      uncertaintyUs: 60 + 80,
      driftPpm: expect.closeTo(3, 6),
      driftUncertaintyPpm: expect.closeTo(6.5, 6),
      roundTripUs: 100,
    });
  });

  test('drifts as earlier trials of the run have shown', async () => {
    const run = telling(reading(0, 0), reading(60e6, 6_000), reading(80e6, 8_000));
    await new TrialClock(run).follow();
    const clock = new TrialClock(run);
    expect((await clock.follow())?.driftPpm).toBeCloseTo(100, 6);
    expect((await clock.conclude())?.uncertaintyUs).toBeCloseTo(100, 6);
  });

  test('stays as it was where no answer comes, and says that nobody knows how far off it was', async () => {
    const clock = new TrialClock(telling(null, reading(0, 70), null, null));
    expect(await clock.follow()).toBeNull();
    expect(await clock.conclude()).toBeNull();
    expect(await clock.follow()).toMatchObject({ offsetUs: 70 });
    expect(await clock.follow()).toMatchObject({ offsetUs: 70 });
    expect(await clock.conclude()).toMatchObject({ offsetUs: 70, uncertaintyUs: null, driftPpm: null });
  });

  test('is read once for all shards that ask at the same time', async () => {
    let reads = 0;
    const run = new RunClock(async () => {
      reads += 1;
      return reading(reads, 9);
    });
    const followed = await Promise.all([new TrialClock(run), new TrialClock(run)].map((clock) => clock.follow()));
    expect(reads).toBe(1);
    expect(followed.map((clock) => clock?.offsetUs)).toEqual([9, 9]);
  });
});
