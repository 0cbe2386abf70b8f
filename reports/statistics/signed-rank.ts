// Paired differences → Wilcoxon's signed-rank test, exact for any number of pairs, with ties (mid-ranks) and zeros (ranked, then
// left out: Pratt, JASA 54, 1959). The null distribution is the sum of the ranks, each with a fair coin's sign.

export interface SignedRankTest {
  /** Pairs that differ. */
  readonly pairs: number;
  /** Sum of the ranks of the positive differences (W+, R's V). */
  readonly statistic: number;
  /** Chance of a sum this large, or larger, when neither side is larger. */
  readonly pGreater: number;
  /** Chance of a sum this small, or smaller. */
  readonly pLess: number;
}

/** Tests whether the differences lie above, or below, 0. Throws `RangeError` for one that is no number. */
export function testSignedRank(differences: readonly number[]): SignedRankTest {
  const ranks = midranks(differences.map(Math.abs));
  const ranked = differences.map((difference, index) => ({ difference, rank: ranks[index] ?? 0 }));
  const differing = ranked.filter(({ difference }) => difference !== 0);
  const statistic = differing.reduce((sum, { difference, rank }) => sum + (difference > 0 ? rank : 0), 0);
  const chances = signedRankDistribution(differing.map(({ rank }) => rank));
  return {
    pairs: differing.length,
    statistic,
    pGreater: Math.min(1, sumOf(chances.subarray(2 * statistic))),
    pLess: Math.min(1, sumOf(chances.subarray(0, 2 * statistic + 1))),
  };
}

/** Chances of every sum of the positive ranks: index 2 s for the sum s, since mid-ranks are halves. */
export function signedRankDistribution(ranks: readonly number[]): Float64Array {
  const doubled = ranks.map((rank) => Math.round(2 * rank));
  const chances = new Float64Array(sumOf(doubled) + 1);
  chances[0] = 1;
  let highest = 0;
  for (const rank of doubled) {
    highest += rank;
    // Downwards, so that each rank counts once.
    for (let sum = highest; sum >= 0; sum--)
      chances[sum] = ((chances[sum] ?? 0) + (sum >= rank ? (chances[sum - rank] ?? 0) : 0)) / 2;
  }
  return chances;
}

/** Ranks from 1; equal values share the mean of theirs. */
function midranks(values: readonly number[]): number[] {
  if (!values.every(Number.isFinite)) throw new RangeError(`differences are ${values.join(', ')}; expected numbers`);
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
