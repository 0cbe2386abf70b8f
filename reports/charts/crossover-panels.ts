// Panels of the crossover chart → a Vega-Lite specification. The horizontal axis is the load, labelled by the varied condition.
import { formatBytes, formatNumber } from '../../harness/contract/units.ts';
import { formatWithUnit } from '../figures.ts';
import type { Sweep } from '../run.ts';
import { type ComparedCosts, type Cost, type CostMetric, rangeOf, trendOf } from '../scaling/costs.ts';
import { type BreakEven, costAt, type Line } from '../scaling/line.ts';
import { logDomain, logPosition, logTicks } from './axes.ts';
import { type Frame, fitLabel, hitName, type Look, labelHeightPx, type Spec, textSizePx, widestOf } from './chart.ts';
import { spreadLabels } from './labels.ts';

/** One cost over the scales: the contenders' points and lines, and where two of them meet. */
export interface CrossoverPanel {
  readonly metric: CostMetric;
  readonly costs: readonly { readonly cost: Cost; readonly look: Look }[];
  readonly breakEvens: readonly { readonly pair: ComparedCosts; readonly found: BreakEven }[];
  /** Its break-evens in words. */
  readonly says: string;
}

const panelHeightPx = 168;
const curvePoints = 32;
/** Contenders of one transport share a hue; their points differ in shape. */
const shapes = ['circle', 'square', 'triangle-up', 'diamond'] as const;

/** Everything that a panel's layers need. */
interface Layout {
  readonly sweep: Sweep;
  readonly panel: CrossoverPanel;
  readonly frame: Frame;
  readonly width: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly isLast: boolean;
  readonly index: number;
}

export function crossoverSpec(sweep: Sweep, panels: readonly CrossoverPanel[], frame: Frame): Spec {
  const names = panels.flatMap(({ costs }) => costs.map(({ cost }) => labelOf(cost, frame)));
  const width = Math.round(frame.width - 52 - widestOf(names, frame, 600) - 12);
  const { from, to, limit } = rangeOf(sweep);
  const hasTrend = panels.some(({ costs }) => costs.some(({ cost }) => trendOf(cost, sweep) !== null));
  return {
    vconcat: panels.map((panel, index) =>
      panelSpec({
        sweep,
        panel,
        frame,
        width,
        x: [from, hasTrend ? limit : to],
        y: domainOf(panel, sweep),
        isLast: index === panels.length - 1,
        index,
      }),
    ),
    spacing: 30,
  };
}

function labelOf({ contender }: Cost, frame: Frame): string {
  return fitLabel(contender.name, frame.width * (frame.narrow ? 0.3 : 0.26), frame);
}

function domainOf({ costs }: CrossoverPanel, sweep: Sweep): [number, number] {
  const values = costs.flatMap(({ cost }) => {
    const trend = trendOf(cost, sweep);
    const drawn = cost.points.map(({ reading }) => reading.value ?? 0);
    return trend === null ? drawn : [...drawn, costAt(trend.line, trend.end)];
  });
  return logDomain(values.filter((value) => value > 0));
}

function panelSpec(layout: Layout): Spec {
  const { panel, frame, width } = layout;
  return {
    width,
    height: panelHeightPx,
    layer: [
      ...extrapolatedLayers(layout),
      ...panel.costs.flatMap(({ cost, look }) => costLayers(cost, look, layout)),
      ...breakEvenLayers(layout),
      ...headerLayers(layout),
      ...endLabels(layout),
      ...(frame.interactive ? [hitLayer(layout)] : []),
    ],
  };
}

function encodingOf({ sweep, panel, frame, width, x, y, isLast }: Layout): { readonly [key: string]: Spec } {
  const loads = spacedLoads(sweep, x, { width, apart: frame.narrow ? 34 : 44 });
  const costs = logTicks(y).filter((tick, index, all) => all.length < 7 || index % 2 === 0 || tick === 0);
  return {
    x: {
      field: 'load',
      type: 'quantitative',
      scale: { type: 'log', domain: [...x], nice: false },
      axis: {
        values: loads,
        labels: isLast,
        ticks: isLast,
        title: isLast ? sweep.axis.name : null,
        labelExpr: expressionOf(loads, (load) => sweep.axis.valueText(load)),
        grid: false,
      },
    },
    y: {
      field: 'cost',
      type: 'quantitative',
      scale: { type: 'log', domain: [...y], nice: false },
      axis: { values: costs, title: null, grid: true, labelExpr: expressionOf(costs, tickText(panel.metric)) },
    },
  };
}

