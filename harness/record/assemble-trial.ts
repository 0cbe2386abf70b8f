// A trial's readings and results → its metrics, witnesses and findings. Each figure of the catalogue is made here, once.

import { metricNames as serverMetrics } from '../../servers/protocol.ts';
import type { ForeignSubject } from '../contract/foreign.ts';
import { createHistogram, type Histogram, recordUs } from '../contract/histogram.ts';
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue, TrialRecord } from '../contract/record.ts';
import { spellDurationUs } from '../contract/units.ts';
import { worstError } from '../measure/canary.ts';
import { examineHealth } from '../measure/health.ts';
import { voidFigures } from '../measure/lateness.ts';
import { connectionsByNode } from '../measure/node-shares.ts';
import { histogramBetween } from '../measure/prometheus.ts';
import {
  type CpuReading,
  cpuMsPerSecond,
  gaugeOverServers,
  type Reading,
  type SystemPart,
  systemParts,
} from '../measure/reading.ts';
import { type SwarmTotals, totalsOf } from '../measure/swarm-totals.ts';
import { hasRestarted, holdsUpChanges, isInWindow, serviceFaultIn, type TrialInput } from '../measure/trial-input.ts';
import { countWitnesses } from '../measure/witnesses.ts';
import {
  expectedFreshnessP50,
  expectedMissed,
  expectedQueriesPerMinute,
  expectedQueriesPerUpdate,
  expectedUnchangedShare,
  type TheoryInput,
} from '../model/theory.ts';
import { contenderSettings, settingOf } from '../plan/contender.ts';
import { clientSettings } from '../plan/foreign-contender.ts';
import type { VanishingWay } from '../plan/population.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { aboveIdle, idleNoise } from './above-idle.ts';
import { actionMetrics } from './action-metrics.ts';
import { agentRecords, generatorErrorsIn } from './agent-records.ts';
import { withUncertainty } from './clock-uncertainty.ts';
import { connectMetrics } from './connect-metrics.ts';
import { deployEvents, deployMetrics } from './deploy-metrics.ts';
import { changesInWindow, foreignMetrics, withoutUnseen } from './foreign-metrics.ts';
import { nodeMetrics } from './node-metrics.ts';
import { expectedLoss, outageEvents, outageMetrics } from './outage-metrics.ts';
import { mostOf, populationMetrics, vanishedClients, vanishingEvents } from './population-metrics.ts';
import { faultEvents, stormMetrics, timelineOf } from './storm-metrics.ts';
import { distribution, estimated, scalar } from './values.ts';

type Metrics = Partial<Record<MetricName, MetricValue>>;

/** What the figures are made of. */
interface Basis {
  readonly input: TrialInput;
  readonly totals: SwarmTotals;
  readonly theory: TheoryInput;
  readonly isPolling: boolean;
  readonly asks: boolean;
}

const minute = 60e6;

export function assembleTrial(given: TrialInput): Omit<TrialRecord, 'phasesUs'> {
  const input = sinceRestart(given);
  const { plan } = input;
  const totals = totalsOf(input.results);
  const updatesInWindow = changesInWindow(input);
  const { requestUncorrectedUs } = totals.histograms;
  const queryUs = requestUncorrectedUs.totalCount === 0 ? 0 : requestUncorrectedUs.getValueAtPercentile(50);
  const isPolling = plan.contender.transport === 'polling';
  const basis: Basis = {
    input,
    totals,
    theory: { plan, updatesInWindow, queryUs, clientsByNode: connectionsByNode(input.readings.windowStart, plan) },
    isPolling,
    asks: isPolling || plan.contender.transport === 'long-polling',
  };
  const measured: Metrics = {
    ...databaseMetrics(basis),
    ...freshnessMetrics(basis),
    ...requestMetrics(basis),
    ...wireMetrics(basis),
    ...deliveryMetrics(basis),
    ...connectMetrics(input, totals),
    ...costMetrics(basis),
    ...sessionMetrics(basis),
    ...nodeMetrics(given, input, basis.asks),
    ...generatorMetrics(basis),
    ...stormMetrics(input, totals),
    ...deployMetrics(input, totals),
    ...outageMetrics(input, totals),
    ...populationMetrics(input),
    ...actionMetrics(input, totals, basis.theory),
    ...foreignMetrics(input, totals),
  };
  const { agents = [] } = agentRecords(input);
  const metrics = withUncertainty(withoutUnseen(measured, input), agents, occasionOf(basis));
  const witnesses = countWitnesses(input, totals);
  const health = examineHealth({ input, totals, metrics, witnesses, theory: basis.theory });
  return {
    scenario: plan.scenario,
    contender: plan.contender.name,
    transport: plan.contender.transport,
    settings: recordedSettings(plan, input.vanishing?.by ?? null),
    repetition: plan.repetition,
    clients: plan.clients,
    audiences: plan.audiences,
    windowUs: input.readings.windowEnd.statements.atUs - input.readings.windowStart.statements.atUs,
    metrics: voidFigures(metrics, health),
    timeline: timelineOf(input, totals),
    events: changeEvents(input).concat(
      faultEvents(input),
      deployEvents(input),
      outageEvents(input),
      vanishingEvents(input),
    ),
    witnesses,
    health,
    ...(agents.length > 0 && { agents }),
  };
}

