// A run whose clients read slowly, or come and go → the servers' memory over the window. The record's `serverRssBytes` has it for each step.

import { formatBytes } from '../../harness/contract/units.ts';
import type { Run } from '../run.ts';
import { type Chart, repeatedNote } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';
import { knownOf, peakOf, seriesOf, type TimeMeasure, type TimeSeries, timeData, timePanels } from './time-panels.ts';

const memory: TimeMeasure = {
  series: 'serverRssBytes',
  binValue: (bytes) => Math.max(...bytes),
  topOf: (highest) => Math.max(1, highest),
  scale: 'linear',
  ticksOf: (top) => [0, top / 2, top].map((bytes) => Math.round(bytes / 1e6) * 1e6),
  labelsOf: () => "format(datum.value / 1e6, ',.0f') + ' MB'",
  statisticsOf: (series) =>
    `from ${formatBytes(knownOf(series)[0] ?? 0)} to ${formatBytes(knownOf(series).at(-1) ?? 0)} · peak ${formatBytes(peakOf(series) ?? 0)}`,
  say: (bytes) => `${formatBytes(bytes)} resident`,
  format: formatBytes,
};

/** The chart, or `null` when no trial is about memory. */
export function memoryChart(run: Run): Chart | null {
  // Where clients vanish, some are slow as well, but nobody asks what they take.
  const isAboutMemory = run.contenders.some(
    ({ figures }) =>
      figures['soak.bytesPerHour'] !== undefined ||
      (figures['slow.bufferedBytes'] !== undefined && figures['vanished.noticedUs'] === undefined),
  );
  const series = isAboutMemory ? seriesOf(run, memory) : [];
  if (series.length === 0) return null;
  const title = titleOf(series);
  return {
    name: 'server-memory',
    title,
    subtitle: [`Resident memory of the servers over the window${repeatedNote(run)}`, ...run.conditions].join(' · '),
    alternative: `${title}. ${series.map((each) => `${each.label}: ${memory.statisticsOf(each)}`).join('; ')}.`,
    data: timeData(series, memory),
    specFor: (frame) => timePanels(series, memory, frame),
  };
}

function titleOf(series: readonly TimeSeries[]): string {
  const extremes = extremesOf(series, peakOf);
  if (extremes === null) return 'Server memory over time';
  const { most, least } = extremes;
  const took = `took up to ${formatBytes(most.value)} of memory`;
  if (extremes.count === 1) return capitalise(`${most.label} ${took}`);
  return extremes.alike
    ? `All contenders ${took}, or nearly so`
    : capitalise(`${most.label} ${took}, ${least.label} ${formatBytes(least.value)}`);
}