/** The measured loads and the end, as far as their labels have room. */
function spacedLoads(
  { scales }: Sweep,
  x: readonly [number, number],
  room: { width: number; apart: number },
): number[] {
  const kept: number[] = [];
  for (const load of [x[1], ...scales.map((scale) => scale.load).toReversed()]) {
    const last = kept.at(-1);
    const distance =
      last === undefined
        ? Number.POSITIVE_INFINITY
        : logPosition(last, x, room.width) - logPosition(load, x, room.width);
    if (distance >= room.apart) kept.push(load);
  }
  return kept.toReversed();
}

function tickText({ unit }: CostMetric): (value: number) => string {
  return unit === 'bytes/min' ? formatBytes : formatNumber;
}

/** Vega expression that writes each tick as people read it. */
function expressionOf(ticks: readonly number[], say: (tick: number) => string): string {
  return ticks.reduceRight((rest, tick) => `abs(datum.value / ${tick} - 1) < 1e-6 ? '${say(tick)}' : ${rest}`, "''");
}

function extrapolatedLayers({ sweep, frame, width, x }: Layout): Spec[] {
  const start = logPosition(rangeOf(sweep).to, x, width);
  if (start >= width) return [];
  return [
    {
      data: { values: [{}] },
      mark: { type: 'rect', color: frame.theme.storm.outage },
      encoding: { x: { value: start }, x2: { value: width }, y: { value: 0 }, y2: { value: panelHeightPx } },
    },
    {
      data: { values: [{}] },
      mark: { type: 'text', align: 'left', baseline: 'top', color: frame.theme.grey.sub, text: 'extrapolated' },
      encoding: { x: { value: start + 6 }, y: { value: 5 } },
    },
  ];
}

function costLayers(cost: Cost, look: Look, layout: Layout): Spec[] {
  const { frame, sweep } = layout;
  const { mark: color } = frame.theme.series(look.transport, look.variant);
  const trend = trendOf(cost, sweep);
  const { from } = rangeOf(sweep);
  const points = cost.points.flatMap(({ load, reading, excluded }) =>
    reading.value === null || reading.value <= 0 ? [] : [{ load, cost: reading.value, excluded: excluded !== null }],
  );
  const encoding = encodingOf(layout);
  const shape = shapes[look.variant % shapes.length] ?? 'circle';
  const point = (excluded: boolean): Spec => ({
    data: { values: points.filter((each) => each.excluded === excluded) },
    mark: {
      type: 'point',
      shape,
      size: 46,
      filled: !excluded,
      fill: excluded ? frame.theme.grey.paper : color,
      stroke: color,
      strokeWidth: 2,
      opacity: 1,
    },
    encoding,
  });
  return [
    ...(trend?.basis !== 'theory'
      ? []
      : [
          curve(trend.line, [from, trend.to], {
            encoding,
            mark: { color: frame.theme.grey.ink, strokeWidth: 1, opacity: 0.8 },
          }),
        ]),
    ...(trend === null || trend.end <= trend.to
      ? []
      : [curve(trend.line, [trend.to, trend.end], { encoding, mark: { color, strokeWidth: 2, strokeDash: [5, 4] } })]),
    { data: { values: points }, mark: { type: 'line', color, strokeWidth: 2.25, interpolate: 'linear' }, encoding },
    point(false),
    point(true),
  ];
}

/** A cost's line, straight in numbers and so bent on log scales. */
function curve(
  line: Line,
  [from, to]: readonly [number, number],
  { encoding, mark }: { encoding: Spec; mark: Spec },
): Spec {
  const values = Array.from({ length: curvePoints + 1 }, (_, step) => {
    const load = from * (to / from) ** (step / curvePoints);
    return { load, cost: costAt(line, load) };
  });
  return {
    data: { values: values.filter(({ cost }) => cost > 0) },
    mark: { type: 'line', interpolate: 'linear', strokeCap: 'butt', ...mark },
    encoding,
  };
}

