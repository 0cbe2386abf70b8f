// Round trips of clock readings → how far another machine's clock is from ours, with bounds that hold whatever the network does
// (RFC 5905 §8 is the same arithmetic): of each trip it is known that neither way took less than no time.
import { type ClockOffset, offsetAt } from '../contract/clock.ts';

/** One question and its answer: when it was sent and answered by our clock, when it was heard and answered by theirs, µs. */
export interface RoundTrip {
  readonly sentUs: number;
  readonly heardUs: number;
  readonly answeredUs: number;
  readonly backUs: number;
}

/** How the clocks stood to each other at one moment. The true offset lies within `uncertaintyUs` of `offsetUs`. */
export interface OffsetReading {
  /** By our clock. */
  readonly atUs: number;
  /** Their clock less ours. */
  readonly offsetUs: number;
  readonly uncertaintyUs: number;
  /** On the way, both ways together. */
  readonly roundTripUs: number;
}

/** How fast two clocks grow apart, and by how much that may be wrong; millionths. */
export interface Drift {
  readonly ppm: number;
  readonly uncertaintyPpm: number;
}

/** Two quartz clocks, one of which NTP corrects at its fastest, drift by no more. One that does has been set, or was stopped. */
export const mostDriftPpm = 600;
/** Readings are whole µs, rounded down. */
const readingUs = 1;

/** The reading of the tightest round trip, or `null` where there is none. */
export function readOffset(trips: readonly RoundTrip[]): OffsetReading | null {
  const [first, ...others] = trips;
  if (first === undefined) return null;
  const { sentUs, heardUs, answeredUs, backUs } = others.reduce(
    (tightest, trip) => (onTheWay(trip) < onTheWay(tightest) ? trip : tightest),
    first,
  );
  const roundTripUs = backUs - sentUs - (answeredUs - heardUs);
  const driftedUs = ((backUs - sentUs) / 2) * (mostDriftPpm / 1e6);
  return {
    atUs: (sentUs + backUs) / 2,
    // All of the way may have been there, or all of it back.
    offsetUs: (heardUs - sentUs + (answeredUs - backUs)) / 2,
    uncertaintyUs: Math.max(0, roundTripUs) / 2 + driftedUs + readingUs,
    roundTripUs,
  };
}

function onTheWay({ sentUs, heardUs, answeredUs, backUs }: RoundTrip): number {
  return backUs - sentUs - (answeredUs - heardUs);
}

/** By how much the offset grew from one reading to a later one. */
export function driftBetween(before: OffsetReading, after: OffsetReading): Drift {
  const apartUs = after.atUs - before.atUs;
  return {
    ppm: ((after.offsetUs - before.offsetUs) / apartUs) * 1e6,
    uncertaintyPpm: ((after.uncertaintyUs + before.uncertaintyUs) / apartUs) * 1e6,
  };
}

/**
 * The clock to follow from the last of these readings on, the earliest first. It drifts only where the readings prove a drift, and one
 * that clocks can have: a guessed drift would make it worse. `null` without a reading.
 */
export function clockFrom(readings: readonly OffsetReading[]): ClockOffset | null {
  const last = readings.at(-1);
  if (last === undefined) return null;
  const drifts = readings
    .filter(({ atUs }) => atUs < last.atUs)
    .map((reading) => driftBetween(reading, last))
    .toSorted((a, b) => a.uncertaintyPpm - b.uncertaintyPpm);
  const best = drifts[0];
  const isProven = best !== undefined && Math.abs(best.ppm) > best.uncertaintyPpm && Math.abs(best.ppm) <= mostDriftPpm;
  return { atUs: last.atUs, offsetUs: last.offsetUs, driftPpm: isProven ? best.ppm : 0 };
}

/**
 * How far the clock that was followed can have been from theirs between these readings, µs, given that the clocks drifted steadily from
 * each reading to the next: the error is largest at one of them.
 */
export function largestErrorUs(followed: ClockOffset, readings: readonly OffsetReading[]): number {
  const errors = readings.map(
    ({ atUs, offsetUs, uncertaintyUs }) => Math.abs(offsetAt(followed, atUs) - offsetUs) + uncertaintyUs,
  );
  return Math.max(0, ...errors);
}
