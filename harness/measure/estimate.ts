// The mean of a small sample, and how far the truth may be from it.

export interface Estimate {
  readonly value: number;
  /** Half of the 95 % confidence interval, in the same unit; `null` for a single observation, which cannot tell. */
  readonly margin: number | null;
}

/** `null` for an empty sample. The observations must be independent of each other. */
export function estimateMean(sample: readonly number[]): Estimate | null {
  if (sample.length === 0) return null;
  const value = mean(sample);
  if (sample.length === 1) return { value, margin: null };
  const degrees = sample.length - 1;
  const variance = sample.reduce((sum, x) => sum + (x - value) ** 2, 0) / degrees;
  return { value, margin: studentT(degrees) * Math.sqrt(variance / sample.length) };
}

export function mean(sample: readonly number[]): number {
  return sample.reduce((sum, x) => sum + x, 0) / sample.length;
}

/** Student's t for 95 % within, two-sided; from ten degrees of freedom on an approximation that is good to 1 %. */
function studentT(degrees: number): number {
  return [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26][degrees - 1] ?? 1.96 + 2.5 / degrees;
}
