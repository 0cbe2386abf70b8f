// The harness's one clock seam. Everything that reads time reads it here.
// The machine's clock is CLOCK_MONOTONIC, which all processes of one machine share (measured skew at most 17 µs), so a moment stamped
// in the publisher can be subtracted from a moment seen in a shard. A shard on another machine follows the coordinator's clock.

/** What turns a reading of one clock into a reading of another: an offset, and how it grows. */
export interface ClockOffset {
  /** When the offset holds, µs of the machine's own clock. */
  readonly atUs: number;
  /** The other clock's reading less our own, µs. */
  readonly offsetUs: number;
  /** By how much the offset grows, millionths of the time that passes. */
  readonly driftPpm: number;
}

/** What a test sets to give a process the clock of another machine: `5000000,80` is 5 s ahead and gains 80 µs a second. */
export const clockShiftVariable = 'FRESHET_CLOCK_SHIFT';

const shift = readShift(process.env[clockShiftVariable]);
let followed: ClockOffset | null = null;

/** Microseconds of this machine's own monotonic clock, whatever clock is followed: for measuring clocks against each other. */
export function machineUs(): number {
  const us = Number(process.hrtime.bigint() / 1000n);
  return shift === null ? us : Math.round(us + offsetAt(shift, us));
}

/**
 * Microseconds of the trial's clock: this machine's monotonic one, or in the shards of an agent the coordinator's, as well as it is
 * known. Comparable between processes of one trial; the record says how far those of agents may be off.
 */
export function nowUs(): number {
  const us = machineUs();
  return followed === null ? us : Math.round(us + offsetAt(followed, us));
}

/** From now on `nowUs` tells another machine's time; `null`: this machine's own. */
export function followClock(offset: ClockOffset | null): void {
  followed = offset;
}

/** The offset when the machine's own clock reads `us`. */
export function offsetAt({ atUs, offsetUs, driftPpm }: ClockOffset, us: number): number {
  return offsetUs + ((us - atUs) * driftPpm) / 1e6;
}

/** The calendar's time, for names and record headers only; never subtracted from `nowUs`. */
export function wallClock(): Date {
  return new Date();
}

/** Resolves after `delayUs` microseconds, at once when that is not positive. */
export function sleepUs(delayUs: number): Promise<void> {
  if (delayUs <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    setTimeout(resolve, Math.ceil(delayUs / 1000));
  });
}

/** Resolves when `nowUs()` has reached `atUs`. `setTimeout` may fire up to 2 ms early, so it looks again. */
export async function sleepUntilUs(atUs: number): Promise<void> {
  for (let leftUs = atUs - nowUs(); leftUs > 0; leftUs = atUs - nowUs()) await sleepUs(leftUs);
}

function readShift(text: string | undefined): ClockOffset | null {
  if (text === undefined || text === '') return null;
  const [offsetUs = Number.NaN, driftPpm = 0] = text.split(',').map(Number);
  if (Number.isFinite(offsetUs) && Number.isFinite(driftPpm)) return { atUs: 0, offsetUs, driftPpm };
  throw new RangeError(`${clockShiftVariable} is '${text}'; expected µs, or µs and ppm, such as 5000000,80`);
}
