// Series over a window → a panel a contender, below each other on one shared scale. What the values mean is data.

import { formatNumber } from '../../harness/contract/units.ts';
import { unmeasuredMark } from '../figures.ts';
import type { Run } from '../run.ts';
import { type Away, awayIn, awayShade, awayWords } from './away.ts';
import { type Chart, type Frame, fitLabel, hitName, type Look, looksOf, type Spec } from './chart.ts';

/** A contender's values over the window, one a bin; `null` where a reading failed. */
export interface TimeSeries {
  readonly label: string;
  readonly look: Look;
  readonly values: readonly (number | null)[];
  readonly binUs: number;
  /** When a fault had something away, in seconds of the window; `null` where none had. */
  readonly away: Away | null;
}

/** How the values are read and drawn. */
export interface TimeMeasure {
  /** From a series of the record: the value of a bin from the values of its steps. */
  readonly series: string;
  binValue(steps: readonly number[], binUs: number): number;
  /** The upper end of the scale, from the highest value of all. */
  topOf(highest: number): number;
  readonly scale: 'linear' | 'symlog';
  /** Ticks of the axis for a top, and a Vega expression for their labels. */
  ticksOf(top: number): readonly number[];
  labelsOf(ticks: readonly number[]): string;
  /** At the right of a panel's header. */
  statisticsOf(series: TimeSeries): string;
  /** One value in words, for a tooltip: `251 queries a second`. */
  say(value: number): string;
  /** One value in a table. */
  format(value: number): string;
}

export const panelHeightPx = 52;
const mostBins = 120;
/** Shorter ones are noise, unless something happens within them. */
const quietBinUs = 1_000_000;

/** What the first repetitions recorded of it; empty when no trial recorded it. */
export function seriesOf(run: Run, measure: TimeMeasure): TimeSeries[] {
  const looks = looksOf(run.contenders);
  return run.contenders.flatMap(({ label, trials: [trial] }, index) => {
    const look = looks[index];
    const { stepUs, series } = trial.timeline;
    // The record's timeline goes on through the drain.
    const steps = series[measure.series]?.slice(0, Math.max(1, Math.round(trial.windowUs / stepUs))) ?? [];
    if (look === undefined || steps.every((value) => value === null)) return [];
    const away = awayIn(trial);
    return [{ label, look, away, ...binsOf(steps, { stepUs, leastUs: away === null ? quietBinUs : stepUs }, measure) }];
  });
}

function binsOf(
  steps: readonly (number | null)[],
  { stepUs, leastUs }: { stepUs: number; leastUs: number },
  measure: TimeMeasure,
) {
  const perBin = Math.max(1, Math.round(leastUs / stepUs), Math.ceil(steps.length / mostBins));
  const binUs = perBin * stepUs;
  const values: (number | null)[] = [];
  // A last bin that is not full would show a drop that never was.
  for (let start = 0; start + Math.min(perBin, steps.length) <= steps.length; start += perBin) {
    const bin = steps.slice(start, start + perBin);
    const known = bin.filter((value) => value !== null);
    values.push(known.length < bin.length ? null : measure.binValue(known, binUs));
  }
  return { values, binUs };
}

/** The values that are there. */
export function knownOf({ values }: Pick<TimeSeries, 'values'>): number[] {
  return values.filter((value) => value !== null);
}

/** The highest value; `null` when there is none. */
export function peakOf(series: Pick<TimeSeries, 'values'>): number | null {
  const known = knownOf(series);
  return known.length === 0 ? null : Math.max(...known);
}

/** The mean of the values that are there, 0 without any. */
export function meanOf(series: Pick<TimeSeries, 'values'>): number {
  const known = knownOf(series);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}

/** The chart's table: a row a bin. */
export function timeData(series: readonly TimeSeries[], measure: TimeMeasure): Chart['data'] {
  const longest = series.reduce((most, each) => (each.values.length > most.values.length ? each : most));
  return {
    columns: ['second', ...series.map(({ label }) => label)],
    rows: longest.values.map((_, bin) => [
      formatNumber((bin * longest.binUs) / 1_000_000),
      ...series.map(({ values }) => {
        const value = values[bin];
        return value === undefined || value === null ? unmeasuredMark : measure.format(value);
      }),
    ]),
  };
}