/** What a fault ended took its counters along: those of its successor count from 0, and its CPU time is lost. */
function sinceRestart(input: TrialInput): TrialInput {
  const service = serviceFaultIn(input)?.service ?? null;
  if (service !== null) return forgetting(input, (reading) => ({ ...reading, cpu: cpuWithout(reading, service) }));
  if (!hasRestarted(input)) return input;
  return forgetting(input, (reading) => ({
    ...reading,
    metrics: reading.metrics.map((metrics, index) => (index < input.plan.nodes ? new Map() : metrics)),
    cpu: cpuWithout(reading, 'servers'),
    socketBytes: null,
  }));
}

function forgetting(input: TrialInput, forget: (reading: Reading) => Reading): TrialInput {
  const { controlStart, controlEnd, windowStart } = input.readings;
  return {
    ...input,
    readings: {
      ...input.readings,
      controlStart: forget(controlStart),
      controlEnd: forget(controlEnd),
      windowStart: forget(windowStart),
    },
  };
}

function cpuWithout({ cpu }: Reading, part: SystemPart): Reading['cpu'] {
  const without = (reading: CpuReading) => ({
    ...reading,
    cpuUs: { ...reading.cpuUs, [part]: null },
    serversUs: part === 'servers' ? [] : reading.serversUs,
  });
  return { before: without(cpu.before), after: without(cpu.after) };
}

function changeEvents({ published, startUs }: TrialInput): TrialRecord['events'] {
  return published.slice(0, 1_000).map(({ audience, version, committedUs }) => ({
    kind: 'change',
    atUs: Math.round(committedUs - startUs),
    untilUs: null,
    what: `change ${version} of dashboard ${audience} committed`,
  }));
}

function databaseMetrics({ input, theory }: Basis): Metrics {
  const { windowStart, windowEnd, atRest, controlStart } = input.readings;
  const reason = input.statements.available
    ? 'pg_stat_statements could not be read, or lost its count in the window'
    : input.statements.reason;
  const lengthUs = windowEnd.statements.atUs - windowStart.statements.atUs;
  const gained = (pick: (reading: Reading) => number | null) => {
    const count = difference(pick(windowEnd), pick(windowStart));
    return count === null || count < 0 ? null : count;
  };
  const queries = gained(({ statements }) => statements.queries);
  const perMinute = (count: number | null) => (count === null ? null : (count * minute) / lengthUs);
  const others = gained(({ statements }) => statements.others);
  const toldByServers = (name: MetricName, read: () => number | null) =>
    hasRestarted(input) ? scalar(name, null, replaced) : scalar(name, read(), 'the servers’ /metrics do not tell');
  const waits = mergeBetween(windowStart, windowEnd, serverMetrics.poolWait);
  return {
    'db.queriesPerMinute': scalar('db.queriesPerMinute', perMinute(queries), reason, expectedQueriesPerMinute(theory)),
    'db.otherStatementsPerMinute': scalar('db.otherStatementsPerMinute', perMinute(others), reason),
    'db.queriesPerUpdate': scalar(
      'db.queriesPerUpdate',
      queries === null || theory.updatesInWindow === 0 ? null : queries / theory.updatesInWindow,
      input.statements.available ? 'no change was intended in the window' : reason,
      expectedQueriesPerUpdate(theory),
    ),
    'db.queriesFailed': toldByServers('db.queriesFailed', () =>
      counted(serverMetrics.queriesFailed, controlStart, atRest),
    ),
    'db.poolWaitUs': hasRestarted(input)
      ? scalar('db.poolWaitUs', null, replaced)
      : distribution('db.poolWaitUs', waits, 'the servers sent no query in the window'),
    'db.poolWaiting': toldByServers('db.poolWaiting', () => mostThatWaited(input)),
    'db.poolTimeouts': toldByServers('db.poolTimeouts', () =>
      counted(serverMetrics.poolTimeouts, windowStart, windowEnd),
    ),
  };
}

