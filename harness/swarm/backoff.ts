// How long a client waits before it connects again: a pure function of the attempt and one random number.
// Source of the default: exponential with the article's proportional jitter, 1 s × 2, at most 30 s, +30 %.

export interface Backoff {
  readonly baseUs: number;
  readonly factor: number;
  readonly capUs: number;
  /** The delay is lengthened by up to this share of itself. */
  readonly jitterShare: number;
  readonly attempts: number;
}

export const defaultBackoff: Backoff = {
  baseUs: 1_000_000,
  factor: 2,
  capUs: 30_000_000,
  jitterShare: 0.3,
  attempts: 15,
};

/** µs to wait before attempt `attempt` (the first is 0); `random` is in [0, 1). */
export function backoffUs(backoff: Backoff, attempt: number, random: number): number {
  const delayUs = Math.min(backoff.capUs, backoff.baseUs * backoff.factor ** attempt);
  return delayUs * (1 + backoff.jitterShare * random);
}
