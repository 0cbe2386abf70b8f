// Panels of storms → the specification: a panel a strategy on one time axis, each with attempts, clients connected, database queries.
import { formatDurationUs, formatNumber } from '../../harness/contract/units.ts';
import type { Outage } from '../storm.ts';
import { type Frame, hitName, type Spec, textSizePx } from './chart.ts';
import { headerLayers, hollowOpacity, type LegendItem, textLayer } from './storm-header.ts';
import {
  closed,
  heightsPx,
  type Layout,
  leftPx,
  pixelOf,
  type Row,
  timeEncoding,
  valueEncoding,
} from './storm-scales.ts';
import type { StormPoint, TimeAxis } from './storm-time.ts';

export interface StormPanel {
  readonly label: string;
  /** Short phrases of its header. */
  readonly figures: readonly string[];
  readonly outage: Outage | null;
  readonly points: readonly StormPoint[];
  /** Drawn as a line over the points; `null` where nothing is compared. */
  readonly simulated: readonly StormPoint[] | null;
}

/** Of the rows' names, on their right. */
const labelsPx = 74;
/** Each panel carries the texts of its busiest points, one in each part of the axis. */
const hitsPerPanel = 60;

/** The specification. */
export function panelsSpec(
  panels: readonly StormPanel[],
  { frame, axis, legend }: { readonly frame: Frame; readonly axis: TimeAxis; readonly legend: readonly LegendItem[] },
): Spec {
  const hasQueries = panels.some(({ points }) => points.some(({ queries }) => queries !== null));
  const rightPx = frame.narrow ? 10 : labelsPx;
  const all = panels.flatMap(({ points, simulated }) => [...points, ...(simulated ?? [])]);
  const maximum = (read: (point: StormPoint) => number | null) => Math.max(1, ...all.map((point) => read(point) ?? 0));
  const maxima = {
    attempts: maximum(({ attempts, accepted }) => Math.max(attempts ?? 0, accepted ?? 0)),
    clients: maximum(({ connected }) => connected),
    queries: maximum(({ queries }) => queries),
  };
  const layout: Layout = { frame, axis, maxima, hasQueries, width: Math.round(frame.width - leftPx - rightPx) };
  return {
    vconcat: panels.map((panel, index) =>
      panelSpec(panel, layout, { index, isLast: index === panels.length - 1, legend: index === 0 ? legend : [] }),
    ),
    spacing: 20,
  };
}

function panelSpec(
  panel: StormPanel,
  layout: Layout,
  place: { readonly index: number; readonly isLast: boolean; readonly legend: readonly LegendItem[] },
): Spec {
  const rows: Row[] = layout.hasQueries ? ['attempts', 'connected', 'queries'] : ['attempts', 'connected'];
  return {
    vconcat: rows.map((row, index) => ({
      width: layout.width,
      height: heightsPx[row],
      layer: [
        ...outageLayers(panel, row, layout),
        ...rowLayers(panel, row, layout, place.isLast && index === rows.length - 1),
        ...(row === 'attempts' ? attemptTexts(panel, layout, place) : rowLabel(row, layout)),
      ],
    })),
    spacing: 5,
  };
}

function rowLayers(panel: StormPanel, row: Row, layout: Layout, hasTimeLabels: boolean): Spec[] {
  const { theme } = layout.frame;
  const { storm, grey } = theme;
  const encodings = (field: keyof StormPoint) => ({
    x: timeEncoding(layout, hasTimeLabels),
    y: valueEncoding(field, row, layout),
  });
  const area = (field: keyof StormPoint, mark: Spec): Spec => ({
    data: { values: closed(panel.points, field) },
    mark: { type: 'area', interpolate: 'step-after', invalid: 'break-paths-show-path-domains', ...mark },
    encoding: encodings(field),
  });
  const line = (field: keyof StormPoint): Spec[] =>
    panel.simulated === null
      ? []
      : [
          {
            data: { values: closed(panel.simulated, field) },
            mark: {
              type: 'line',
              interpolate: 'step-after',
              invalid: 'break-paths-show-path-domains',
              color: grey.ink,
              strokeWidth: 1,
            },
            encoding: encodings(field),
          },
        ];
  const outlined = { fillOpacity: hollowOpacity, line: { color: storm.attempted, strokeWidth: 1 } };
  const layers = {
    attempts: [
      area('attempts', { color: storm.attempted, ...outlined }),
      area('accepted', { color: storm.accepted, fillOpacity: 1 }),
      ...line('attempts'),
    ],
    connected: [
      area('connected', { color: storm.accepted, fillOpacity: 0.2, line: { color: storm.accepted, strokeWidth: 1.2 } }),
      ...line('connected'),
    ],
    queries: [area('queries', { color: grey.sub, fillOpacity: 0.75 })],
  }[row];
  return [...layers, baseline(layout, heightsPx[row])];
}

