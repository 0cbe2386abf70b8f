// The rows of a storm's panel and their scales: attempts and queries by square root, so that both a peak and a trickle are seen.
import { compactLabels, squareRootTicks } from './axes.ts';
import type { Frame, Spec } from './chart.ts';
import type { StormPoint, TimeAxis } from './storm-time.ts';

export interface Layout {
  readonly frame: Frame;
  readonly width: number;
  readonly axis: TimeAxis;
  readonly maxima: { readonly attempts: number; readonly clients: number; readonly queries: number };
  readonly hasQueries: boolean;
}

export type Row = 'attempts' | 'connected' | 'queries';

export const heightsPx: Readonly<Record<Row, number>> = { attempts: 64, connected: 20, queries: 26 };
/** Of the value axes, the same in every row, so that the time axes lie above each other. */
export const leftPx = 40;
/** Where a moment lies, from the panel's left. */
export function pixelOf(seconds: number, { axis, width }: Layout): number {
  return ((seconds * 1e6 - axis.fromUs) / (axis.untilUs - axis.fromUs)) * width;
}

/** The axis that all panels share; its labels stand below the last. */
export function timeEncoding({ axis, frame }: Layout, hasLabels: boolean): Spec {
  return {
    field: 'seconds',
    type: 'quantitative',
    scale: { domain: [axis.fromUs / 1e6, axis.untilUs / 1e6], nice: false },
    axis: {
      labels: hasLabels,
      ticks: hasLabels,
      domain: false,
      grid: false,
      title: hasLabels ? 'Time since the fault' : null,
      titleAnchor: 'start',
      titleFontWeight: 400,
      labelExpr: "format(datum.value, '~g') + ' s'",
      tickCount: frame.narrow ? 5 : 10,
    },
  };
}

/** Each row on one scale in all panels. */
export function valueEncoding(field: keyof StormPoint, row: Row, { maxima }: Layout): Spec {
  const max = { attempts: maxima.attempts, connected: maxima.clients, queries: maxima.queries }[row];
  const isSquareRoot = row !== 'connected';
  const ticks = isSquareRoot ? squareRootTicks(max, heightsPx[row], row === 'attempts' ? 15 : 10) : [max];
  return {
    field,
    type: 'quantitative',
    stack: null,
    scale: { type: isSquareRoot ? 'sqrt' : 'linear', domain: [0, max], nice: false },
    axis: {
      values: row === 'attempts' ? ticks : ticks.slice(-1),
      labelExpr: compactLabels,
      title: null,
      grid: true,
      minExtent: leftPx,
      maxExtent: leftPx,
    },
  };
}

/** The values of a step line, which needs its end as well as its beginning. */
export function closed(
  points: readonly StormPoint[],
  field: keyof StormPoint,
): { seconds: number; [field: string]: number | null }[] {
  const values = points.map((point) => ({ seconds: point.seconds, [field]: point[field] }));
  const [before, last] = points.slice(-2);
  if (before === undefined || last === undefined) return values;
  return [...values, { seconds: 2 * last.seconds - before.seconds, [field]: last[field] }];
}
