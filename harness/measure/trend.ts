// How fast a series grows: the median of the slopes between all pairs of its values (Theil 1950, Sen 1968), which a few odd values do not
// move, and a 95 % interval from resampling blocks of what the line leaves over (values near each other are alike: Künsch 1989).
import { seededRandom } from '../plan/random.ts';

export interface Trend {
  /** Per step of the series. */
  readonly slope: number;
  /** Half of the 95 % interval. */
  readonly margin: number;
}

const resamples = 200;
/** Pairs grow with the square: a longer series is thinned to as many means of neighbours. */
const mostValues = 120;
const fewestValues = 8;

/** `null` for fewer than 8 values. */
export function estimateTrend(series: readonly number[], seed: number): Trend | null {
  const { values, width } = thin(series);
  const count = values.length;
  if (count < fewestValues) return null;
  const slope = theilSen(values);
  const line = values.map((_, at) => slope * at);
  const rest = values.map((value, at) => value - (line[at] ?? 0));
  const block = Math.max(2, Math.round(count ** (1 / 3)) + 1);
  const random = seededRandom(seed, 7);
  const slopes = Array.from({ length: resamples }, () => {
    const drawn = drawBlocks(rest, block, random);
    return theilSen(drawn.map((value, at) => value + (line[at] ?? 0)));
  }).toSorted((a, b) => a - b);
  const at = (share: number) => slopes[Math.min(resamples - 1, Math.floor(share * resamples))] ?? slope;
  return { slope: slope / width, margin: (at(0.975) - at(0.025)) / 2 / width };
}

/** The median slope of all pairs, per place in the series. */
export function theilSen(values: readonly number[]): number {
  const slopes: number[] = [];
  for (let later = 1; later < values.length; later++)
    for (let earlier = 0; earlier < later; earlier++)
      slopes.push(((values[later] ?? 0) - (values[earlier] ?? 0)) / (later - earlier));
  slopes.sort((a, b) => a - b);
  const middle = slopes.length >> 1;
  return slopes.length % 2 === 1 ? (slopes[middle] ?? 0) : ((slopes[middle - 1] ?? 0) + (slopes[middle] ?? 0)) / 2;
}

function drawBlocks(rest: readonly number[], block: number, random: () => number): number[] {
  const drawn: number[] = [];
  while (drawn.length < rest.length) {
    const start = Math.floor(random() * (rest.length - block + 1));
    drawn.push(...rest.slice(start, start + block));
  }
  return drawn.slice(0, rest.length);
}

function thin(series: readonly number[]): { values: readonly number[]; width: number } {
  const width = Math.ceil(series.length / mostValues);
  if (width <= 1) return { values: series, width: 1 };
  const values = Array.from({ length: Math.floor(series.length / width) }, (_, place) => {
    const part = series.slice(place * width, (place + 1) * width);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  return { values, width };
}
