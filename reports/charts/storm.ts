// A run's storms → connection attempts, clients connected and database queries by time since the fault, a panel a strategy.
import { formatDurationUs, formatNumber } from '../../harness/contract/units.ts';
import { unmeasuredMark } from '../figures.ts';
import type { Run } from '../run.ts';
import { numberOf } from '../run.ts';
import { notBackOf, peakOf, recoveryUs, type Storm, stormsOf } from '../storm.ts';
import type { Chart } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';
import type { LegendItem } from './storm-header.ts';
import { panelsSpec } from './storm-panels.ts';
import { pointsOf, type TimeAxis, timeAxisOf } from './storm-time.ts';

/** A data table beyond this many rows is read by nobody. */
const mostRows = 60;

/** The chart of a run's storms, or `null` when none recorded its attempts. */
export function stormChart(run: Run): Chart | null {
  return chartOfStorms(stormsOf(run.storms), run.stormConditions);
}

/** The chart of any storms, simulated ones too, and what was the same for all of them. */
export function chartOfStorms(all: readonly Storm[], conditions: readonly string[]): Chart | null {
  const storms = all.filter(({ attempts }) => attempts !== null);
  if (storms.length === 0) return null;
  const axis = timeAxisOf(storms);
  const title = titleOf(all);
  const panels = storms.map((storm) => ({
    label: storm.label,
    figures: figuresOf(storm),
    outage: storm.outage,
    points: pointsOf(storm, axis),
    simulated: null,
  }));
  return {
    name: 'reconnect-storm',
    title,
    subtitle: subtitleOf(storms, axis, conditions),
    alternative: `${title}. ${all.map((storm) => `${storm.label}: ${figuresOf(storm).join(', ')}`).join('; ')}.`,
    data: dataOf(storms, axis),
    specFor: (frame) => panelsSpec(panels, { frame, axis, legend: legendOf(storms, frame.narrow) }),
  };
}

function titleOf(storms: readonly Storm[]): string {
  const extremes = extremesOf(storms, (storm) => peakOf(storm, 'storm.peakAttemptsPerSecond'), 'strategies');
  if (extremes === null) return 'Connection attempts after a fault';
  const { most, least } = extremes;
  const wasDown = storms.some(({ outage }) => outage !== null && outage.lastedUs !== null);
  const hit = `${wasDown ? 'hit the returned server with' : 'came back with'} ${attemptsText(most.value)} in 100 ms`;
  if (extremes.count === 1) return capitalise(`${most.label} ${hit}`);
  return extremes.alike
    ? `All strategies ${hit}, or nearly so`
    : capitalise(`${most.label} ${hit}, ${least.label} with ${formatNumber(least.value)}`);
}

/** What is drawn, on which scale, and under which conditions. */
export function subtitleOf(storms: readonly Storm[], axis: TimeAxis, conditions: readonly string[]): string {
  const [first] = storms;
  const step = formatDurationUs(first?.stepUs ?? 0);
  const rows = storms.some(({ queries }) => queries !== null)
    ? 'Connection attempts, clients connected and database queries'
    : 'Connection attempts and clients connected';
  const busiest = axis.stepsPerPoint === 1 ? '' : `, the busiest of every ${axis.stepsPerPoint}`;
  const repeated = storms.some(({ contender }) => contender.trials.length > 1) ? ', first repetition' : '';
  return [`${rows} per ${step}${busiest} (square-root scales)${repeated}`, ...conditions].join(' · ');
}