function counted(name: string, from: Reading, to: Reading): number | null {
  return difference(gaugeOverServers(to, name), gaugeOverServers(from, name));
}

/** Each reading tells the peak since the last one, and where the servers' holdings are looked at there are some within the window. */
function mostThatWaited(input: TrialInput): number | null {
  const last = gaugeOverServers(input.readings.windowEnd, serverMetrics.poolWaitingPeak);
  return last === null ? null : Math.max(last, mostOf(input, ({ poolWaiting }) => poolWaiting) ?? 0);
}

function freshnessMetrics({ input, totals, theory }: Basis): Metrics {
  const { vanishing, plan, startUs } = input;
  // A screen that is gone is neither stale nor fresh.
  const goneUs =
    vanishing === null ? 0 : vanishedClients(input) * Math.max(0, startUs + plan.windowUs - vanishing.atUs);
  const screenUs = totals.windowUs * plan.clients - goneUs;
  return {
    freshnessUs: distribution('freshnessUs', totals.histograms.freshnessUs, noFreshness(input), {
      censored: totals.censored,
      expectation: expectedFreshnessP50(theory),
    }),
    staleShare: scalar(
      'staleShare',
      screenUs === 0 ? null : totals.window.staleUs / screenUs,
      'the window had no length',
    ),
  };
}

/** A change makes a screen stale by the publisher's clock and fresh by the client's; a cut does both by the client's. */
function occasionOf({ input: { outage, plan }, totals }: Basis) {
  const cuts = totals.sessions.flatMap(({ returns }) => returns).reduce((sum, { losses }) => sum + losses, 0);
  const outageUs = outage === null ? 0 : outage.untilUs - outage.atUs;
  return {
    isBetweenAgents: plan.acting !== null,
    edges: totals.histograms.freshnessUs.totalCount + totals.censored + plan.clients + 2 * cuts,
    screenUs: (name: MetricName) => plan.clients * (name === 'outage.staleShare' ? outageUs : totals.windowUs),
  };
}

function noFreshness({ plan: { contender } }: TrialInput): string {
  return contender.foreign?.changes === 'theirs'
    ? 'no message told of a change in the window and when it was made'
    : 'no change was intended in the window';
}

function requestMetrics({ totals, isPolling, asks, theory }: Basis): Metrics {
  const { window, histograms } = totals;
  const noPolls = isPolling ? 'no poll was due in the window' : 'this contender does not poll on a schedule';
  const noAnswers = asks ? 'no answer came in the window' : 'this contender is pushed to and asks nothing';
  return {
    requestUs: distribution('requestUs', isPolling ? histograms.requestUs : null, noPolls, { censored: window.failed }),
    requestUncorrectedUs: distribution(
      'requestUncorrectedUs',
      isPolling ? histograms.requestUncorrectedUs : null,
      noPolls,
      { censored: window.failed },
    ),
    'http.unchangedShare': scalar(
      'http.unchangedShare',
      asks && window.answers > 0 ? window.unchanged / window.answers : null,
      noAnswers,
      expectedUnchangedShare(theory),
    ),
    'http.failedShare': scalar(
      'http.failedShare',
      isPolling && window.due > 0 ? window.failed / window.due : null,
      noPolls,
    ),
    'http.skippedShare': scalar(
      'http.skippedShare',
      isPolling && window.due > 0 ? window.skipped / window.due : null,
      noPolls,
    ),
  };
}

