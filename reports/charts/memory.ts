// A run whose clients read slowly, or come and go → the servers' memory over the window, and what waits in it for slow clients. The record's
// `serverRssBytes` and `bufferedBytes` have it for each step.

import type { MetricName } from '../../harness/contract/metrics.ts';
import { formatBytes } from '../../harness/contract/units.ts';
import type { Run } from '../run.ts';
import { type Chart, repeatedNote } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';
import { knownOf, peakOf, seriesOf, type TimeMeasure, type TimeSeries, timeData, timePanels } from './time-panels.ts';

/** What tells two charts of bytes apart. */
interface Subject {
  readonly name: string;
  readonly series: string;
  /** What is drawn. */
  readonly what: string;
  /** Of one contender, before and after its number. */
  readonly found: readonly [before: string, after: string];
}

const memory: Subject = {
  name: 'server-memory',
  series: 'serverRssBytes',
  what: 'Resident memory of the servers',
  found: ['took up to', 'of memory'],
};

const waiting: Subject = {
  name: 'waiting-bytes',
  series: 'bufferedBytes',
  what: 'Bytes that wait in the servers for clients to take them',
  found: ['let up to', 'wait for slow clients'],
};

/** The chart, or `null` when no trial is about memory. */
export function memoryChart(run: Run): Chart | null {
  return isAbout(run, 'soak.bytesPerHour') || isAboutSlow(run) ? chartOf(run, memory) : null;
}

/** The chart, or `null` when no client reads slowly, or that is not what the run is about. */
export function waitingChart(run: Run): Chart | null {
  return isAboutSlow(run) ? chartOf(run, waiting) : null;
}

function isAbout({ contenders }: Run, name: MetricName): boolean {
  return contenders.some(({ figures }) => figures[name] !== undefined);
}

/** Where clients vanish, some are slow as well, but nobody asks what they take. */
function isAboutSlow(run: Run): boolean {
  return isAbout(run, 'slow.bufferedBytes') && !isAbout(run, 'vanished.noticedUs');
}

function chartOf(run: Run, subject: Subject): Chart | null {
  const measure = measureOf(subject);
  const series = seriesOf(run, measure);
  if (series.length === 0) return null;
  const title = titleOf(series, subject);
  return {
    name: subject.name,
    title,
    subtitle: [`${subject.what}, over the window${repeatedNote(run)}`, ...run.conditions].join(' · '),
    alternative: `${title}. ${series.map((each) => `${each.label}: ${measure.statisticsOf(each)}`).join('; ')}.`,
    data: timeData(series, measure),
    specFor: (frame) => timePanels(series, measure, frame),
  };
}

function measureOf({ series }: Subject): TimeMeasure {
  return {
    series,
    binValue: (bytes) => Math.max(...bytes),
    topOf: (highest) => Math.max(2e6, highest),
    scale: 'linear',
    ticksOf: (top) => [0, top / 2, top].map((bytes) => Math.floor(bytes / 1e6) * 1e6),
    labelsOf: () => "format(datum.value / 1e6, ',.0f') + ' MB'",
    statisticsOf: (each) =>
      `from ${formatBytes(knownOf(each)[0] ?? 0)} to ${formatBytes(knownOf(each).at(-1) ?? 0)} · peak ${formatBytes(peakOf(each) ?? 0)}`,
    say: formatBytes,
    format: formatBytes,
  };
}

function titleOf(series: readonly TimeSeries[], { what, found: [before, after] }: Subject): string {
  const extremes = extremesOf(series, peakOf);
  if (extremes === null) return `${what} over time`;
  const { most, least } = extremes;
  const found = `${before} ${formatBytes(most.value)} ${after}`;
  if (extremes.count === 1) return capitalise(`${most.label} ${found}`);
  return extremes.alike
    ? `All contenders ${found}, or nearly so`
    : capitalise(`${most.label} ${found}, ${least.label} ${formatBytes(least.value)}`);
}
