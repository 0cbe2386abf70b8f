// Judged candidates and requirements → the numbers at which arithmetic alone changes the answer. Rules as data: one function
// a rule, each silent where it does not apply. Sentences without their full stop.
import type { TrialRecord } from '../../harness/contract/record.ts';
import type { FigureRequirement, Requirement } from '../../harness/contract/requirement.ts';
import { formatDurationUs, formatNumber } from '../../harness/contract/units.ts';
import { joinWords } from '../charts/extremes.ts';
import { counted } from '../conditions.ts';
import { formatWithUnit } from '../figures.ts';
import { centreOf } from '../merge.ts';
import type { Contender } from '../run.ts';
import { longestIntervalUs, mostAskers, pollFreshnessUs, queriesPerMinute, shortestIntervalUs } from './arithmetic.ts';
import { isUpper } from './judge.ts';
import { type Traits, traitsOf } from './traits.ts';
import { figureName, limitText } from './wording.ts';

/** What the rules look at. */
interface Situation {
  /** One of each name. */
  readonly contenders: readonly Contender[];
  readonly queries: FigureRequirement | undefined;
  readonly freshness: FigureRequirement | undefined;
  /** No requirement at all: what each choice trades for what. */
  readonly isOpen: boolean;
}

/** Nobody polls faster, and no contender may. */
const shortestPollUs = 20_000;

type Rule = (situation: Situation) => string[];

/**
 * Every rule's sentences, each once. Arithmetic says nothing of contenders that a fault befell, or whose clients act as well, nor of what
 * somebody's own server asks its database.
 */
export function breakEvensOf(contenders: readonly Contender[], requirements: readonly Requirement[]): string[] {
  const upper = (metric: FigureRequirement['metric']) =>
    requirements.find(
      (each): each is FigureRequirement =>
        each.kind === 'figure' && each.metric === metric && isUpper(each.operator) && each.limit > 0,
    );
  const quiet = contenders.filter(
    ({ trials }) => !trials.some((trial) => trial.events.some(isFault) || isForeign(trial) || hasActions(trial)),
  );
  const situation = {
    contenders: quiet.filter(({ name }, index) => quiet.findIndex((each) => each.name === name) === index),
    queries: upper('db.queriesPerMinute'),
    freshness: upper('freshnessUs'),
    isOpen: requirements.length === 0,
  };
  return [...new Set(rules.flatMap((rule) => rule(situation)))];
}

const isForeign = ({ settings }: TrialRecord) => settings.target !== undefined;
const hasActions = ({ settings }: TrialRecord) => settings['action-interval'] !== undefined;
const isFault = ({ kind }: TrialRecord['events'][number]) => kind === 'fault';

/** Polling asks whether or not there is news: clients and interval alone decide. */
const queriesOfPolling: Rule = ({ contenders, queries }) => {
  if (queries === undefined) return [];
  return plainPollings(contenders).map(({ contender, intervalUs }) => {
    const strictly = queries.operator === '<';
    const most = mostAskers(queries.limit, intervalUs, strictly);
    const neededUs = shortestIntervalUs(queries.limit, contender.clients);
    const needed = `${counted(contender.clients, 'client')} need an interval of ${strictly ? 'over' : 'at least'} ${formatDurationUs(neededUs)}`;
    return `up to ${counted(most, 'client')} polling every ${formatDurationUs(intervalUs)} keep${most === 1 ? 's' : ''} to queries ${limitText(queries)}; ${needed}`;
  });
};

/** A cache asks once for its time to live at most, for each dashboard and node. */
const queriesOfCache: Rule = ({ contenders, queries, isOpen }) => {
  if (queries === undefined && !isOpen) return [];
  return cachedPollings(contenders).map(({ contender, traits }) => {
    const caches = audiencesOf(contender) * traits.nodes;
    const most = formatWithUnit(queriesPerMinute(caches, traits.cacheUs), '1/min');
    const said = `${contender.name} never asks more than ${most}, however many clients${caches > 1 ? ` watch these ${counted(audiencesOf(contender), 'dashboard')}` : ''}`;
    if (queries === undefined) return said;
    const needed = formatDurationUs(shortestIntervalUs(queries.limit, caches));
    return `${said}; queries ${limitText(queries)} allow a cache ${queries.operator === '<' ? `of over ${needed}` : `from ${needed} on`}`;
  });
};

/** What is told of changes asks once for each, and node: the changes decide, not the clients. */
const queriesOfPush: Rule = ({ contenders, queries }) => {
  if (queries === undefined) return [];
  const told = toldOf(contenders);
  const [first] = told;
  if (first === undefined) return [];
  const askers = Math.max(...told.map(askersOf));
  const needed = formatDurationUs(shortestIntervalUs(queries.limit, askers));
  const changes = queries.operator === '<' ? `changes over ${needed} apart` : `a change every ${needed}`;
  return [
    `${joinWords(told.map(({ name }) => name))} ${told.length === 1 ? 'asks' : 'ask'} for each change and not for each client: queries ${limitText(queries)} allow ${changes}`,
  ];
};

