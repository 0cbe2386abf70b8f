// Clients dealt to the places that run them, in proportion to what each can carry. Pure arithmetic.

/** Whole shares of `total`, as the weights ask to within one; they sum up to it. All weights are positive. */
export function sharesOf(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const shares = exact.map(Math.floor);
  const left = total - shares.reduce((all, share) => all + share, 0);
  // The largest remainders first.
  const order = exact.map((share, place) => ({ place, rest: share % 1 })).sort((a, b) => b.rest - a.rest);
  for (const { place } of order.slice(0, left)) shares[place] = (shares[place] ?? 0) + 1;
  return shares;
}

/**
 * The place of each rank, from 0 to `clients` − 1. Places take turns over the whole order of connecting, so none is served first;
 * groups of ranks that are to be compared with each other stay in one place, and the groups are shared out likewise.
 */
export function dealToPlaces(
  clients: number,
  groups: readonly (readonly number[])[],
  weights: readonly number[],
): number[] {
  const shares = sharesOf(clients, weights);
  const places = Array.from({ length: clients }, () => -1);
  const left = [...shares];
  takeTurns(groups.length, weights).forEach((place, index) => {
    for (const rank of groups[index] ?? []) {
      if (places[rank] !== -1 || (left[place] ?? 0) === 0) continue;
      places[rank] = place;
      left[place] = (left[place] ?? 0) - 1;
    }
  });
  const rest = places.flatMap((place, rank) => (place === -1 ? [rank] : []));
  takeTurns(rest.length, left).forEach((place, index) => {
    places[rest[index] as number] = place;
  });
  return places;
}

/** So many turns, each place's evenly spread and in number as its share of the weights. */
function takeTurns(turns: number, weights: readonly number[]): number[] {
  const shares = sharesOf(turns, weights);
  const given = weights.map(() => 0);
  return Array.from({ length: turns }, (_, turn) => {
    let next = 0;
    let mostBehind = Number.NEGATIVE_INFINITY;
    shares.forEach((share, place) => {
      const behind = (share * (turn + 1)) / turns - (given[place] ?? 0);
      if ((given[place] ?? 0) < share && behind > mostBehind) [next, mostBehind] = [place, behind];
    });
    given[next] = (given[next] ?? 0) + 1;
    return next;
  });
}
