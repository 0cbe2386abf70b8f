// Two group sizes → the null distribution of Mann and Whitney's U (Annals of Mathematical Statistics 18, 1947): how many of all
// pairs of one value from each group have the larger value in the second.

/** Chances of every U from 0 to `first` × `second`, by the paper's recurrence on the group of the largest value. */
export function rankSumDistribution(first: number, second: number): Float64Array {
  let row: Float64Array[] = Array.from({ length: second + 1 }, () => Float64Array.of(1));
  for (let i = 1; i <= first; i++) {
    const next: Float64Array[] = [Float64Array.of(1)];
    for (let j = 1; j <= second; j++) next.push(mixLast(i, j, { without: row[j], withoutSecond: next[j - 1] }));
    row = next;
  }
  return row[second] ?? Float64Array.of(1);
}

/** The largest of all is one of the `i` (it beats none of the `j`) or one of the `j` (it beats all `i`). */
function mixLast(
  i: number,
  j: number,
  { without, withoutSecond }: { without: Float64Array | undefined; withoutSecond: Float64Array | undefined },
): Float64Array {
  return Float64Array.from({ length: i * j + 1 }, (_, u) => {
    const isFirst = (without?.[u] ?? 0) * (i / (i + j));
    const isSecond = u >= i ? (withoutSecond?.[u - i] ?? 0) * (j / (i + j)) : 0;
    return isFirst + isSecond;
  });
}