/** The interval at which polling is as fresh as required. */
const freshnessOfPolling: Rule = ({ contenders, freshness }) => {
  if (freshness === undefined) return [];
  const seen = new Set<string>();
  return allPollings(contenders).flatMap(({ contender, traits, tripUs }) => {
    const name = contender.name.replace(/\+interval=[^+]+/, '');
    if (tripUs === null || seen.has(name)) return [];
    seen.add(name);
    const longestUs = longestIntervalUs(freshness.limit, { cacheUs: traits.cacheUs, tripUs }, quantileOf(freshness));
    const figure = `${figureName(freshness)} ${limitText(freshness)}`;
    if (longestUs < shortestPollUs) return [`${name} meets ${figure} at no interval`];
    const why = traits.cacheUs > 0 ? ', allowing for the age of the cache' : '';
    return [`${name} meets ${figure} up to a poll every ${formatDurationUs(longestUs)}${why}`];
  });
};

/** Both at once: the interval must be short for the screen and long for the database. */
const bothOfPolling: Rule = ({ contenders, queries, freshness }) => {
  const [polling] = plainPollings(contenders);
  if (queries === undefined || freshness === undefined || polling?.tripUs == null) return [];
  const longestUs = longestIntervalUs(freshness.limit, { cacheUs: 0, tripUs: polling.tripUs }, quantileOf(freshness));
  if (longestUs < shortestPollUs) return [];
  const most = mostAskers(queries.limit, longestUs, queries.operator === '<');
  if (most === 0) return ['polling cannot meet both limits, whatever the interval'];
  return [`polling can meet both limits with up to ${counted(most, 'client')}, whatever the interval`];
};

/** Without a limit: what an interval trades. */
const tradeOfPolling: Rule = ({ contenders, isOpen }) => {
  const [polling] = plainPollings(contenders);
  if (!isOpen || polling === undefined) return [];
  const { contender, intervalUs, tripUs } = polling;
  const asks = formatNumber(queriesPerMinute(1, intervalUs));
  const each = `each client that polls every ${formatDurationUs(intervalUs)} adds ${asks} queries a minute`;
  if (tripUs === null) return [each];
  const halfUs = intervalUs / 2;
  const fresh = formatDurationUs(pollFreshnessUs({ intervalUs: halfUs, cacheUs: 0, tripUs }, 0.99));
  const all = formatNumber(queriesPerMinute(contender.clients, halfUs));
  return [
    each,
    `polling every ${formatDurationUs(halfUs)} would have a freshness p99 of ${fresh} and ask ${all} times a minute`,
  ];
};

/** Without a limit: when polling asks as rarely as what is told of changes. */
const evenQueries: Rule = ({ contenders, isOpen }) => {
  const [polling] = plainPollings(contenders);
  const [told] = toldOf(contenders);
  const updateUs = told === undefined ? null : traitsOf(told).updateIntervalUs;
  if (!isOpen || polling === undefined || told === undefined || updateUs === null) return [];
  const evenUs = (polling.contender.clients * updateUs) / askersOf(told);
  return evenUs <= polling.intervalUs
    ? []
    : [`polling asks as rarely as ${told.name} only at an interval of ${formatDurationUs(evenUs)}`];
};

const rules: readonly Rule[] = [
  freshnessOfPolling,
  queriesOfPolling,
  bothOfPolling,
  queriesOfCache,
  queriesOfPush,
  tradeOfPolling,
  evenQueries,
];

interface Polling {
  readonly contender: Contender;
  readonly traits: Traits;
  readonly intervalUs: number;
  /** Median round trip as measured, in µs. */
  readonly tripUs: number | null;
}

function allPollings(contenders: readonly Contender[]): Polling[] {
  return contenders.flatMap((contender) => {
    const traits = traitsOf(contender);
    const { pollIntervalUs } = traits;
    const trip = contender.figures.requestUs;
    return pollIntervalUs === null
      ? []
      : [{ contender, traits, intervalUs: pollIntervalUs, tripUs: trip === undefined ? null : centreOf(trip) }];
  });
}

function plainPollings(contenders: readonly Contender[]): Polling[] {
  return allPollings(contenders).filter(({ traits }) => traits.cacheUs === 0);
}

function cachedPollings(contenders: readonly Contender[]): Polling[] {
  return allPollings(contenders).filter(({ traits }) => traits.cacheUs > 0);
}

function toldOf(contenders: readonly Contender[]): Contender[] {
  return contenders.filter(({ transport }) => transport !== 'polling');
}

/** Queries for a change of each dashboard: once in all through Redis, else once a node. */
function askersOf(contender: Contender): number {
  const { feed, nodes } = traitsOf(contender);
  return audiencesOf(contender) * (feed === 'postgres' ? nodes : 1);
}

function audiencesOf({ trials: [first] }: Contender): number {
  return first.audiences;
}

function quantileOf({ quantile }: FigureRequirement): number {
  return quantile ?? 0.5;
}