function wireMetrics({ input, totals, theory }: Basis): Metrics {
  const { bytesIn, bytesOut, payloadIn, payloadOut } = totals.traffic;
  const clientMinutes = (totals.windowUs / minute) * input.plan.clients;
  const watched = (theory.updatesInWindow * input.plan.clients) / input.plan.audiences;
  const total = bytesIn + bytesOut;
  return {
    'wire.bytesInPerClientMinute': scalar(
      'wire.bytesInPerClientMinute',
      bytesIn / clientMinutes,
      'the window had no length',
    ),
    'wire.bytesOutPerClientMinute': scalar(
      'wire.bytesOutPerClientMinute',
      bytesOut / clientMinutes,
      'the window had no length',
    ),
    'wire.bytesPerUpdate': scalar('wire.bytesPerUpdate', total / watched, 'no change was intended in the window'),
    'wire.headerShare': scalar(
      'wire.headerShare',
      total === 0 ? null : 1 - (payloadIn + payloadOut) / total,
      'no bytes flowed in the window',
    ),
  };
}

function deliveryMetrics({ input, totals, theory }: Basis): Metrics {
  const { delivered, superseded, missed, duplicate, outOfOrder } = totals.trial;
  const tally = (name: MetricName, value: number) => ({ [name]: scalar(name, value, '') });
  return {
    ...tally('updates.published', input.published.length),
    ...tally('updates.delivered', delivered),
    ...tally('updates.superseded', superseded),
    'updates.missed': scalar(
      'updates.missed',
      missed,
      '',
      expectedMissed(theory, input.published) ?? expectedLoss(input),
    ),
    ...tally('updates.duplicate', duplicate),
    ...tally('updates.outOfOrder', outOfOrder),
    deliveryRatio: scalar(
      'deliveryRatio',
      totals.expected === 0 ? null : 1 - missed / totals.expected,
      'no change was published',
    ),
    'connect.us': distribution('connect.us', totals.histograms.connectUs, 'no client connected'),
    'connect.failures': scalar('connect.failures', totals.trial.connectFailures, ''),
  };
}

const replaced = 'the fault ended the servers of the window’s start, and their counters with them';
const serviceReplaced = 'the fault ended the process of the window’s start, and its account with it';

const unseenReasons: Readonly<Record<SystemPart, string>> = {
  servers: 'CPU time is read from /proc, which this system lacks',
  relay: 'this contender has no relay',
  redis: 'this contender uses no Redis, or Redis is not ours to see',
  postgres: 'Postgres is not ours to see, or this system lacks /proc',
  nginx: 'this contender has no balancer',
};

const partMetrics = {
  servers: 'server.cpuMsPerSecond',
  relay: 'relay.cpuMsPerSecond',
  redis: 'redis.cpuMsPerSecond',
  postgres: 'db.cpuMsPerSecond',
  nginx: 'nginx.cpuMsPerSecond',
} as const satisfies Record<SystemPart, MetricName>;

function unseenReasonOf(part: SystemPart, input: TrialInput): string {
  if (part === 'servers' && hasRestarted(input)) return replaced;
  if (part === 'servers' && input.plan.contender.foreign !== undefined)
    return 'the server’s metrics tell no process_cpu_seconds_total, or it cannot be seen';
  return part === serviceFaultIn(input)?.service ? serviceReplaced : unseenReasons[part];
}

/** CPU above the idle control. */
function cpuMetrics({ input }: Basis): Metrics {
  const { controlStart, controlEnd, windowStart, windowEnd } = input.readings;
  const rates = systemParts.map((part) => ({
    part,
    busy: cpuMsPerSecond(windowStart, windowEnd, part),
    idle: cpuMsPerSecond(controlStart, controlEnd, part),
  }));
  const noise = idleNoise(input.plan);
  const figure = (name: MetricName, busy: number | null, idle: number | null, unseen: string) => {
    if (busy === null || idle === null) return scalar(name, null, unseen);
    // An idle nginx does nothing at all, and collects no garbage.
    if (name === 'nginx.cpuMsPerSecond') return scalar(name, Math.max(0, busy - idle), unseen);
    return aboveIdle(name, { busy, idle, noise });
  };
  const absent: readonly SystemPart[] = [
    ...(input.hasRelay ? [] : (['relay', 'redis'] as const)),
    ...(input.plan.balancing === null ? (['nginx'] as const) : []),
  ];
  const present = rates.filter(({ part }) => !absent.includes(part));
  const unseen = present.filter(({ busy, idle }) => busy === null || idle === null).map(({ part }) => part);
  const sum = (pick: 'busy' | 'idle') =>
    unseen.length > 0 ? null : present.reduce((total, rate) => total + (rate[pick] ?? 0), 0);
  return {
    'system.cpuMsPerSecond': figure(
      'system.cpuMsPerSecond',
      sum('busy'),
      sum('idle'),
      `the CPU time of ${unseen.join(', ')} cannot be seen`,
    ),
    ...Object.fromEntries(
      rates.map(({ part, busy, idle }) => {
        const name = partMetrics[part];
        const unseen = unseenReasonOf(part, input);
        return [name, figure(name, busy, idle, unseen)];
      }),
    ),
  };
}

