// When clients act: an open schedule, a part of it each client's, whatever became of their earlier actions. Pure functions of the plan.
import { seededRandom } from './random.ts';

/** Each client acts once in so long. */
export interface ActingPlan {
  readonly everyUs: number;
  readonly kind: 'fixed' | 'poisson';
}

export interface ActingSpan {
  readonly startUs: number;
  readonly endUs: number;
}

/** Of everyone: what one client's moments follow from. */
export interface Actors extends ActingPlan {
  readonly clients: number;
  readonly seed: number;
}

/**
 * The moments of this client within the span, ascending, in whole µs. `fixed`: an interval apart, all clients together evenly; each has its
 * own N-th of the interval, dealt so that neighbours in rank do not follow each other. `poisson`: as many moments, by chance.
 */
export function actionTimesUs(rank: number, actors: Actors, { startUs, endUs }: ActingSpan): number[] {
  const { clients, everyUs, kind, seed } = actors;
  const random = seededRandom(seed, 7, rank);
  const firstUs = ((placeOf(rank, clients) + random()) / clients) * everyUs;
  const count = Math.max(0, Math.ceil((endUs - startUs - firstUs) / everyUs));
  const offsetsUs = Array.from({ length: count }, (_, k) =>
    kind === 'fixed' ? firstUs + k * everyUs : random() * (endUs - startUs),
  );
  return offsetsUs.sort((a, b) => a - b).map((offsetUs) => Math.floor(startUs + offsetUs));
}

/** A permutation of the ranks that keeps near ones apart: steps of about the golden section. */
function placeOf(rank: number, clients: number): number {
  let stride = Math.max(1, Math.round(clients * 0.618));
  while (greatestCommonDivisor(stride, clients) > 1) stride += 1;
  return (rank * stride) % clients;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