/** A ring where polling and push cost the same, as far as that lies within the panel. */
function breakEvenLayers(layout: Layout): Spec[] {
  const { panel, frame, x, sweep, width } = layout;
  const encoding = encodingOf(layout);
  const rings = panel.breakEvens.flatMap(({ pair, found }) => {
    const trend = trendOf(pair.push, sweep);
    if (found.kind !== 'at' || trend === null || found.load < x[0] || found.load > x[1]) return [];
    return [
      {
        load: found.load,
        cost: costAt(trend.line, found.load),
        text: `break-even ${sweep.axis.valueText(found.load)}`,
      },
    ];
  });
  const ring = rings.length === 0 ? [] : rings.slice(0, 1);
  const onRight = ring.some(({ load }) => logPosition(load, x, width) < width * 0.6);
  return rings.length === 0
    ? []
    : [
        {
          data: { values: rings },
          mark: {
            type: 'point',
            shape: 'circle',
            size: 190,
            filled: false,
            stroke: frame.theme.grey.ink,
            strokeWidth: 1.5,
            opacity: 1,
          },
          encoding,
        },
        {
          data: { values: ring },
          mark: {
            type: 'text',
            align: onRight ? 'left' : 'right',
            baseline: 'top',
            dx: onRight ? 10 : -10,
            dy: 6,
            fontWeight: 600,
            color: frame.theme.grey.ink,
          },
          encoding: { ...encoding, text: { field: 'text' } },
        },
      ];
}

function headerLayers({ panel, frame, width }: Layout): Spec[] {
  const text = (words: string, place: { x: number; y: number; align: 'left' | 'right' }, mark: Spec): Spec => ({
    data: { values: [{ words }] },
    mark: { type: 'text', align: place.align, baseline: 'bottom', ...mark },
    encoding: { x: { value: place.x }, y: { value: place.y }, text: { field: 'words' } },
  });
  const { ink, sub } = frame.theme.grey;
  const room = frame.width - 60 - frame.measure(panel.metric.heading, textSizePx, 600);
  const says = fitLabel(panel.says, frame.narrow ? frame.width - 60 : room, frame, 400);
  const heading = { x: 0, y: frame.narrow ? -22 : -7, align: 'left' } as const;
  const words = frame.narrow
    ? ({ x: 0, y: -6, align: 'left' } as const)
    : ({ x: frame.measure(panel.metric.heading, textSizePx, 600) + 10, y: -7, align: 'left' } as const);
  return [
    text(panel.metric.heading, heading, { fontWeight: 600, color: ink }),
    text(says, { ...words, x: Math.min(words.x, width) }, { color: sub }),
  ];
}

function endLabels({ sweep, panel, frame, width, y }: Layout): Spec[] {
  const ends = panel.costs.flatMap(({ cost, look }) => {
    const trend = trendOf(cost, sweep);
    const last = cost.points.findLast(({ reading }) => (reading.value ?? 0) > 0)?.reading.value;
    const value = trend === null ? last : costAt(trend.line, trend.end);
    return value === undefined || value === null || value <= 0 ? [] : [{ cost, look, value }];
  });
  const places = spreadLabels(
    ends.map(({ value }) => panelHeightPx - logPosition(value, y, panelHeightPx)),
    { top: 0, bottom: panelHeightPx, distance: labelHeightPx },
  );
  return ends.map(({ cost, look }, index) => ({
    data: { values: [{ text: labelOf(cost, frame) }] },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      fontWeight: 600,
      color: frame.theme.series(look.transport, look.variant).text,
    },
    encoding: { x: { value: width + 8 }, y: { value: places[index] ?? 0 }, text: { field: 'text' } },
  }));
}

function hitLayer(layout: Layout): Spec {
  const { panel, sweep, index } = layout;
  const values = panel.costs.flatMap(({ cost }) =>
    cost.points.flatMap(({ load, reading, excluded }) =>
      reading.value === null || reading.value <= 0
        ? []
        : [
            {
              load,
              cost: reading.value,
              tip: `${cost.contender.name}, ${sweep.axis.say(load)}: ${formatWithUnit(reading.value, panel.metric.unit)}${excluded === null ? '' : ` (${excluded})`}`,
            },
          ],
    ),
  );
  return {
    name: `${hitName}${index}`,
    data: { values },
    mark: { type: 'point', filled: true, size: 300, opacity: 0, aria: true },
    encoding: { ...encodingOf(layout), description: { field: 'tip' } },
  };
}