/** The panels. */
export function timePanels(series: readonly TimeSeries[], measure: TimeMeasure, frame: Frame): Spec {
  const top = measure.topOf(Math.max(0, ...series.map((each) => peakOf(each) ?? 0)));
  const endSeconds = Math.max(...series.map(({ values, binUs }) => (values.length * binUs) / 1_000_000));
  return {
    vconcat: series.map((each, index) => {
      const encoding = encodingOf({ top, endSeconds, last: index === series.length - 1, measure, frame });
      return panelSpec(each, { frame, measure, encoding, index });
    }),
    spacing: 14,
  };
}

interface PanelLayout {
  readonly frame: Frame;
  readonly measure: TimeMeasure;
  readonly encoding: Spec;
  readonly index: number;
}

function panelSpec(series: TimeSeries, { frame, measure, encoding, index }: PanelLayout): Spec {
  const width = Math.round(frame.width - 44);
  const binSeconds = series.binUs / 1_000_000;
  const points = series.values.map((value, bin) => ({ at: bin * binSeconds, value }));
  // A step needs its end as well as its beginning.
  const closing = { at: series.values.length * binSeconds, value: series.values.at(-1) ?? null };
  const { mark, text } = frame.theme.series(series.look.transport, series.look.variant);
  return {
    width,
    height: panelHeightPx,
    layer: [
      ...awayShade({ away: series.away, frame, encoding }),
      {
        data: { values: [...points, closing] },
        mark: {
          type: 'area',
          interpolate: 'step-after',
          color: mark,
          fillOpacity: 0.22,
          line: { color: mark, strokeWidth: 1.5 },
          invalid: 'break-paths-show-path-domains',
        },
        encoding,
      },
      ...(index === 0 ? awayWords({ away: series.away, frame, encoding, heightPx: panelHeightPx }) : []),
      ...headerLayers(series, { frame, width, colour: text, statistics: measure.statisticsOf(series) }),
      ...(frame.interactive ? [hitLayer(series, { measure, encoding, index, colour: mark })] : []),
    ],
  };
}

function encodingOf(options: {
  readonly top: number;
  readonly endSeconds: number;
  readonly last: boolean;
  readonly measure: TimeMeasure;
  readonly frame: Frame;
}): Spec {
  const { top, endSeconds, last, measure, frame } = options;
  const ticks = measure.ticksOf(top);
  return {
    x: {
      field: 'at',
      type: 'quantitative',
      scale: { domain: [0, endSeconds], nice: false },
      axis: {
        labels: last,
        ticks: last,
        title: null,
        grid: false,
        labelExpr: "format(datum.value, '~g') + ' s'",
        tickCount: frame.narrow ? 4 : 8,
      },
    },
    y: {
      field: 'value',
      type: 'quantitative',
      stack: null,
      scale: { type: measure.scale, domain: [0, top], nice: false },
      axis: { values: ticks, labelExpr: measure.labelsOf(ticks), title: null, grid: true },
    },
  };
}

function headerLayers(
  { label }: TimeSeries,
  { frame, width, colour, statistics }: { frame: Frame; width: number; colour: string; statistics: string },
): Spec[] {
  const room = width - frame.measure(statistics, 12, 400) - 16;
  const text = (words: string, align: 'left' | 'right', weight: number, fill: string): Spec => ({
    data: { values: [{ words }] },
    mark: { type: 'text', align, baseline: 'bottom', fontWeight: weight, color: fill },
    encoding: { x: { value: align === 'left' ? 0 : width }, y: { value: -6 }, text: { field: 'words' } },
  });
  return [
    text(fitLabel(label, room, frame), 'left', 600, colour),
    text(statistics, 'right', 400, frame.theme.grey.sub),
  ];
}

function hitLayer(
  { label, values, binUs }: TimeSeries,
  { measure, encoding, index, colour }: Omit<PanelLayout, 'frame'> & { readonly colour: string },
): Spec {
  const seconds = binUs / 1_000_000;
  const hits = values.flatMap((value, bin) =>
    value === null
      ? []
      : [
          {
            at: (bin + 0.5) * seconds,
            value,
            tip: `${label}: ${measure.say(value)} from ${formatNumber(bin * seconds)} s`,
          },
        ],
  );
  return {
    name: `${hitName}${index}`,
    data: { values: hits },
    mark: { type: 'point', filled: true, size: 200, opacity: 0, color: colour, aria: true },
    encoding: { ...encoding, description: { field: 'tip' } },
  };
}