function costMetrics(basis: Basis): Metrics {
  const { plan, readings } = basis.input;
  const { controlEnd, windowStart, windowEnd } = readings;
  const growth = difference(
    addKnown(windowEnd.rssBytes, windowEnd.socketBytes),
    addKnown(controlEnd.rssBytes, controlEnd.socketBytes),
  );
  const isTooFew = plan.clients < 1_000;
  return {
    ...cpuMetrics(basis),
    'server.eventLoopDelayUs': distribution(
      'server.eventLoopDelayUs',
      mergeBetween(windowStart, windowEnd, serverMetrics.eventLoopDelay),
      'the servers’ /metrics do not tell',
    ),
    'server.rssBytes': scalar(
      'server.rssBytes',
      windowEnd.rssBytes,
      'resident memory is read from /proc, which this system lacks',
    ),
    'memory.bytesPerClient': scalar(
      'memory.bytesPerClient',
      isTooFew || growth === null || growth <= 0 ? null : growth / plan.clients,
      isTooFew
        ? 'fewer than 1,000 clients: their memory drowns in the noise of the heap'
        : hasRestarted(basis.input)
          ? replaced
          : 'the servers did not grow, or this system lacks /proc',
    ),
  };
}

function sessionMetrics({ totals }: Basis): Metrics {
  const losses = totals.sessions.flatMap(({ returns }) => returns).reduce((sum, each) => sum + each.losses, 0);
  return { 'sessions.lost': scalar('sessions.lost', losses, '') };
}

function generatorMetrics({ input, totals, isPolling }: Basis): Metrics {
  const lag = createHistogram();
  for (const change of input.published)
    if (isInWindow(change, input) && !isHeldUp(change, input)) recordUs(lag, change.sentUs - change.intendedUs);
  const error = worstError(generatorErrorsIn(input).values());
  return {
    'generator.errorUs': estimated('generator.errorUs', error, noError(input)),
    'generator.cpuShare': scalar('generator.cpuShare', totals.busiestCpuShare, ''),
    'generator.eventLoopDelayUs': distribution(
      'generator.eventLoopDelayUs',
      totals.histograms.eventLoopDelayUs,
      'the shards’ timers never fired in the window',
    ),
    'generator.publishLagUs': distribution('generator.publishLagUs', lag, 'nothing was published in the window'),
    'generator.lateArrivals': scalar(
      'generator.lateArrivals',
      isPolling ? totals.window.lateArrivals : null,
      'this contender does not poll on a schedule',
    ),
  };
}

function noError({ plan: { clients }, results: { canaries } }: TrialInput): string {
  if (clients < 10) return 'fewer than 10 clients: no canary beside them';
  return canaries.length === 0 ? 'the canaries were lost' : 'no canary saw what its neighbours saw';
}

/** A publisher that was refused makes what it has kept within this time after the return. */
const backlogUs = 500_000;

/** What was away on purpose is no lateness of the publisher's. */
function isHeldUp({ intendedUs, committedUs }: TrialInput['published'][number], input: TrialInput): boolean {
  const { outage } = input;
  if (outage === null || !holdsUpChanges(input.plan)) return false;
  return intendedUs < outage.untilUs + backlogUs && committedUs >= outage.atUs;
}

