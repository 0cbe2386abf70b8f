// A run → the longest wait for a pooled database connection over the window. The record's `poolWaitUs` has it for each step.

import { formatDurationUs } from '../../harness/contract/units.ts';
import type { Run } from '../run.ts';
import { symlogTicks } from './axes.ts';
import { type Chart, repeatedNote } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';
import { peakOf, seriesOf, type TimeMeasure, type TimeSeries, timeData, timePanels } from './time-panels.ts';

/** In ms, so that the scale is even below one of them and logarithmic above. */
const waits: TimeMeasure = {
  series: 'poolWaitUs',
  binValue: (longestUs) => Math.max(...longestUs) / 1_000,
  topOf: (highest) => Math.max(1, highest),
  scale: 'symlog',
  ticksOf: (top) => symlogTicks(top, 3),
  labelsOf: (ticks) =>
    ticks.reduceRight((rest, tick) => `datum.value === ${tick} ? '${durationText(tick)}' : ${rest}`, "''"),
  statisticsOf: (series) => `longest ${durationText(peakOf(series) ?? 0)}`,
  say: (ms) => `longest wait ${durationText(ms)} in the step`,
  format: durationText,
};

/** The chart, or `null` when no trial recorded such a series. */
export function poolWaitsChart(run: Run): Chart | null {
  const series = seriesOf(run, waits);
  if (series.length === 0) return null;
  const title = titleOf(series);
  return {
    name: 'pool-waits',
    title,
    subtitle: [
      `Longest wait for a pooled database connection, over the window (log scale)${repeatedNote(run)}`,
      ...run.conditions,
    ].join(' · '),
    alternative: `${title}. ${series.map((each) => `${each.label}: ${waits.statisticsOf(each)}`).join('; ')}.`,
    data: timeData(series, waits),
    specFor: (frame) => timePanels(series, waits, frame),
  };
}

function titleOf(series: readonly TimeSeries[]): string {
  const extremes = extremesOf(series, peakOf);
  if (extremes === null) return 'Waits for the pool over time';
  const { most, least } = extremes;
  // Below a millisecond nobody waits: a connection was free, and was handed over.
  if (most.value < 1) return 'No query waited a millisecond for a database connection';
  const waited = `waited up to ${durationText(most.value)} for a database connection`;
  if (extremes.count === 1) return capitalise(`${most.label} ${waited}`);
  return extremes.alike
    ? `All contenders ${waited}, or nearly so`
    : capitalise(`${most.label} ${waited}, ${least.label} ${durationText(least.value)}`);
}

function durationText(ms: number): string {
  return ms === 0 ? '0' : formatDurationUs(ms * 1_000);
}
