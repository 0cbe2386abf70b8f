// The harness's one clock seam. Everything that reads time reads it here.
// `nowUs` is CLOCK_MONOTONIC, which all processes of one machine share (measured skew at most 17 µs),
// so a moment stamped in the publisher can be subtracted from a moment seen in a shard.

/** Microseconds of the machine's monotonic clock. Comparable between processes of one machine, never between machines. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
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