function mergeBetween(from: Reading, to: Reading, name: string): Histogram | null {
  const merged = createHistogram();
  let seen = false;
  to.metrics.forEach((after, index) => {
    const part = histogramBetween(from.metrics[index] ?? new Map(), after, name);
    if (part === null) return;
    merged.add(part);
    seen = true;
  });
  return seen ? merged : null;
}

function difference(after: number | null, before: number | null): number | null {
  return after === null || before === null ? null : after - before;
}

/** All settings this trial ran under, as the command line spells them. */
function recordedSettings(plan: TrialPlan, by: VanishingWay | null): TrialRecord['settings'] {
  const own = Object.entries(contenderSettings).filter(([, { transports }]) =>
    transports.includes(plan.contender.transport),
  );
  const { foreign } = plan.contender;
  if (foreign !== undefined) return foreignSettings(plan, foreign);
  const spelled = own.map(([name, { setting }]) => {
    const value = settingOf(plan.contender, name);
    return [name, setting.kind === 'duration' ? spellDurationUs(Number(value)) : value] as const;
  });
  return {
    ...Object.fromEntries(spelled.filter(([name]) => name !== 'interval')),
    'poll-interval': spellDurationUs(plan.pollIntervalUs),
    ...(plan.acting === null
      ? { 'update-interval': spellDurationUs(plan.updateIntervalUs) }
      : { 'action-interval': spellDurationUs(plan.acting.everyUs) }),
    updates: plan.updates,
    duration: spellDurationUs(plan.windowUs),
    payload: plan.payloadBytes,
    'query-cost': spellDurationUs(plan.queryCostUs),
    'pool-size': plan.poolSize,
    'pool-timeout': spellDurationUs(plan.poolTimeoutUs),
    late: plan.late,
    'connect-rate': plan.connectRate,
    control: spellDurationUs(plan.controlUs),
    ...(plan.vanishing !== null && {
      vanish: plan.vanishing.percent,
      'vanish-at': spellDurationUs(plan.vanishing.atUs),
      'vanish-by': by ?? plan.vanishing.by,
    }),
    ...(plan.slow !== null && { slow: plan.slow.percent, 'slow-pause': spellDurationUs(plan.slow.pauseUs) }),
    ...(plan.churn !== null && {
      stay: spellDurationUs(plan.churn.stayUs),
      away: spellDurationUs(plan.churn.awayUs),
    }),
    ...(plan.balancing !== null && networkSettingsOf(plan)),
    ...(plan.fault !== null && {
      fault: plan.fault.kind,
      'fault-at': spellDurationUs(plan.fault.atUs),
      down: spellDurationUs(plan.fault.downUs),
      ...(plan.fault.rolling && { every: spellDurationUs(plan.fault.rolling.everyUs) }),
      ...(plan.fault.quietUs > 0 && { quiet: spellDurationUs(plan.fault.quietUs) }),
    }),
    seed: plan.seed,
  };
}

function networkSettingsOf({ network: { oneAddress, proxyTimeoutUs } }: TrialPlan): TrialRecord['settings'] {
  return {
    sources: oneAddress ? 'one' : 'many',
    ...(proxyTimeoutUs !== null && { 'proxy-timeout': spellDurationUs(proxyTimeoutUs) }),
  };
}

/** What concerns the clients; all else is its owner's. */
function foreignSettings(plan: TrialPlan, { url, changes }: ForeignSubject): TrialRecord['settings'] {
  const { contender, fault } = plan;
  const own = clientSettings
    .filter((name) => name !== 'interval' && contenderSettings[name]?.transports.includes(contender.transport))
    .map((name) => [name, settingOf(contender, name)] as const);
  return {
    target: url,
    ...Object.fromEntries(own),
    ...(contender.transport === 'polling' && {
      'poll-interval': spellDurationUs(plan.pollIntervalUs),
      late: plan.late,
    }),
    ...(changes === 'ours' && { 'update-interval': spellDurationUs(plan.updateIntervalUs), updates: plan.updates }),
    duration: spellDurationUs(plan.windowUs),
    'connect-rate': plan.connectRate,
    control: spellDurationUs(plan.controlUs),
    ...(fault !== null && {
      fault: fault.kind,
      'fault-at': spellDurationUs(fault.atUs),
      down: spellDurationUs(fault.downUs),
    }),
    seed: plan.seed,
  };
}

function addKnown(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
