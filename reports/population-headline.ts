// Contenders of one scenario whose clients vanish, read slowly, come and go, act, or need a token → sentences that say what became of it.
import type { MetricName } from '../harness/contract/metrics.ts';
import { formatBytes, formatDurationUs, formatNumber } from '../harness/contract/units.ts';
import { capitalise, type Extremes, extremesOf, joinWords } from './charts/extremes.ts';
import { counted } from './conditions.ts';
import { centreOf, quantileOf } from './merge.ts';
import { type Contender, numberOf } from './run.ts';
import { marginOf } from './table.ts';

/** None where nothing of the kind was measured. */
export function populationSentences(contenders: readonly Contender[]): string[] {
  const have = (name: MetricName) => contenders.filter(({ figures }) => figures[name] !== undefined);
  return [
    ...vanishedSentences(have('vanished.noticedUs')),
    ...slowSentences(have('slow.bufferedBytes').filter(({ figures }) => figures['vanished.noticedUs'] === undefined)),
    ...soakSentences(have('soak.connectionsLeft')),
    ...actionSentences(have('action.seenByAllUs')),
    ...tokenSentences(have('auth.tokensLogged')),
  ];
}

function vanishedSentences(contenders: readonly Contender[]): string[] {
  const lastOf = ({ figures }: Contender) => {
    const figure = figures['vanished.noticedUs'];
    return figure?.kind === 'distribution' ? quantileOf(figure, 1) : null;
  };
  const found = contenders.flatMap((contender) => {
    const us = lastOf(contender);
    return us === null ? [] : [`${contender.label} after ${formatDurationUs(us)}`];
  });
  const blind = contenders.filter((contender) => (numberOf(contender, 'vanished.unnoticed') ?? 0) > 0);
  const kills = contenders.filter((contender) => (numberOf(contender, 'vanished.falseKills') ?? 0) > 0);
  return [
    found.length === 0 ? '' : `The last vanished client was noticed by ${joinWords(found)}.`,
    blind.length === 0 ? '' : `${capitalise(namesOf(blind))} still sent to vanished clients when the watch ended.`,
    kills.length === 0 ? '' : `${capitalise(namesOf(kills))} also ended connections of clients that live.`,
  ].filter((sentence) => sentence !== '');
}

function slowSentences(contenders: readonly Contender[]): string[] {
  const known = contenders
    .flatMap((contender) => {
      const bytes = numberOf(contender, 'slow.bufferedBytes');
      return bytes === null ? [] : [{ label: contender.label, bytes }];
    })
    .toSorted((a, b) => b.bytes - a.bytes);
  const [most, least] = [known[0], known.at(-1)];
  if (most === undefined || least === undefined) return [];
  const held = `${most.label} kept up to ${formatBytes(most.bytes)} for clients that read too slowly`;
  return [`${capitalise(held)}${most === least ? '' : `, ${least.label} ${formatBytes(least.bytes)}`}.`];
}

function soakSentences(contenders: readonly Contender[]): string[] {
  if (contenders.length === 0) return [];
  /** `null` where one of them was not counted: the others say nothing of it. */
  const left = (name: MetricName) =>
    contenders.reduce<number | null>((sum, contender) => {
      const count = numberOf(contender, name);
      // Fewer than before are none that are left, and make up for nobody else's.
      return sum === null || count === null ? null : sum + Math.max(0, count);
    }, 0);
  const comings = left('soak.comings') ?? 0;
  const wordOf = (name: MetricName, noun: string) => {
    const count = left(name);
    return count === null ? `an unknown number of ${noun}s` : counted(count, noun);
  };
  const rest = [
    wordOf('soak.connectionsLeft', 'connection'),
    wordOf('soak.socketsLeft', 'socket'),
    wordOf('soak.timersLeft', 'timer'),
  ];
  return [
    `After ${formatNumber(comings)} sessions had come and gone, the servers had ${joinWords(rest)} left of them.`,
    ...growthSentences(contenders),
  ];
}