/** Over the marks, whose outlines would otherwise colour it. */
function baseline({ width, frame }: Layout, heightPx: number): Spec {
  return {
    data: { values: [{}] },
    mark: { type: 'rule', color: frame.theme.grey.axis, strokeWidth: 1 },
    encoding: { x: { value: 0 }, x2: { value: width }, y: { value: heightPx }, y2: { value: heightPx } },
  };
}

/** The time the server was away, or the moment of what took none. */
function outageLayers({ outage }: StormPanel, row: Row, layout: Layout): Spec[] {
  if (outage === null) return [];
  const { storm, grey } = layout.frame.theme;
  const [startPx, endPx] = [pixelOf(0, layout), pixelOf((outage.lastedUs ?? 0) / 1e6, layout)];
  if (outage.lastedUs === null) {
    return [
      {
        data: { values: [{}] },
        mark: { type: 'rule', color: grey.axis, strokeWidth: 1, strokeDash: [3, 3] },
        encoding: { x: { value: startPx }, y: { value: 0 }, y2: { value: heightsPx[row] } },
      },
    ];
  }
  const words = `down ${formatDurationUs(Math.round(outage.lastedUs / 1e5) * 1e5)}`;
  const fits = endPx - startPx > layout.frame.measure(words, textSizePx, 400) + 8;
  return [
    {
      data: { values: [{}] },
      mark: { type: 'rect', color: storm.outage },
      encoding: {
        x: { value: startPx },
        x2: { value: endPx },
        y: { value: 0 },
        y2: { value: heightsPx[row] },
      },
    },
    // Nobody is connected then, so that row has room for the words.
    ...(row === 'connected' && fits
      ? [textLayer(words, { x: (startPx + endPx) / 2, y: 17, align: 'center', weight: 400, colour: grey.sub })]
      : []),
  ];
}

function attemptTexts(
  panel: StormPanel,
  layout: Layout,
  { index, legend }: { readonly index: number; readonly legend: readonly LegendItem[] },
): Spec[] {
  const { frame, width } = layout;
  const header = headerLayers(panel.label, panel.figures, {
    frame,
    width: width + (frame.narrow ? 0 : labelsPx),
    legend,
  });
  return frame.interactive ? [...header, hitLayer(panel, layout, index)] : header;
}

function rowLabel(row: Exclude<Row, 'attempts'>, { frame, width }: Layout): Spec[] {
  if (frame.narrow) return [];
  const words = row === 'connected' ? 'connected' : 'DB queries';
  const place = {
    x: width + 8,
    y: heightsPx[row] - 2,
    align: 'left',
    weight: 400,
    colour: frame.theme.grey.sub,
  } as const;
  return [textLayer(words, place)];
}

function hitLayer(panel: StormPanel, layout: Layout, index: number): Spec {
  const { points } = panel;
  const size = Math.max(1, Math.ceil(points.length / hitsPerPanel));
  const busiest: StormPoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    const [first, ...others] = points.slice(start, start + size).filter(({ attempts }) => (attempts ?? 0) > 0);
    if (first !== undefined)
      busiest.push(others.reduce((most, each) => ((each.attempts ?? 0) > (most.attempts ?? 0) ? each : most), first));
  }
  return {
    name: `${hitName}${index}`,
    data: { values: busiest.map((point) => ({ ...point, tip: tipOf(panel, point) })) },
    mark: { type: 'point', filled: true, size: 160, opacity: 0, aria: true },
    encoding: {
      x: timeEncoding(layout, false),
      y: valueEncoding('attempts', 'attempts', layout),
      description: { field: 'tip' },
    },
  };
}

function tipOf({ label }: StormPanel, { seconds, attempts, accepted, refused }: StormPoint): string {
  const count = (value: number | null, noun: string) => (value === null ? [] : [`${formatNumber(value)} ${noun}`]);
  const parts = [
    ...count(attempts, attempts === 1 ? 'attempt' : 'attempts'),
    ...count(accepted, 'accepted'),
    ...count(refused, 'refused'),
  ];
  return `${label}, ${formatNumber(seconds)} s after the fault: ${parts.join(', ')} in 100 ms`;
}
