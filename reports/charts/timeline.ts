// A run → database queries a second over the window, a panel a contender on one shared scale, from the first repetition.
// The record's `dbQueries` counts the queries of each step.

import type { TrialRecord } from '../../harness/contract/record.ts';
import { formatDurationUs, formatNumber } from '../../harness/contract/units.ts';
import type { Run } from '../run.ts';
import { compactLabels, symlogTicks } from './axes.ts';
import { type Chart, type Frame, fitLabel, hitName, type Look, looksOf, type Spec } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';

interface Series {
  readonly label: string;
  readonly look: Look;
  /** Queries a second in each bin; `null` where a reading failed. */
  readonly rates: readonly (number | null)[];
  readonly binUs: number;
}

const mostBins = 120;
const panelHeightPx = 52;

/** The chart, or `null` when no trial recorded such a series. */
export function timelineChart(run: Run): Chart | null {
  const looks = looksOf(run.contenders);
  const series = run.contenders.flatMap((contender, index) => {
    const look = looks[index];
    const binned = binsOf(contender.trials[0]);
    return binned === null || look === undefined ? [] : [{ label: contender.label, look, ...binned }];
  });
  if (series.length === 0) return null;
  const title = titleOf(run);
  const repeated = run.contenders.some(({ trials }) => trials.length > 1);
  return {
    name: 'timeline',
    title,
    subtitle: [
      `Database queries a second over the window (log scale)${repeated ? ', first repetition' : ''}`,
      ...run.conditions,
    ].join(' · '),
    alternative: `${title}. ${series.map((each) => `${each.label}: ${statisticsOf(each)}`).join('; ')}.`,
    data: dataOf(series),
    specFor: (frame) => ({
      vconcat: series.map((each, index) =>
        panelSpec(each, { frame, series, last: index === series.length - 1, index }),
      ),
      spacing: 14,
    }),
  };
}

function binsOf(trial: TrialRecord): Pick<Series, 'rates' | 'binUs'> | null {
  const { stepUs, series } = trial.timeline;
  const all = series.dbQueries;
  const steps = all?.slice(0, Math.max(1, Math.round(trial.windowUs / stepUs))) ?? [];
  if (steps.every((count) => count === null)) return null;
  const perBin = Math.max(1, Math.round(1_000_000 / stepUs), Math.ceil(steps.length / mostBins));
  const binUs = perBin * stepUs;
  const rates: (number | null)[] = [];
  // A last bin that is not full would show a drop that never was.
  for (let start = 0; start + Math.min(perBin, steps.length) <= steps.length; start += perBin)
    rates.push(rateOf(steps.slice(start, start + perBin), binUs));
  return { rates, binUs };
}

function rateOf(counts: readonly (number | null)[], binUs: number): number | null {
  const known = counts.filter((count) => count !== null);
  return known.length < counts.length ? null : known.reduce((sum, count) => sum + count, 0) / (binUs / 1_000_000);
}

function titleOf(run: Run): string {
  const extremes = extremesOf(run.contenders, (contender) => peakOf(binsOf(contender.trials[0])?.rates ?? []));
  if (extremes === null) return 'Database queries over time';
  const { most, least } = extremes;
  const peaked = capitalise(`${most.label} peaked at ${queriesText(most.value)} a second`);
  if (extremes.count === 1) return peaked;
  return extremes.alike
    ? `All contenders peaked at ${queriesText(most.value)} a second, or nearly so`
    : `${peaked}, ${least.label} at ${formatNumber(least.value)}`;
}

