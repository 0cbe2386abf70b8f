// The contenders of a comparison → sentences that their figures bear out. They must never flatter: cached polling is named where it
// makes the number of queries no argument.

import type { MetricName } from '../harness/contract/metrics.ts';
import { formatDurationUs, formatNumber } from '../harness/contract/units.ts';
import { capitalise } from './charts/extremes.ts';
import { withInterval } from './conditions.ts';
import { formatFigure } from './figures.ts';
import { quantileOf } from './merge.ts';
import { populationSentences } from './population-headline.ts';
import { type Contender, numberOf } from './run.ts';

const unmeasuredText = 'Neither freshness nor database queries could be measured; the table says why.';

/** The contenders that a headline speaks of, each the first of its kind in the record. */
interface Cast {
  readonly push: readonly Contender[];
  readonly polling: Contender | undefined;
  readonly cached: Contender | undefined;
}

/** What the figures say of push and polling, or of the first two contenders; nothing of metrics that something else `tells`. */
export function comparisonSentences(contenders: readonly Contender[], tells: readonly MetricName[] = []): string[] {
  const happened = populationSentences(contenders);
  if (happened.length > 0) return happened;
  const cast = castOf(contenders);
  const compared = cast.polling !== undefined && cast.push.length > 0;
  if (contenders.length === 0 || (!compared && tells.length > 0)) return [];
  const told = (metric: MetricName) => tells.includes(metric);
  const said = compared
    ? [told('freshnessUs') ? '' : compareFreshness(cast), told('db.queriesPerMinute') ? '' : compareQueries(cast)]
    : contenders.slice(0, 2).map(describe);
  const sentences = said.filter((sentence) => sentence !== '');
  return sentences.length > 0 || tells.length > 0 ? sentences : [unmeasuredText];
}

function castOf(contenders: readonly Contender[]): Cast {
  const streams = contenders.filter(({ transport }) => transport === 'sse' || transport === 'websocket');
  // One scenario and one number of clients, or the sentence would compare unlike things.
  const like = (contender: Contender) => sameConditions(contender, streams[0] ?? contender);
  const polls = contenders.filter((contender) => contender.transport === 'polling' && like(contender));
  return { push: streams.filter(like), polling: polls.find((each) => !isCached(each)), cached: polls.find(isCached) };
}

function sameConditions(a: Contender, b: Contender): boolean {
  const [left, right] = [a.trials[0], b.trials[0]];
  return left.scenario === right.scenario && left.clients === right.clients && left.audiences === right.audiences;
}

function isCached(contender: Contender): boolean {
  return /\+cache=/.test(contender.name);
}

/** Speaks for all push contenders with the slowest of them, so that it is true of each. */
function compareFreshness({ push, polling }: Cast): string {
  const pushP50 = worst(push.map((each) => freshness(each, 0.5)));
  const pollP50 = polling === undefined ? null : freshness(polling, 0.5);
  const pushed = `${pushName(push)} had half of all changes, or newer ones, on screen within ${formatFigure(pushP50, 'us')}`;
  const polled = `${pollName(polling)} took ${formatFigure(pollP50, 'us')}`;
  if (pushP50 === null)
    return pollP50 === null
      ? ''
      : sentence(
          `${polled} to have half of all changes, or newer ones, on screen; ${pushName(push)} has no median to set beside it`,
        );
  const pushP99 = worst(push.map((each) => freshness(each, 0.99)));
  const tail = pushP99 === null ? ' (its p99 was not seen by the end)' : ` (p99 ${formatDurationUs(pushP99)})`;
  return sentence(pollP50 === null ? pushed + tail : `${pushed}${tail}; ${polled}`);
}

function compareQueries({ push, polling, cached }: Cast): string {
  const thirstiest = thirstiestOf(push);
  const pushed = thirstiest === undefined ? null : numberOf(thirstiest, 'db.queriesPerMinute');
  const polled = polling === undefined ? null : numberOf(polling, 'db.queriesPerMinute');
  if (polling === undefined || thirstiest === undefined || polled === null || pushed === null) return '';
  const [more, less] = [formatNumber(polled), formatNumber(pushed)];
  if (polled * 1.1 < pushed)
    return sentence(
      `${polling.label} asked Postgres ${times(polled)} a minute, fewer than ${thirstiest.label} (${less})`,
    );
  const asked = `${polling.label} asked Postgres ${times(polled)} a minute where ${thirstiest.label} asked ${less}`;
  if (polled < pushed * 1.1)
    return sentence(
      `${polling.label} and ${thirstiest.label} asked Postgres about equally often (${more} and ${less} times a minute)`,
    );
  return sentence(asked + cacheClause(cached, polled));
}

/** A cache before polling takes the queries away whatever the clients: without it, the comparison would be with a strawman. */
function cacheClause(cached: Contender | undefined, polled: number): string {
  if (cached === undefined) return '; polling from a server-side cache was not among the contenders';
  const asked = numberOf(cached, 'db.queriesPerMinute');
  if (asked === null || asked >= polled) return '';
  const p50 = freshness(cached, 0.5);
  const behind =
    p50 === null ? '' : `, with half of all changes or newer ones on screen within ${formatDurationUs(p50)}`;
  return ` – but ${cached.label} asked only ${formatNumber(asked)}${behind}`;
}

function describe(contender: Contender): string {
  const p50 = freshness(contender, 0.5);
  const p99 = freshness(contender, 0.99);
  const queries = numberOf(contender, 'db.queriesPerMinute');
  const fresh =
    p50 === null
      ? ''
      : `had half of all changes, or newer ones, on screen within ${formatDurationUs(p50)}${p99 === null ? '' : ` (p99 ${formatDurationUs(p99)})`}`;
  const asked = queries === null ? '' : `asked Postgres ${times(queries)} a minute`;
  const said = [fresh, asked].filter((part) => part !== '').join(' and ');
  return said === '' ? '' : sentence(`${contender.label} ${said}`);
}

function pushName(push: readonly Contender[]): string {
  const [only] = push;
  if (push.length === 1 && only !== undefined) return only.label;
  return push.length > 3
    ? `push (the slowest of ${push.length} contenders)`
    : `push (${push.map(({ label }) => label).join(', ')})`;
}

function pollName(polling: Contender | undefined): string {
  return polling === undefined ? 'polling' : withInterval(polling.label, polling.trials[0]);
}

function freshness(contender: Contender, quantile: number): number | null {
  const figure = contender.figures.freshnessUs;
  return figure?.kind === 'distribution' ? quantileOf(figure, quantile) : null;
}

/** The highest, or `null` when one of them is unknown: nothing can be said of all then. */
function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === values.length && known.length > 0 ? Math.max(...known) : null;
}

/** The one that asked most often, so that what is said of it flatters none. */
function thirstiestOf(contenders: readonly Contender[]): Contender | undefined {
  const queries = (each: Contender) => numberOf(each, 'db.queriesPerMinute') ?? -1;
  return contenders
    .filter((each) => queries(each) >= 0)
    .reduce<Contender | undefined>(
      (most, each) => (most === undefined || queries(each) > queries(most) ? each : most),
      undefined,
    );
}

function times(count: number): string {
  return count === 1 ? 'once' : `${formatNumber(count)} times`;
}

function sentence(text: string): string {
  return `${capitalise(text)}.`;
}
