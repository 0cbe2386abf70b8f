// A run → the vanished clients that the server still believes in, over the window. The record's `unnoticedClients` has them for each step.

import { formatDurationUs, formatNumber } from '../../harness/contract/units.ts';
import { quantileOf } from '../merge.ts';
import type { Contender, Run } from '../run.ts';
import { type Chart, repeatedNote } from './chart.ts';
import { capitalise, joinWords } from './extremes.ts';
import { peakOf, seriesOf, type TimeMeasure, type TimeSeries, timeData, timePanels } from './time-panels.ts';

/** The chart, or `null` when no client vanished. */
export function unnoticedChart(run: Run): Chart | null {
  const measure = measureOf(run);
  const series = seriesOf(run, measure);
  if (series.length === 0) return null;
  const title = titleOf(run, series);
  return {
    name: 'vanished-clients',
    title,
    subtitle: [
      `Vanished clients that the server still sends to, over the window${repeatedNote(run)}`,
      ...run.conditions,
    ].join(' · '),
    alternative: `${title}. ${series.map((each) => `${each.label}: ${measure.statisticsOf(each)}`).join('; ')}.`,
    data: timeData(series, measure),
    specFor: (frame) => timePanels(series, measure, frame),
  };
}

function measureOf({ contenders }: Run): TimeMeasure {
  return {
    series: 'unnoticedClients',
    binValue: (counts) => counts.at(-1) ?? 0,
    topOf: (highest) => Math.max(1, highest),
    scale: 'linear',
    ticksOf: (top) => [0, top],
    labelsOf: () => "format(datum.value, ',')",
    statisticsOf: ({ label }) => noticedText(contenders.find((contender) => contender.label === label)),
    say: (count) => `${formatNumber(count)} vanished clients still believed in`,
    format: formatNumber,
  };
}

function noticedText(contender: Contender | undefined): string {
  const figure = contender?.figures['vanished.noticedUs'];
  if (figure?.kind !== 'distribution') return '';
  if (figure.censored === figure.count) return 'noticed none';
  const median = quantileOf(figure, 0.5);
  const last = quantileOf(figure, 1);
  const half = median === null ? '' : `half after ${formatDurationUs(median)} · `;
  return last === null
    ? `${half}${formatNumber(figure.censored)} never`
    : `${half}the last after ${formatDurationUs(last)}`;
}

function titleOf({ contenders }: Run, series: readonly TimeSeries[]): string {
  const last = contenders.flatMap(({ label, figures }) => {
    const figure = figures['vanished.noticedUs'];
    const us = figure?.kind === 'distribution' ? quantileOf(figure, 1) : null;
    return us === null ? [] : [{ label, us }];
  });
  const blind = series.filter(({ values }) => (values.at(-1) ?? 0) > 0).map(({ label }) => label);
  const vanished = Math.max(0, ...series.map((each) => peakOf(each) ?? 0));
  const [quickest] = last.toSorted((a, b) => a.us - b.us);
  if (quickest === undefined)
    return `None of the ${formatNumber(vanished)} vanished clients was noticed by all contenders`;
  const found = `${quickest.label} noticed the last vanished client after ${formatDurationUs(quickest.us)}`;
  if (blind.length === 0) return capitalise(found);
  const others = blind.length > 2 ? `${blind.length} others` : joinWords(blind);
  return capitalise(`${found}; ${others} did not notice all while they were watched`);
}
