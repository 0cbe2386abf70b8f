// A run → database queries a second over the window. The record's `dbQueries` counts the queries of each step.

import { formatNumber } from '../../harness/contract/units.ts';
import type { Run } from '../run.ts';
import { compactLabels, symlogTicks } from './axes.ts';
import { type Chart, repeatedNote } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';
import {
  meanOf,
  panelHeightPx,
  peakOf,
  seriesOf,
  type TimeMeasure,
  type TimeSeries,
  timeData,
  timePanels,
} from './time-panels.ts';

const queries: TimeMeasure = {
  series: 'dbQueries',
  binValue: (counts, binUs) => counts.reduce((sum, count) => sum + count, 0) / (binUs / 1_000_000),
  topOf: (highest) => Math.max(1, highest),
  scale: 'symlog',
  // Between 0 and 1 a logarithmic axis from 0 is crowded.
  ticksOf: (top) =>
    symlogTicks(top, 3).filter((tick) => tick === 0 || (Math.log1p(tick) / Math.log1p(top)) * panelHeightPx > 14),
  labelsOf: () => compactLabels,
  statisticsOf: (series) => `mean ${formatNumber(meanOf(series))}/s · peak ${formatNumber(peakOf(series) ?? 0)}/s`,
  say: (rate) => `${queriesText(rate)} a second`,
  format: formatNumber,
};

/** The chart, or `null` when no trial recorded such a series. */
export function timelineChart(run: Run): Chart | null {
  const series = seriesOf(run, queries);
  if (series.length === 0) return null;
  const title = titleOf(series);
  return {
    name: 'timeline',
    title,
    subtitle: [`Database queries a second over the window (log scale)${repeatedNote(run)}`, ...run.conditions].join(
      ' · ',
    ),
    alternative: `${title}. ${series.map((each) => `${each.label}: ${queries.statisticsOf(each)}`).join('; ')}.`,
    data: timeData(series, queries),
    specFor: (frame) => timePanels(series, queries, frame),
  };
}

function titleOf(series: readonly TimeSeries[]): string {
  const extremes = extremesOf(series, peakOf);
  if (extremes === null) return 'Database queries over time';
  const { most, least } = extremes;
  const peaked = capitalise(`${most.label} peaked at ${queriesText(most.value)} a second`);
  if (extremes.count === 1) return peaked;
  return extremes.alike
    ? `All contenders peaked at ${queriesText(most.value)} a second, or nearly so`
    : `${peaked}, ${least.label} at ${formatNumber(least.value)}`;
}

function queriesText(rate: number): string {
  return `${formatNumber(rate)} ${rate === 1 ? 'query' : 'queries'}`;
}