function peakOf(rates: readonly (number | null)[]): number | null {
  const known = rates.filter((rate) => rate !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function statisticsOf({ rates }: Series): string {
  const known = rates.filter((rate) => rate !== null);
  const mean = known.reduce((sum, rate) => sum + rate, 0) / Math.max(1, known.length);
  return `mean ${formatNumber(mean)}/s · peak ${formatNumber(peakOf(rates) ?? 0)}/s`;
}

function dataOf(series: readonly Series[]): Chart['data'] {
  const longest = series.reduce((most, each) => (each.rates.length > most.rates.length ? each : most));
  return {
    columns: ['second', ...series.map(({ label }) => label)],
    rows: longest.rates.map((_, bin) => [
      formatNumber((bin * longest.binUs) / 1_000_000),
      ...series.map(({ rates }) => {
        const rate = rates[bin];
        return rate === undefined || rate === null ? '–' : formatNumber(rate);
      }),
    ]),
  };
}

interface PanelLayout {
  readonly frame: Frame;
  readonly series: readonly Series[];
  readonly last: boolean;
  readonly index: number;
}

function panelSpec(series: Series, { frame, series: all, last, index }: PanelLayout): Spec {
  const width = Math.round(frame.width - 44);
  const maxRate = Math.max(1, ...all.map(({ rates }) => peakOf(rates) ?? 0));
  const endSeconds = Math.max(...all.map(({ rates, binUs }) => (rates.length * binUs) / 1_000_000));
  const points = series.rates.map((rate, bin) => ({
    at: (bin * series.binUs) / 1_000_000,
    rate,
    tip: tipOf(series, bin, rate),
  }));
  // A step needs its end as well as its beginning.
  const closing = { at: (series.rates.length * series.binUs) / 1_000_000, rate: series.rates.at(-1) ?? null, tip: '' };
  const colour = frame.theme.series(series.look.transport, series.look.variant);
  const encoding = encodingOf({ maxRate, endSeconds, last, frame });
  return {
    width,
    height: panelHeightPx,
    layer: [
      {
        data: { values: [...points, closing] },
        mark: {
          type: 'area',
          interpolate: 'step-after',
          color: colour.mark,
          fillOpacity: 0.22,
          line: { color: colour.mark, strokeWidth: 1.5 },
          invalid: 'break-paths-show-path-domains',
        },
        encoding,
      },
      ...headerLayers(series, { frame, width, colour: colour.text }),
      ...(frame.interactive ? [hitLayer(points, encoding, { index, binSeconds: series.binUs / 1_000_000 })] : []),
    ],
  };
}

function encodingOf({
  maxRate,
  endSeconds,
  last,
  frame,
}: {
  maxRate: number;
  endSeconds: number;
  last: boolean;
  frame: Frame;
}): Spec {
  const heightOf = (rate: number) => (Math.log1p(rate) / Math.log1p(maxRate)) * panelHeightPx;
  // Between 0 and 1 a logarithmic axis from 0 is crowded.
  const ticks = symlogTicks(maxRate, 3).filter((tick) => tick === 0 || heightOf(tick) > 14);
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
      field: 'rate',
      type: 'quantitative',
      stack: null,
      scale: { type: 'symlog', domain: [0, maxRate], nice: false },
      axis: { values: ticks, labelExpr: compactLabels, title: null, grid: true },
    },
  };
}

function headerLayers(
  series: Series,
  { frame, width, colour }: { frame: Frame; width: number; colour: string },
): Spec[] {
  const statistics = statisticsOf(series);
  const room = width - frame.measure(statistics, 12, 400) - 16;
  const text = (words: string, align: 'left' | 'right', weight: number, fill: string): Spec => ({
    data: { values: [{ words }] },
    mark: { type: 'text', align, baseline: 'bottom', fontWeight: weight, color: fill },
    encoding: { x: { value: align === 'left' ? 0 : width }, y: { value: -6 }, text: { field: 'words' } },
  });
  return [
    text(fitLabel(series.label, room, frame), 'left', 600, colour),
    text(statistics, 'right', 400, frame.theme.grey.sub),
  ];
}

function hitLayer(
  points: readonly { readonly at: number; readonly rate: number | null; readonly tip: string }[],
  encoding: Spec,
  { index, binSeconds }: { index: number; binSeconds: number },
): Spec {
  const values = points
    .filter(({ rate }) => rate !== null)
    .map((point) => ({ ...point, at: point.at + binSeconds / 2 }));
  return {
    name: `${hitName}${index}`,
    data: { values },
    mark: { type: 'point', filled: true, size: 200, opacity: 0, aria: true },
    encoding: { ...encoding, description: { field: 'tip' } },
  };
}

function tipOf({ label, binUs }: Series, bin: number, rate: number | null): string {
  const from = formatDurationUs(bin * binUs);
  return rate === null ? '' : `${label}: ${queriesText(rate)} a second from ${bin === 0 ? '0 s' : from}`;
}

function queriesText(rate: number): string {
  return `${formatNumber(rate)} ${rate === 1 ? 'query' : 'queries'}`;
}
