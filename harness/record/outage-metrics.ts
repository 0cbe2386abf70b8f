// The figures of a trial in which a service was taken away, and what followed as events. Any other trial has none of them.
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue, TrialRecord } from '../contract/record.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import { type Absence, absencesOf, heardAgainAfterUs, noticedAfterUs } from '../measure/absences.ts';
import { staleShareBetween } from '../measure/stale.ts';
import { stormFigures } from '../measure/storm.ts';
import { everyShard, type SwarmTotals } from '../measure/swarm-totals.ts';
import { holdsUpChanges, serviceFaultIn, type TrialInput } from '../measure/trial-input.ts';
import { expectedLost } from '../model/lost-in-outage.ts';
import type { Expectation } from '../model/theory.ts';
import { queriesPeak } from './storm-metrics.ts';
import { distribution, scalar } from './values.ts';

type Outage = NonNullable<TrialInput['outage']>;

export function outageMetrics(input: TrialInput, totals: SwarmTotals): Partial<Record<MetricName, MetricValue>> {
  const { outage, startUs } = input;
  if (outage === null || serviceFaultIn(input) === null) return {};
  const absences = absencesIn(input, outage);
  const nobody = 'no server or relay of this contender lost a connection to it';
  const count = (name: MetricName, value: number) => ({ [name]: scalar(name, value, '') });
  return {
    ...count('outage.changes', changesIn(input, outage).length),
    ...count('outage.committedLate', committedLate(input, outage).length),
    'outage.noticedUs': scalar('outage.noticedUs', noticedAfterUs(absences, outage.atUs), nobody),
    'outage.heardAgainUs': scalar(
      'outage.heardAgainUs',
      heardAgainAfterUs(absences, outage.untilUs),
      absences.length === 0 ? nobody : 'one of them never had it again, or asked for nothing more',
    ),
    'outage.catchUpUs': distribution('outage.catchUpUs', totals.histograms.catchUpUs, 'no client held anything', {
      censored: totals.notCaughtUp,
    }),
    'outage.staleShare': scalar(
      'outage.staleShare',
      staleShareBetween(everyShard(input.results), {
        ...input.plan,
        fromUs: outage.atUs - startUs,
        untilUs: outage.untilUs - startUs,
      }),
      'the outage was shorter than a step of 100 ms',
    ),
    ...count('outage.connectionsLost', stormFigures(totals.sessions, outage, startUs).clientsLost),
    ...count('outage.failedAnswers', totals.trial.failedAnswers),
    'outage.dbQueriesPeakPerSecond': scalar(
      'outage.dbQueriesPeakPerSecond',
      queriesPeak(input.timeline, outage.untilUs - startUs),
      'the database’s counters could not be read after the return',
    ),
  };
}

/** What arithmetic says was lost, where it says anything. */
export function expectedLoss(input: TrialInput): Expectation | null {
  const { outage, plan, published } = input;
  if (outage === null || serviceFaultIn(input) === null) return null;
  return expectedLost({ plan, published, absences: absencesIn(input, outage), atUs: outage.atUs });
}

/** Who noticed, who had it again, and what came late. */
export function outageEvents(input: TrialInput): TrialRecord['events'] {
  const { outage, startUs, plan } = input;
  if (outage === null || (serviceFaultIn(input) === null && !holdsUpChanges(plan))) return [];
  const at = (us: number, what: string) =>
    ({ kind: 'consequence', atUs: Math.round(us - startUs), untilUs: null, what }) as const;
  const told = absencesIn(input, outage).flatMap(({ who, source, fromUs, untilUs }) => [
    at(fromUs, `${who} lost ${lostWords[source]}`),
    ...(untilUs === null ? [] : [at(untilUs, `${who} ${againWords[source]}`)]),
  ]);
  const late = committedLate(input, outage);
  const last = late.at(-1);
  const lateWords = `${formatNumber(late.length)} changes were committed late, the last ${formatDurationUs((last?.committedUs ?? 0) - outage.untilUs)} after the return`;
  return [...told, ...(last === undefined ? [] : [at(last.committedUs, lateWords)])].sort((a, b) => a.atUs - b.atUs);
}

const lostWords: Readonly<Record<Absence['source'], string>> = {
  redis: 'its connection to Redis',
  listen: 'the connection that hears of changes (LISTEN)',
  postgres: 'its pooled connections to Postgres',
};

const againWords: Readonly<Record<Absence['source'], string>> = {
  redis: 'has Redis again',
  listen: 'hears of changes again',
  postgres: 'has an answer of Postgres again',
};

function absencesIn(input: TrialInput, outage: Outage): Absence[] {
  const service = serviceFaultIn(input)?.service;
  if (service === undefined) return [];
  return absencesOf(input.readings.atRest.metrics, { service, sinceUs: outage.atUs, nodes: input.plan.nodes });
}

function changesIn({ planned }: TrialInput, { atUs, untilUs }: Outage) {
  return planned.filter(({ intendedUs }) => intendedUs >= atUs && intendedUs < untilUs);
}

function committedLate({ published }: TrialInput, { atUs, untilUs }: Outage) {
  return published
    .filter(({ intendedUs, committedUs }) => intendedUs >= atUs && intendedUs < untilUs && committedUs > untilUs)
    .sort((a, b) => a.committedUs - b.committedUs);
}
