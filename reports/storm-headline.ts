// A run's storms → sentences that their figures bear out: how hard each strategy hit the server that was back, how long the
// last client took, and who never came. Compared are only storms of as many clients and the same fault.

import { formatDurationUs, formatNumber } from '../harness/contract/units.ts';
import { extremesOf, joinWords } from './charts/extremes.ts';
import { counted } from './conditions.ts';
import { notBackOf, peakOf, recoveryUs, type Storm } from './storm.ts';
import { strategyOf } from './strategy.ts';

/** More names than this make no sentence. */
const mostNames = 3;

/** The sentences; none without a storm. */
export function stormSentences(storms: readonly Storm[]): string[] {
  const [first] = storms;
  if (first === undefined) return [];
  const like = storms.filter((storm) => sameFault(storm, first));
  const cast = castOf(like);
  const said = [peakSentence(like, cast), lastSentence(cast.length > 0 ? cast : like), notBackSentence(storms)].filter(
    (text) => text !== '',
  );
  return said.length > 0 ? said : ['What the reconnect storm did could not be measured; the table says why.'];
}

/** How hard the storms hit the server that was back, the worst first; empty when that was not measured. */
export function peakSentence(storms: readonly Storm[], cast: readonly Storm[] = castOf(storms)): string {
  const extremes = extremesOf(storms, afterReturn, 'strategies');
  if (extremes === null) return '';
  const { most, least } = extremes;
  const back = returnWords(storms);
  if (extremes.alike)
    return `${back.when}, ${amongText(extremes.count, storms.length)} ${back.hit} about equally hard: ${rangeText(least.value, most.value)} in 100 ms.`;
  const hits = hitsOf(cast) ?? [most, least].slice(0, extremes.count);
  const [hardest, ...others] = hits;
  if (hardest === undefined) return '';
  const rest = others.map(({ label, value }) => `${label} with ${formatNumber(value)}`);
  return `${back.when}, ${joinWords([`${hardest.label} ${back.hit} with ${attemptsText(hardest.value)} in 100 ms`, ...rest])}.`;
}

/** What took no time left the server where it was. */
function returnWords([first]: readonly Storm[]): { when: string; hit: string } {
  const outage = first?.outage ?? null;
  return outage !== null && outage.lastedUs === null
    ? { when: 'After the fault', hit: 'hit the server' }
    : { when: 'After the server was back', hit: 'hit it' };
}

/** The storms that are named one by one: all when they are few, else what jitter does to exponential backoff, else nobody. */
function castOf(storms: readonly Storm[]): Storm[] {
  const measured = storms.filter((storm) => afterReturn(storm) !== null);
  if (measured.length <= mostNames) return byPeak(measured);
  const [first] = measured.filter((storm) => strategyOf(storm.contender).jitter === 'none' && growsOf(storm));
  if (first === undefined) return [];
  const family = measured.filter((storm) => growsOf(storm) && storm.contender.transport === first.contender.transport);
  return family.length > 1 && family.length <= mostNames + 1 ? byPeak(family) : [];
}

function growsOf({ contender }: Storm): boolean {
  const { backoff } = strategyOf(contender);
  return backoff === 'exponential' || backoff === 'article';
}

function hitsOf(cast: readonly Storm[]): { label: string; value: number }[] | null {
  return cast.length < 2 ? null : cast.map((storm) => ({ label: storm.label, value: afterReturn(storm) ?? 0 }));
}

function byPeak(storms: readonly Storm[]): Storm[] {
  return [...storms].sort((a, b) => (afterReturn(b) ?? 0) - (afterReturn(a) ?? 0));
}

function lastSentence(storms: readonly Storm[]): string {
  const extremes = extremesOf(storms, (storm) => recoveryUs(storm, 1), 'strategies');
  if (extremes === null) return '';
  const { most, least, count, alike } = extremes;
  if (count === 1) return storms.length > 1 ? '' : `The last client was back after ${formatDurationUs(most.value)}.`;
  if (alike)
    return `Until the last client was back, ${amongText(count, storms.length)} took about equally long: ${durationRange(least.value, most.value)}.`;
  const named = storms.flatMap((storm) => {
    const value = recoveryUs(storm, 1);
    return value === null ? [] : [{ label: storm.label, value }];
  });
  const said = named.length > mostNames + 1 ? [least, most] : named;
  return `Until the last client was back, it took ${joinWords(said.map(({ label, value }) => `${label} ${formatDurationUs(value)}`))}.`;
}

function notBackSentence(storms: readonly Storm[]): string {
  const lacking = storms.flatMap((storm) => {
    const notBack = notBackOf(storm);
    return notBack === null || notBack.count === 0 ? [] : [{ label: storm.label, ...notBack }];
  });
  const shareText = ({ count, of }: { count: number; of: number }) =>
    `${formatNumber(count)} of ${counted(of, 'client')}`;
  const [first] = lacking;
  if (first === undefined) return '';
  if (lacking.length === 1)
    return `With ${first.label}, ${shareText(first)} ${first.count === 1 ? 'was' : 'were'} not back by the end.`;
  const worst = lacking.reduce((most, each) => (each.count > most.count ? each : most));
  const named =
    lacking.length > mostNames
      ? `${lacking.length} of ${storms.length} strategies`
      : joinWords(lacking.map(({ label }) => label));
  return `With ${named}, not all clients were back by the end (at worst ${shareText(worst)} were missing, with ${worst.label}).`;
}

function sameFault(a: Storm, b: Storm): boolean {
  const conditionOf = ({ contender }: Storm) => {
    const { settings, clients, audiences } = contender.trials[0];
    return JSON.stringify([clients, audiences, settings.fault, settings.down]);
  };
  return conditionOf(a) === conditionOf(b);
}

function afterReturn(storm: Storm): number | null {
  return peakOf(storm, 'storm.peakAttemptsPerSecond');
}

function amongText(count: number, all: number): string {
  if (count < all) return `${count} of ${all} strategies`;
  return count === 2 ? 'both strategies' : `all ${count} strategies`;
}

function attemptsText(count: number): string {
  return count === 0 ? 'no attempt' : counted(count, 'attempt');
}

function rangeText(low: number, high: number): string {
  return formatNumber(low) === formatNumber(high)
    ? attemptsText(high)
    : `${formatNumber(low)} to ${counted(high, 'attempt')}`;
}

function durationRange(lowUs: number, highUs: number): string {
  const [low, high] = [formatDurationUs(lowUs), formatDurationUs(highUs)];
  return low === high ? low : `${low} to ${high}`;
}
