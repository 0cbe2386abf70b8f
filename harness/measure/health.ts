// Reasons to distrust a trial: every figure that could be wrong has a check that says so. `fatal` makes the run invalid.
import { type MetricName, metricNames, metricOf } from '../contract/metrics.ts';
import {
  type HealthFinding,
  isDistribution,
  type MetricValue,
  scalarOf,
  type WitnessedCount,
} from '../contract/record.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import { expectedFreshnessP50, expectedQueriesPerMinute, type TheoryInput } from '../model/theory.ts';
import { canaryRanks } from '../plan/arrivals.ts';
import { serviceFaultOf } from '../plan/service-fault.ts';
import type { ShardResult } from '../swarm/shard-contract.ts';
import type { SwarmState } from '../swarm/swarm.ts';
import { judgeLateness, p99Of } from './lateness.ts';
import type { Reading } from './reading.ts';
import { countOverseen } from './seen-by-all.ts';
import type { SwarmTotals } from './swarm-totals.ts';
import { holdsUpChanges, type TrialInput } from './trial-input.ts';
import { disagree } from './witnesses.ts';

export type HealthCode =
  | 'AGENT_LOST'
  | 'CLIENTS_MISSING'
  | 'CLIENTS_LOST'
  | 'SHARD_CEILING'
  | 'NOTHING_PUBLISHED'
  | 'CHANGES_NOT_PUBLISHED'
  | 'PUBLISH_RETRIED'
  | 'DELIVERED_TOO_MUCH'
  | 'COUNTS_DO_NOT_RECONCILE'
  | 'WITNESSES_DISAGREE'
  | 'GENERATOR_SATURATED'
  | 'PUBLISHER_LATE'
  | 'GENERATOR_LATE'
  | 'ATTEMPTS_LATE'
  | 'WARM_UP_UNFINISHED'
  | 'WINDOW_OVERRUN'
  | 'CLOCK_STEP'
  | 'CLOCKS_UNSURE'
  | 'FOREIGN_QUERIES'
  | 'ACTIONS_FAILED'
  | 'UPDATES_MISSED'
  | 'UPDATES_DUPLICATE'
  | 'UPDATES_OUT_OF_ORDER'
  | 'SYSTEM_SATURATED'
  | 'THEORY_DEVIATES';

/** What the checks look at, of all that a trial measured. */
export interface HealthInput {
  readonly input: Pick<
    TrialInput,
    | 'plan'
    | 'agents'
    | 'planned'
    | 'givenUp'
    | 'published'
    | 'publishFailures'
    | 'publishFailure'
    | 'clockStepMs'
    | 'behindAtStart'
  > & {
    readonly readings: Readonly<Record<'windowStart' | 'windowEnd', Pick<Reading, 'statements'>>>;
    readonly results: Pick<TrialInput['results'], 'lost'> & {
      readonly shards: readonly Pick<ShardResult, 'holding' | 'group'>[];
    };
    readonly atRest: Pick<SwarmState, 'connected'>;
  };
  readonly totals: Pick<SwarmTotals, 'trial' | 'window' | 'expected' | 'holding' | 'actions'>;
  readonly metrics: Partial<Record<MetricName, MetricValue>>;
  readonly witnesses: readonly WitnessedCount[];
  readonly theory: TheoryInput;
}

type Check = (health: HealthInput) => HealthFinding[];

/** All findings of a trial, in the order of the checks. */
export function examineHealth(health: HealthInput): HealthFinding[] {
  return checks.flatMap((check) => check(health));
}

const warn = (code: HealthCode, message: string): HealthFinding[] => [{ severity: 'warn', code, message }];
const fatal = (code: HealthCode, message: string): HealthFinding[] => [{ severity: 'fatal', code, message }];

/** Canaries of polls compare round trips, those of everything else freshness; a late generator is late for both, and was when it connected. */
const generatorError: Check = ({ metrics }) => {
  const error = metrics['generator.errorUs'];
  if (error === undefined || !('value' in error) || error.value === null) return [];
  // A single change cannot tell a late generator from chance. Long polling has no more: later, its order is not the clients'.
  const marginUs = 'margin' in error ? error.margin : undefined;
  if (marginUs === undefined) return [];
  return judgeLateness(
    {
      code: 'GENERATOR_SATURATED' satisfies HealthCode,
      what: 'the swarm saw things later than the canaries beside it, on average by',
      us: error.value,
      marginUs,
      contains: {
        freshnessUs: ['staleShare', 'connect.us'],
        'action.seenByAllUs': [],
        'action.ackUs': [],
        requestUs: ['requestUncorrectedUs', 'connect.us'],
      },
    },
    metrics,
  );
};

