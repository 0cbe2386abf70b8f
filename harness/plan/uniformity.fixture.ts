/** Kolmogorov–Smirnov: the farthest that the sample's distribution is from the uniform one on [from, to). */
export function uniformityDistance(sample: readonly number[], from: number, to: number): number {
  const ordered = sample.toSorted((a, b) => a - b);
  const distances = ordered.map((value, k) => {
    const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
    return Math.max(share - k / ordered.length, (k + 1) / ordered.length - share);
  });
  return Math.max(...distances);
}

/** Of a true sample of this size, one in a thousand is farther. */
export function criticalDistance(size: number): number {
  return 1.95 / Math.sqrt(size);
}
