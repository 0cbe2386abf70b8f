// A run → the share of screens that were outdated or cut off over the window. The record's `staleShare` has it for each step.

import { formatNumber } from '../../harness/contract/units.ts';
import type { Run } from '../run.ts';
import { type Chart, repeatedNote } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';
import { meanOf, peakOf, seriesOf, type TimeMeasure, type TimeSeries, timeData, timePanels } from './time-panels.ts';

const stale: TimeMeasure = {
  series: 'staleShare',
  binValue: (shares) => shares.reduce((sum, share) => sum + share, 0) / shares.length,
  topOf: () => 1,
  scale: 'linear',
  ticksOf: () => [0, 0.5, 1],
  labelsOf: () => "datum.value * 100 + ' %'",
  statisticsOf: (series) => `mean ${percentText(meanOf(series))} · highest ${percentText(peakOf(series) ?? 0)}`,
  say: (share) => `${percentText(share)} of screens stale in the step`,
  format: percentText,
};

/** The chart, or `null` when no trial recorded such a series. */
export function staleChart(run: Run): Chart | null {
  const series = seriesOf(run, stale);
  if (series.length === 0) return null;
  const title = titleOf(series);
  return {
    name: 'stale-screens',
    title,
    subtitle: [
      `Share of screens that were outdated or cut off, over the window${repeatedNote(run)}`,
      ...run.conditions,
    ].join(' · '),
    alternative: `${title}. ${series.map((each) => `${each.label}: ${stale.statisticsOf(each)}`).join('; ')}.`,
    data: timeData(series, stale),
    specFor: (frame) => timePanels(series, stale, frame),
  };
}

function titleOf(series: readonly TimeSeries[]): string {
  const extremes = extremesOf(series, meanOf);
  if (extremes === null) return 'Stale screens over time';
  const { most, least } = extremes;
  const showed = (value: number) => `an outdated screen ${percentText(value)} of the time`;
  if (extremes.count === 1) return capitalise(`${most.label} showed ${showed(most.value)}`);
  return extremes.alike
    ? `All contenders showed ${showed(most.value)}, or nearly so`
    : capitalise(`${most.label} showed ${showed(most.value)}, ${least.label} ${percentText(least.value)}`);
}

function percentText(share: number): string {
  return `${formatNumber(share * 100)} %`;
}