const publisherLate: Check = ({ input, metrics }) => {
  const us = p99Of(metrics['generator.publishLagUs']);
  return us === null
    ? []
    : judgeLateness(
        {
          code: 'PUBLISHER_LATE' satisfies HealthCode,
          what: `${input.plan.acting === null ? 'the publisher was' : 'clients acted'} late by a p99 of`,
          us,
          marginUs: 0,
          contains: { freshnessUs: ['staleShare'], 'action.seenByAllUs': [], 'action.ackUs': [] },
        },
        metrics,
      );
};

/** Whether the fault of this trial takes Postgres away. */
function losesPostgres({ plan: { fault } }: HealthInput['input']): boolean {
  return fault !== null && serviceFaultOf(fault.kind)?.service === 'postgres';
}

const published: Check = ({ input }) => {
  if (input.plan.contender.foreign?.changes === 'theirs') return [];
  const because = input.publishFailure == null ? '' : `: ${input.publishFailure}`;
  if (input.published.length === 0)
    return fatal('NOTHING_PUBLISHED', `no change was committed, so there was nothing to deliver${because}`);
  const lacking = input.planned.length - input.published.length;
  if (lacking > 0)
    return fatal(
      'CHANGES_NOT_PUBLISHED',
      `${lacking} of ${input.planned.length} changes were never committed (${input.publishFailures} attempts failed)${because}`,
    );
  // Where they were held up on purpose, what came late stands among the events.
  return input.publishFailures === 0 || holdsUpChanges(input.plan)
    ? []
    : warn(
        'PUBLISH_RETRIED',
        `${input.publishFailures} attempts to commit a change failed and were tried again${because}`,
      );
};

/** An agent that is gone took the counts of its clients along: every sum over the clients lacks a part. */
const agentLost: Check = ({ input: { agents, results }, metrics }) =>
  agents.flatMap(({ name, host }) => {
    const own = results.lost.filter(({ agent }) => agent === name);
    const clients = own.reduce((sum, shard) => sum + shard.clients, 0);
    const all = agents.reduce((sum, agent) => sum + agent.clients, 0);
    const message = `agent ${name} (${host}) ${own[0]?.how}; what its ${formatNumber(clients)} of ${formatNumber(all)} clients saw is in no figure, and sums over all clients, and what all of them cause, are void`;
    return own.length === 0
      ? []
      : [{ severity: 'fatal', code: 'AGENT_LOST' satisfies HealthCode, message, voids: sumsIn(metrics) }];
  });

/** Whatever of these says too little where clients are lacking. */
function sumsIn(metrics: HealthInput['metrics']): MetricName[] {
  return metricNames.filter((name) => {
    const { acrossShards, ofAllClients } = metricOf(name);
    return metrics[name] !== undefined && (acrossShards === 'sum' || ofAllClients === true);
  });
}

const clientsMissing: Check = ({ input, totals }) => {
  const lost = input.results.lost.reduce((sum, shard) => sum + shard.clients, 0);
  const clients = input.plan.clients - lost;
  if (input.plan.expired)
    return totals.holding === 0
      ? []
      : fatal('CLIENTS_MISSING', `${totals.holding} of ${clients} clients were let in with an expired token`);
  if (totals.holding < clients)
    return fatal(
      'CLIENTS_MISSING',
      `${totals.holding} of ${clients} clients ever held a version (${totals.trial.connectFailures} connects failed); the figures are of fewer clients than asked${input.plan.contender.foreign?.tellsVersions === true ? '; if they did connect, decode yielded no version' : ''}`,
    );
  const isPush = input.plan.contender.transport !== 'polling' && input.plan.contender.transport !== 'long-polling';
  const gone = input.results.shards.filter(({ group }) => group === 'vanishing');
  const staying = clients - gone.reduce((sum, { holding }) => sum + holding, 0);
  return isPush && input.atRest.connected < staying
    ? warn('CLIENTS_LOST', `${staying - input.atRest.connected} of ${staying} clients were cut off at the end`)
    : [];
};

/** Shards that all stop at one number have met a limit of a process, such as its descriptors, and not the system's. */
const shardCeiling: Check = ({ input }) => {
  const held = input.results.shards.map(({ holding }) => holding);
  const lost = input.results.lost.filter(({ group }) => group !== 'canary');
  const dealt =
    input.plan.clients -
    canaryRanks(input.plan.clients, input.agents.length).length -
    lost.reduce((sum, { clients }) => sum + clients, 0);
  const [first = 0] = held;
  const isCommon = held.length > 1 && held.every((holding) => holding === first);
  return isCommon && first < Math.floor(dealt / held.length)
    ? fatal(
        'SHARD_CEILING',
        `each of ${held.length} shards connected exactly ${formatNumber(first)} of its ${formatNumber(dealt / held.length)} clients: a limit of the generator's processes, not of the system`,
      )
    : [];
};

