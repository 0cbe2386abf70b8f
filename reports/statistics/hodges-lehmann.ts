// Differences, or two groups → the shift between them after Hodges and Lehmann (Annals of Mathematical Statistics 34, 1963), with
// bounds that hold whatever the distribution: the shifts which the exact rank test does not reject.
import { rankSumDistribution } from './rank-sum.ts';
import { signedRankDistribution } from './signed-rank.ts';

export interface Shift {
  readonly estimate: number;
  /** Each bound holds with the chance 1 − α; both together with 1 − 2 α. Infinite where there are too few values for that. */
  readonly lower: number;
  readonly upper: number;
}

/** The centre of paired differences: the median of the means of all two of them (Walsh averages, each with itself too). */
export function pairedShift(differences: readonly number[], alpha: number): Shift {
  const averages = differences.flatMap((a, index) => differences.slice(index).map((b) => (a + b) / 2));
  const doubled = signedRankDistribution(differences.map((_, index) => index + 1));
  return shiftFrom(
    averages,
    doubled.filter((_, index) => index % 2 === 0),
    alpha,
  );
}

/** How much `after` lies above `before`: the median of all differences between one value of each. */
export function unpairedShift(before: readonly number[], after: readonly number[], alpha: number): Shift {
  const differences = after.flatMap((late) => before.map((early) => late - early));
  return shiftFrom(differences, rankSumDistribution(before.length, after.length), alpha);
}

/** `chances`: of each number of `values` that lie beyond the true shift. Leaves out at each end as many as have together no more than `alpha`. */
function shiftFrom(values: readonly number[], chances: Float64Array, alpha: number): Shift {
  const sorted = [...values].sort((a, b) => a - b);
  let outside = 0;
  for (let chance = chances[0] ?? 1; chance <= alpha + 1e-12; chance += chances[outside] ?? 1) outside++;
  return {
    estimate: medianOfSorted(sorted),
    lower: outside === 0 ? Number.NEGATIVE_INFINITY : (sorted[outside - 1] ?? Number.NEGATIVE_INFINITY),
    upper: outside === 0 ? Number.POSITIVE_INFINITY : (sorted[sorted.length - outside] ?? Number.POSITIVE_INFINITY),
  };
}

function medianOfSorted(sorted: readonly number[]): number {
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] ?? upper)) / 2;
}