/** When everybody had seen what somebody did, and when whoever did it knew. */
function actionSentences(contenders: readonly Contender[]): string[] {
  const p50s = (name: MetricName) => extremesOf(contenders, ({ figures }) => centreOf(figures[name]));
  const [seen, acknowledged] = [p50s('action.seenByAllUs'), p50s('action.ackUs')];
  return [
    seen === null ? '' : `Everybody had seen half of all actions within ${spellSpan(seen)}.`,
    acknowledged === null ? '' : `Half of all actions were acknowledged within ${spellSpan(acknowledged)}.`,
  ].filter((sentence) => sentence !== '');
}

/** The quickest and the slowest; where they are alike, what is true of all. */
function spellSpan({ most, least, count, alike }: Extremes): string {
  if (alike) return `${formatDurationUs(most.value)} with each of ${count} contenders`;
  const quickest = `${formatDurationUs(least.value)} with ${least.label}`;
  return count === 1 ? quickest : `${quickest}, ${formatDurationUs(most.value)} with ${most.label}`;
}

/** Who read the tokens, what checking them asked of the database, and whether those who were refused came again. */
function tokenSentences(contenders: readonly Contender[]): string[] {
  // Without a balancer that logs them, or a token, none were counted.
  if (contenders.every((each) => numberOf(each, 'auth.tokensLogged') === null)) return [];
  const loggedBy = contenders.filter((each) => (numberOf(each, 'auth.tokensLogged') ?? 0) > 0);
  const queries = extremesOf(contenders.filter(isLetIn), (each) => numberOf(each, 'connect.dbQueries'));
  const refused = contenders.filter((each) => !isLetIn(each));
  const attempts = refused.map((each) => numberOf(each, 'connect.attemptsPerClient'));
  const known = attempts.filter((each) => each !== null);
  const tries = known.length < attempts.length ? null : Math.max(0, ...known);
  return [
    loggedBy.length === 0 ? '' : `${capitalise(namesOf(loggedBy))} left their tokens in the access log.`,
    queries === null || queries.alike || queries.count < 2
      ? ''
      : `A connect took ${formatNumber(queries.most.value)} ${queries.most.value === 1 ? 'query' : 'queries'} with ${queries.most.label}, ${formatNumber(queries.least.value)} with ${queries.least.label}.`,
    refused.length === 0 ? '' : `With ${namesOf(refused)} every client was refused${spellTries(tries)}.`,
  ].filter((sentence) => sentence !== '');
}

/** `null`: nobody counted. */
function spellTries(tries: number | null): string {
  if (tries === null) return '';
  return tries <= 1 ? ', and none tried again' : `, and tried up to ${formatNumber(tries)} times on average`;
}

/** False where tokens were looked for, and every client gave up. */
export function isLetIn(contender: Contender): boolean {
  const hasToken = numberOf(contender, 'auth.tokensLogged') !== null;
  return !hasToken || numberOf(contender, 'connect.gaveUp') !== contender.trials[0].clients;
}

/** In less time than this a heap still settles, and garbage collections are steeper than any leak. */
const settledUs = 600_000_000;

/** Growth that its interval tells from none. */
function growthSentences(contenders: readonly Contender[]): string[] {
  const known = contenders.flatMap((contender) => {
    const perHour = numberOf(contender, 'soak.bytesPerHour');
    const margin = marginOf(contender, 'soak.bytesPerHour');
    return perHour === null || margin === null ? [] : [{ contender, perHour, margin }];
  });
  const growing = known.filter(({ perHour, margin }) => perHour > margin);
  if (known.length === 0) return [];
  if (known.some(({ contender }) => contender.trials[0].windowUs < settledUs))
    return ['Whether memory grows takes longer to tell: minutes show how a heap settles, and only hours a leak.'];
  if (growing.length === 0) return ['No server’s memory grew by more than chance in the time that was watched.'];
  const grew = growing.map(
    ({ contender, perHour, margin }) =>
      `that of ${contender.label} grew by ${formatBytes(perHour)} an hour (± ${formatBytes(margin)})`,
  );
  return [`Of the servers’ memory ${joinWords(grew)}, if it went on like this.`];
}

function namesOf(contenders: readonly Contender[]): string {
  return contenders.length > 3 ? `${contenders.length} contenders` : joinWords(contenders.map(({ label }) => label));
}