/** A panel's header: the peak after the return, who was back when, and what it cost each client. */
export function figuresOf(storm: Storm): string[] {
  const peak = peakOf(storm, 'storm.peakAttemptsPerSecond');
  const [p99, last] = [recoveryUs(storm, 0.99), recoveryUs(storm, 1)];
  const notBack = notBackOf(storm);
  const perClient = numberOf(storm.contender, 'storm.attemptsPerClient');
  return [
    peak === null
      ? 'peak not measured'
      : `peak ${formatNumber(peak)} per 100 ms after ${storm.outage?.lastedUs === null ? 'the fault' : 'return'}`,
    ...backTexts(p99, last),
    ...(notBack === null ? ['recovery not measured'] : []),
    ...(notBack === null || notBack.count === 0
      ? []
      : [`${formatNumber(notBack.count)} of ${formatNumber(notBack.of)} not back`]),
    ...(perClient === null ? [] : [`${formatNumber(perClient)} ${perClient === 1 ? 'attempt' : 'attempts'} a client`]),
  ];
}

function backTexts(p99: number | null, last: number | null): string[] {
  const [most, all] = [p99, last].map((us) => (us === null ? null : formatDurationUs(us)));
  if (all !== null && most === all) return [`all back in ${all}`];
  return [...(most === null ? [] : [`99 % back in ${most}`]), ...(all === null ? [] : [`last in ${all}`])];
}

/** What the marks mean; a phone has no room for words beside the rows. */
export function legendOf(storms: readonly Storm[], narrow: boolean): LegendItem[] {
  const outages = storms.flatMap(({ outage }) => outage ?? []);
  const wasDown = outages.some(({ lastedUs }) => lastedUs !== null);
  const whats = new Set(outages.map(({ what }) => what));
  const rows = storms.some(({ queries }) => queries !== null) ? 'connected, DB queries' : 'connected';
  return [
    { text: 'attempted', mark: 'hollow' },
    { text: 'accepted', mark: 'filled' },
    ...(wasDown ? [{ text: whats.size === 1 ? [...whats].join('') : 'outage', mark: 'shade' } as const] : []),
    ...(narrow ? [{ text: `below: ${rows}`, mark: 'none' } as const] : []),
  ];
}

/** Sums of each second or more, and the clients connected at its end. */
function dataOf(storms: readonly Storm[], axis: TimeAxis): Chart['data'] {
  const seconds = Math.max(1, Math.ceil((axis.untilUs - Math.min(0, axis.fromUs)) / 1e6 / mostRows));
  const first = Math.floor(axis.fromUs / 1e6 / seconds) * seconds;
  const rows = Array.from(
    { length: Math.ceil((axis.untilUs / 1e6 - first) / seconds) },
    (_, index) => first + index * seconds,
  );
  return {
    columns: ['second', ...storms.map(({ label, queries }) => `${label}: ${dataHeading(queries !== null)}`)],
    rows: rows.map((from) => [formatNumber(from), ...storms.map((storm) => dataCell(storm, from, from + seconds))]),
  };
}

function dataHeading(hasQueries: boolean): string {
  return `attempted / accepted / connected${hasQueries ? ' / queries' : ''}`;
}

function dataCell(storm: Storm, fromSecond: number, untilSecond: number): string {
  const stepOf = (second: number) => Math.max(0, Math.round((second * 1e6 - storm.startUs) / storm.stepUs));
  const [start, end] = [stepOf(fromSecond), stepOf(untilSecond)];
  const sum = (series: Storm['attempts']) => {
    const known = series?.slice(start, end).filter((step) => step !== null) ?? [];
    return known.length === 0 ? unmeasuredMark : formatNumber(known.reduce((total, step) => total + step, 0));
  };
  const connected = storm.connected?.slice(start, end).findLast((step) => step !== null);
  const cells = [
    sum(storm.attempts),
    sum(storm.accepted),
    connected === undefined || connected === null ? unmeasuredMark : formatNumber(connected),
    ...(storm.queries === null ? [] : [sum(storm.queries)]),
  ];
  return cells.every((cell) => cell === unmeasuredMark) ? unmeasuredMark : cells.join(' / ');
}

function attemptsText(count: number): string {
  return count === 0 ? 'no attempt' : `${formatNumber(count)} ${count === 1 ? 'attempt' : 'attempts'}`;
}