const reconciled: Check = ({ totals }) => {
  const { delivered, superseded, missed } = totals.trial;
  const sum = delivered + superseded + missed;
  if (delivered + superseded > totals.expected)
    return fatal(
      'DELIVERED_TOO_MUCH',
      `${delivered + superseded} versions delivered or superseded where ${totals.expected} were to be`,
    );
  return sum === totals.expected
    ? []
    : fatal(
        'COUNTS_DO_NOT_RECONCILE',
        `delivered ${delivered} + superseded ${superseded} + missed ${missed} = ${sum}, expected ${totals.expected}`,
      );
};

/** Each action has one end, and those that were done made a version each. */
const actionsEnded: Check = ({ input: { givenUp, plan }, totals: { actions } }) => {
  if (actions === null) return [];
  const { due, acknowledged, refused, unsent, unanswered } = actions.trial;
  const sum = acknowledged + refused + unsent + unanswered;
  const overseen = countOverseen(actions.seen, plan);
  return [
    ...(overseen === 0
      ? []
      : fatal('DELIVERED_TOO_MUCH', `more clients saw than watch the dashboard: ${overseen} versions`)),
    ...(sum === due
      ? []
      : fatal(
          'COUNTS_DO_NOT_RECONCILE',
          `actions: acknowledged ${acknowledged} + refused ${refused} + not sent ${unsent} + unanswered ${unanswered} = ${sum}, of ${due} due`,
        )),
    ...(refused + unsent + unanswered + givenUp === 0
      ? []
      : warn(
          'ACTIONS_FAILED',
          `of ${formatNumber(due)} actions ${formatNumber(refused)} were refused, ${formatNumber(unsent)} not sent, and ${formatNumber(unanswered)} never answered${givenUp === 0 ? '' : `; ${formatNumber(givenUp)} had no end when their time was over`}`,
        )),
  ];
};

const witnessesAgree: Check = ({ input, witnesses, totals }) =>
  witnesses.filter(disagree).map(({ what, clients, servers, database }) => ({
    // After failed requests, or queries that were cut off, the parties legitimately know different things.
    severity:
      totals.trial.ended + totals.trial.failedAnswers + totals.trial.connectFailures > 0 ||
      (totals.actions?.trial.unanswered ?? 0) > 0 ||
      losesPostgres(input)
        ? 'warn'
        : 'fatal',
    code: 'WITNESSES_DISAGREE' satisfies HealthCode,
    message: `${what}: clients ${clients ?? '–'}, servers ${servers ?? '–'}, database ${database ?? '–'}`,
  }));

const missedUpdates: Check = ({ input, totals, metrics }) => {
  const { missed, duplicate, outOfOrder } = totals.trial;
  const because = metrics['updates.missed']?.expectedBecause;
  return [
    ...(missed > 0 && !input.plan.expired
      ? warn(
          'UPDATES_MISSED',
          `${formatNumber(missed)} of ${formatNumber(totals.expected)} versions never reached their client${because === undefined ? '' : `: ${because}`}`,
        )
      : []),
    ...(duplicate > 0 ? warn('UPDATES_DUPLICATE', `${formatNumber(duplicate)} versions came twice`) : []),
    ...(outOfOrder > 0
      ? warn('UPDATES_OUT_OF_ORDER', `${formatNumber(outOfOrder)} versions came after a newer one`)
      : []),
  ];
};

/** Beyond this, attempts that were meant for one moment are spread by the swarm, and peaks look lower than they are. */
const attemptLagLimitUs = 20_000;

const attemptsLate: Check = ({ metrics }) => {
  const lagUs = p99Of(metrics['generator.attemptLagUs']);
  return lagUs !== null && lagUs > attemptLagLimitUs
    ? warn(
        'ATTEMPTS_LATE',
        `the swarm made reconnect attempts late by a p99 of ${formatDurationUs(lagUs)}: the storm's peaks are higher than measured`,
      )
    : [];
};

const warmUpUnfinished: Check = ({ input }) =>
  input.behindAtStart > 0
    ? warn(
        'WARM_UP_UNFINISHED',
        `${formatNumber(input.behindAtStart)} of ${formatNumber(input.plan.clients)} clients did not show the warm-up's last change when the window began: they catch up within it`,
      )
    : [];

const windowOverrun: Check = ({ input }) => {
  const { windowStart, windowEnd } = input.readings;
  const overrunUs = windowEnd.statements.atUs - windowStart.statements.atUs - input.plan.windowUs;
  return Math.abs(overrunUs) > Math.max(0.02 * input.plan.windowUs, 50_000)
    ? warn(
        'WINDOW_OVERRUN',
        `the window's counters were read ${formatDurationUs(overrunUs)} off its planned length of ${formatDurationUs(input.plan.windowUs)}`,
      )
    : [];
};

