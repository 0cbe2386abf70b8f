// A run → freshness curves: points of 1 / (1 − p) and time, as far as the observations reach.
import { type DistributionFigure, isUnsure, quantileOf } from '../merge.ts';
import type { Run } from '../run.ts';
import { type Look, looksOf } from './chart.ts';

export interface Curve {
  readonly label: string;
  readonly look: Look;
  readonly figure: DistributionFigure;
  readonly points: readonly Point[];
}

/** `odds` is 1 / (1 − p): 2 for the median, 100 for p99. */
interface Point {
  readonly odds: number;
  readonly us: number;
}

const pointCount = 160;
/** Below a microsecond there is nothing to tell apart, and a logarithm needs a floor. */
export const floorUs = 1;

/** One observation in so many is the furthest that a curve can show, and one in 10,000 is enough. */
export function longestOdds(figure: DistributionFigure): number {
  return Math.min(figure.count, 10_000);
}

/** The curves of the contenders whose freshness was measured. */
export function curvesOf(run: Run): Curve[] {
  const looks = looksOf(run.contenders);
  return run.contenders.flatMap((contender, index) => {
    const figure = contender.figures.freshnessUs;
    const look = looks[index];
    if (figure?.kind !== 'distribution' || look === undefined) return [];
    const points = pointsOf(figure);
    return points.length > 1 ? [{ label: contender.label, look, figure, points }] : [];
  });
}

/** The curve, up to the percentile that one observation of the count still supports, or to the first that was not seen. */
function pointsOf(figure: DistributionFigure): Point[] {
  if (figure.histogram === null || figure.count < 2) return [];
  const last = Math.log(longestOdds(figure));
  const points: Point[] = [];
  for (let step = 0; step <= pointCount; step++) {
    // Denser at the start, where curves rise steeply.
    const odds = Math.exp(last * (step / pointCount) ** 1.6);
    const us = quantileOf(figure, 1 - 1 / odds);
    // The clocks of agents tell no times as short as the first.
    if (us === null && isUnsure(figure, 1 - 1 / odds)) continue;
    if (us === null) break;
    points.push({ odds, us: Math.max(us, floorUs) });
  }
  return points;
}
