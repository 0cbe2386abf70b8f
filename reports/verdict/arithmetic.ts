// Poll interval, cache and clients → queries and freshness, and back from a limit: exact, and so never to be called measured.

/** What a minute has, in µs. */
const minuteUs = 60e6;

/** Queries a minute when each of `count` askers asks every `everyUs`. */
export function queriesPerMinute(count: number, everyUs: number): number {
  return (count * minuteUs) / everyUs;
}

/** The most askers that keep to `limit` queries a minute; `strictly` below it. */
export function mostAskers(limit: number, everyUs: number, strictly: boolean): number {
  const exact = (limit * everyUs) / minuteUs;
  const whole = Math.floor(exact + 1e-9);
  return Math.max(0, strictly && whole >= exact - 1e-9 ? whole - 1 : whole);
}

/** The shortest time between two questions of each of `count` askers that keeps to `limit` queries a minute, in µs. */
export function shortestIntervalUs(limit: number, count: number): number {
  return (count * minuteUs) / limit;
}

export interface PollTiming {
  readonly intervalUs: number;
  /** How old an answer from memory may be; 0 without a cache. */
  readonly cacheUs: number;
  /** Round trip of a poll. */
  readonly tripUs: number;
}

/**
 * Freshness of polling at `quantile` (0 to 1) in µs: the wait for the next poll is uniform on [0, interval], the age of a cached
 * answer on [0, cache], and a round trip follows. The sum of two uniform waits has a trapezoid for its density.
 */
export function pollFreshnessUs({ intervalUs, cacheUs, tripUs }: PollTiming, quantile: number): number {
  const short = Math.min(intervalUs, cacheUs);
  const long = Math.max(intervalUs, cacheUs);
  if (long === 0) return tripUs;
  const foot = short / (2 * long);
  if (quantile < foot) return tripUs + Math.sqrt(2 * short * long * quantile);
  if (quantile <= 1 - foot) return tripUs + quantile * long + short / 2;
  return tripUs + short + long - Math.sqrt(2 * short * long * (1 - quantile));
}

/** The longest poll interval whose freshness at `quantile` is no more than `limitUs`, in µs; 0 when there is none. */
export function longestIntervalUs(limitUs: number, timing: Omit<PollTiming, 'intervalUs'>, quantile: number): number {
  const fits = (intervalUs: number) => pollFreshnessUs({ ...timing, intervalUs }, quantile) <= limitUs;
  if (quantile <= 0 || !fits(0)) return 0;
  let low = 0;
  let high = limitUs / quantile + 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