const clockStep: Check = ({ input }) =>
  Math.abs(input.clockStepMs) > 200
    ? warn(
        'CLOCK_STEP',
        `the calendar's clock moved ${Math.round(input.clockStepMs)} ms against the monotonic one during the trial`,
      )
    : [];

/** The lowest figures are the first that an agent's clock cannot tell; nobody asks for the minimum. */
const clocksUnsure: Check = ({ metrics }) =>
  Object.entries(metrics).flatMap(([name, value]) => {
    if (!isDistribution(value) || value.uncertainty === undefined) return [];
    const untold = Object.keys(value.reasons ?? {}).filter((point) => point !== 'min');
    if (untold.length === 0) return [];
    const message = `the agents’ clocks may be off by ${formatDurationUs(value.uncertainty)}, which is too much to tell ${untold.join(', ')} of ${name}`;
    return warn('CLOCKS_UNSURE', message);
  });

const foreignQueries: Check = ({ input }) => {
  const { windowStart, windowEnd } = input.readings;
  const count = (windowEnd.statements.foreign ?? 0) - (windowStart.statements.foreign ?? 0);
  return count > 0 ? warn('FOREIGN_QUERIES', `database queries of others that fell into the window: ${count}`) : [];
};

const lateArrivals: Check = ({ totals }) => {
  const { lateArrivals: late, due } = totals.window;
  return late > 0.01 * due
    ? warn('GENERATOR_LATE', `${late} of ${due} polls were sent more than 10 ms after they were due`)
    : [];
};

/** Outcomes of the system, not faults of the run. */
const saturated: Check = ({ input, totals, metrics }) => {
  const failedShare = totals.window.due === 0 ? 0 : totals.window.failed / totals.window.due;
  const skippedShare = totals.window.due === 0 ? 0 : totals.window.skipped / totals.window.due;
  const timeouts = scalarOf(metrics['db.poolTimeouts']) ?? 0;
  const waitUs = p99Of(metrics['db.poolWaitUs']) ?? 0;
  const signs = [
    ...(failedShare > 0.01 && input.plan.fault === null
      ? [`${(100 * failedShare).toFixed(1)} % of the polls failed`]
      : []),
    ...(skippedShare > 0.01
      ? [`${(100 * skippedShare).toFixed(1)} % of the polls skipped (so requestUs leaves out the worst waits)`]
      : []),
    ...(timeouts > 0 ? [`${timeouts} pool time-outs`] : []),
    ...(waitUs > 100_000 ? [`a pool wait p99 of ${formatDurationUs(waitUs)}`] : []),
  ];
  return signs.length === 0 ? [] : warn('SYSTEM_SATURATED', `the system could not keep up: ${signs.join(', ')}`);
};

/** Theory and measurement part by more than 5 %, three standard errors and one count. */
const theoryDeviates: Check = ({ metrics, theory }) => {
  const oneQuery = 60e6 / theory.plan.windowUs;
  const comparisons = [
    {
      name: 'db.queriesPerMinute',
      measured: scalarOf(metrics['db.queriesPerMinute']),
      expectation: expectedQueriesPerMinute(theory),
      oneCount: oneQuery,
    },
    {
      name: 'freshnessUs',
      measured: isDistribution(metrics.freshnessUs) ? metrics.freshnessUs.p50 : null,
      expectation: expectedFreshnessP50(theory),
      oneCount: 0,
    },
  ] as const;
  return comparisons.flatMap(({ name, measured, expectation, oneCount }) => {
    if (measured === null || expectation === null) return [];
    const allowed = Math.max(0.05 * expectation.value, 3 * expectation.standardError, 1.0001 * oneCount);
    if (Math.abs(measured - expectation.value) <= allowed) return [];
    const format = metricOf(name).unit === 'us' ? formatDurationUs : formatNumber;
    return warn(
      'THEORY_DEVIATES',
      `${name} is ${format(measured)} where arithmetic expects ${format(expectation.value)} (${expectation.because})`,
    );
  });
};

const checks: readonly Check[] = [
  agentLost,
  clientsMissing,
  shardCeiling,
  published,
  reconciled,
  actionsEnded,
  witnessesAgree,
  generatorError,
  publisherLate,
  lateArrivals,
  attemptsLate,
  warmUpUnfinished,
  windowOverrun,
  clockStep,
  clocksUnsure,
  foreignQueries,
  missedUpdates,
  saturated,
  theoryDeviates,
];
