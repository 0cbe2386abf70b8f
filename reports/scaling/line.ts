// Measured points of a cost → a fixed part and a part for each unit of load, by least squares; and where two such costs are equal.

/** A cost at a load. */
export interface Point {
  readonly load: number;
  readonly cost: number;
}

/** cost = min(fixed + perLoad × load, atMost). */
export interface Line {
  readonly fixed: number;
  readonly perLoad: number;
  /** What the cost levels off at; infinite where nothing bounds it. */
  readonly atMost: number;
}

export interface Fit {
  readonly line: Line;
  /** Root of the mean squared distance of the points, in the cost's unit; `null` where two points leave none. */
  readonly residual: number | null;
}

/** The cost that the line gives for a load of 0 or more. */
export function costAt({ fixed, perLoad, atMost }: Line, load: number): number {
  return Math.min(fixed + perLoad * load, atMost);
}

/**
 * The least-squares line with neither part below 0, since nothing costs less than nothing. `null` with fewer than two different
 * loads, which many lines would pass.
 */
export function fitLine(points: readonly Point[], atMost = Number.POSITIVE_INFINITY): Fit | null {
  if (new Set(points.map(({ load }) => load)).size < 2) return null;
  const line = { ...leastSquares(points), atMost };
  const squares = points.map(({ load, cost }) => (cost - costAt(line, load)) ** 2);
  const residual = points.length === 2 ? null : Math.sqrt(sum(squares) / (points.length - 2));
  return { line, residual };
}

function leastSquares(points: readonly Point[]): Pick<Line, 'fixed' | 'perLoad'> {
  const meanLoad = mean(points.map(({ load }) => load));
  const meanCost = mean(points.map(({ cost }) => cost));
  const spread = sum(points.map(({ load }) => (load - meanLoad) ** 2));
  const perLoad = sum(points.map(({ load, cost }) => (load - meanLoad) * (cost - meanCost))) / spread;
  if (perLoad <= 0) return { fixed: Math.max(0, meanCost), perLoad: 0 };
  const fixed = meanCost - perLoad * meanLoad;
  // Rounding alone leaves a little of a line through the origin.
  if (fixed > 1e-9 * meanCost) return { fixed, perLoad };
  const products = sum(points.map(({ load, cost }) => load * cost));
  return { fixed: 0, perLoad: Math.max(0, products / sum(points.map(({ load }) => load ** 2))) };
}

/** The line through points that arithmetic gave, or `null` where they lie on none (to a thousandth of each). */
export function exactLine(points: readonly Point[]): Line | null {
  const fit = fitLine(points);
  if (fit === null) return null;
  const lies = ({ load, cost }: Point) => Math.abs(costAt(fit.line, load) - cost) <= Math.abs(cost) / 1000;
  return points.every(lies) ? fit.line : null;
}

/**
 * The first load within (0, limit] at which two costs are equal, and what the first is beyond it; or that the first is the higher or
 * the lower one throughout, or neither by more than the tolerance.
 */
export type BreakEven =
  | {
      readonly kind: 'at';
      readonly load: number;
      readonly low: number;
      readonly high: number;
      readonly beyond: 'higher' | 'lower';
    }
  | { readonly kind: 'higher' | 'lower' | 'alike' };

export interface BreakEvenOptions {
  /** The largest load to look at. */
  readonly limit: number;
  /** How far apart the two may be without being different: the residuals of both, taken together. */
  readonly tolerance: number;
}

/** Compares two costs; `low` to `high` are the loads at which they are within the tolerance of each other. */
export function breakEvenOf(first: Line, second: Line, { limit, tolerance }: BreakEvenOptions): BreakEven {
  const difference = (load: number) => costAt(first, load) - costAt(second, load);
  const bends = [first, second].map(bendOf).filter((bend) => bend > 0 && bend < limit);
  const edges = [0, ...bends.sort((a, b) => a - b), limit];
  const differences = edges.map(difference);
  if (differences.every((each) => Math.abs(each) <= tolerance)) return { kind: 'alike' };
  const begins = Math.sign(differences.find((each) => each !== 0) ?? 0);
  for (let index = 1; index < edges.length; index++) {
    const [from = 0, to = 0] = [edges[index - 1], edges[index]];
    const [before = 0, after = 0] = [differences[index - 1], differences[index]];
    if (Math.sign(after) !== -begins) continue;
    const load = from + ((to - from) * before) / (before - after);
    const reach = (tolerance * (to - from)) / Math.abs(after - before);
    const beyond = after > 0 ? 'higher' : 'lower';
    return { kind: 'at', load, low: Math.max(0, load - reach), high: Math.min(limit, load + reach), beyond };
  }
  return { kind: sum(differences) > 0 ? 'higher' : 'lower' };
}

/** The load from which on a cost is level. */
function bendOf({ fixed, perLoad, atMost }: Line): number {
  return perLoad === 0 ? 0 : (atMost - fixed) / perLoad;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
