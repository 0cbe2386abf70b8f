// Chances of several tests → the same, corrected for their number after Holm (Scandinavian Journal of Statistics 6, 1979): compared
// with α, they reject a true hypothesis among them with a chance of α at most.

/** Adjusted chances, in the order given. */
export function adjustHolm(chances: readonly number[]): number[] {
  const order = chances.map((chance, index) => ({ chance, index })).sort((a, b) => a.chance - b.chance);
  const adjusted = new Array<number>(chances.length).fill(1);
  let highest = 0;
  for (const [rank, { chance, index }] of order.entries()) {
    highest = Math.max(highest, Math.min(1, chance * (chances.length - rank)));
    adjusted[index] = highest;
  }
  return adjusted;
}
