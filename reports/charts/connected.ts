// A run → how many clients were connected over the window, where some were cut off within it. The record's `clientsConnected` has it for each step.
import { formatNumber } from '../../harness/contract/units.ts';
import { counted } from '../conditions.ts';
import type { Run } from '../run.ts';
import { type Chart, repeatedNote } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';
import { knownOf, peakOf, seriesOf, type TimeMeasure, type TimeSeries, timeData, timePanels } from './time-panels.ts';

const connected: TimeMeasure = {
  series: 'clientsConnected',
  // A dip is what is looked for.
  binValue: (counts) => Math.min(...counts),
  topOf: (highest) => Math.max(1, highest),
  scale: 'linear',
  ticksOf: (top) => [0, top / 2, top],
  labelsOf: () => "format(datum.value, ',d')",
  statisticsOf: (series) => `fewest ${formatNumber(fewestOf(series))}`,
  say: (count) => `${counted(count, 'client')} connected`,
  format: formatNumber,
};

/** A client more or less may be on its way at any time. */
const noticeableShare = 0.02;

/** The chart, or `null` when nobody was cut off, or no trial recorded such a series. */
export function connectedChart(run: Run): Chart | null {
  const series = seriesOf(run, connected);
  if (!series.some((each) => fewestOf(each) < (1 - noticeableShare) * (peakOf(each) ?? 0))) return null;
  const title = titleOf(series);
  return {
    name: 'connected-clients',
    title,
    subtitle: [`Clients connected over the window${repeatedNote(run)}`, ...run.conditions].join(' · '),
    alternative: `${title}. ${series.map((each) => `${each.label}: ${connected.statisticsOf(each)}`).join('; ')}.`,
    data: timeData(series, connected),
    specFor: (frame) => timePanels(series, connected, frame),
  };
}

function titleOf(series: readonly TimeSeries[]): string {
  const extremes = extremesOf(series, fewestOf);
  if (extremes === null) return 'Clients connected over time';
  const { most, least } = extremes;
  const kept = (value: number) => (value === 0 ? 'no clients' : counted(value, 'client'));
  if (extremes.count === 1) return capitalise(`${most.label} had ${kept(most.value)} connected at the worst moment`);
  return extremes.alike
    ? `At the worst moment all contenders had ${kept(most.value)} connected, or nearly so`
    : `At the worst moment ${least.label} had ${kept(least.value)} connected, ${most.label} ${formatNumber(most.value)}`;
}

/** The lowest value, 0 without any. */
function fewestOf(series: Pick<TimeSeries, 'values'>): number {
  const known = knownOf(series);
  return known.length === 0 ? 0 : Math.min(...known);
}
