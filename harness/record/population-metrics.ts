// The figures of clients that vanish, read slowly, or come and go. A trial without them has none: no figure, rather than one that says 0.
import { metricNames as serverMetrics } from '../../servers/protocol.ts';
import { createHistogram, mergeHistograms, recordUs } from '../contract/histogram.ts';
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue, TrialRecord } from '../contract/record.ts';
import { bytesHeld, type Holdings, holdingNames } from '../measure/holdings.ts';
import { lossesSince, noticedAfterUs, unnoticedSeries } from '../measure/losses.ts';
import { gaugeOverServers, sumOverServers } from '../measure/reading.ts';
import { everyShard } from '../measure/swarm-totals.ts';
import { estimateTrend } from '../measure/trend.ts';
import type { TrialInput } from '../measure/trial-input.ts';
import { settingOf } from '../plan/contender.ts';
import { vanishingMeanings } from '../plan/population.ts';
import { watchedUs } from '../plan/trial-plan.ts';
import { distribution, estimated, scalar } from './values.ts';

type ShardResult = TrialInput['results']['shards'][number];
type Metrics = Partial<Record<MetricName, MetricValue>>;

export function populationMetrics(input: TrialInput): Metrics {
  return {
    ...(input.vanishing === null ? {} : vanishedMetrics(input)),
    ...(input.plan.slow === null ? {} : slowMetrics(input)),
    ...(input.plan.churn === null ? {} : soakMetrics(input)),
  };
}

/** What the timeline shows of them besides. */
export function populationSeries(input: TrialInput, steps: number): TrialRecord['timeline']['series'] {
  const { vanishing, startUs, timeline } = input;
  if (vanishing === null) return {};
  const { stepUs } = timeline;
  const options = { vanished: vanishedClients(input), fromUs: vanishing.atUs - startUs, stepUs, steps };
  return { unnoticedClients: unnoticedSeries(noticed(input), options) };
}

/** The clients' vanishing as an event of the timeline. */
export function vanishingEvents({ vanishing, startUs }: TrialInput): TrialRecord['events'] {
  if (vanishing === null) return [];
  return [
    {
      kind: 'fault',
      atUs: Math.round(vanishing.atUs - startUs),
      untilUs: null,
      what: vanishingMeanings[vanishing.by],
    },
  ];
}

/** How many there were. */
export function vanishedClients({ vanishing, results }: Pick<TrialInput, 'vanishing' | 'results'>): number {
  if (vanishing === null) return 0;
  return results.shards.filter(({ group }) => group === 'vanishing').reduce((sum, { holding }) => sum + holding, 0);
}

function vanishedMetrics(input: TrialInput): Metrics {
  const { vanishing, plan } = input;
  // Others keep no connection for a client that the server would have to end.
  if (plan.contender.transport !== 'sse' && plan.contender.transport !== 'websocket') return {};
  const vanished = vanishedClients(input);
  const inTime = noticed(input).filter((us) => us <= watchedUs(plan));
  const noticedUs = createHistogram();
  for (const us of inTime) recordUs(noticedUs, us);
  const held = mostOf(input, bytesHeld);
  const before = vanishing?.heldBeforeBytes ?? null;
  const ended = sessionsEnded(input, ({ group }) => group !== 'vanishing');
  return {
    'vanished.noticedUs': distribution('vanished.noticedUs', noticedUs, 'no client vanished', {
      censored: vanished - inTime.length,
    }),
    'vanished.unnoticed': scalar('vanished.unnoticed', vanished - inTime.length, ''),
    'vanished.falseKills': scalar('vanished.falseKills', ended, ''),
    'vanished.heldBytes': scalar(
      'vanished.heldBytes',
      held === null || before === null ? null : held - before,
      unreadable,
    ),
    ...beatMetrics(input),
  };
}

const unreadable = 'the servers’ /metrics and the kernel’s queues could not be read';

/** In an hour, from the cost of one. */
function beatMetrics({ beatCost, plan: { contender } }: TrialInput): Metrics {
  const perHour = 3_600_000_000 / Number(settingOf(contender, 'heartbeat-interval'));
  const reason = 'this contender sends no heartbeats';
  const each = (total: number | null | undefined) =>
    total === null || total === undefined || beatCost === null ? null : (total / beatCost.beats) * perHour;
  return {
    'heartbeat.bytesPerClientHour': scalar('heartbeat.bytesPerClientHour', each(beatCost?.bytes), reason),
    'heartbeat.cpuUsPerClientHour': scalar(
      'heartbeat.cpuUsPerClientHour',
      each(beatCost?.cpuUs),
      beatCost === null ? reason : 'CPU time is read from /proc, which this system lacks',
    ),
  };
}

function slowMetrics(input: TrialInput): Metrics {
  const { windowStart, atRest } = input.readings;
  const gained = (name: string, where?: Readonly<Record<string, string>>) =>
    sumOverServers(atRest, name, where) - sumOverServers(windowStart, name, where);
  const keepsUp = ({ group }: ShardResult) => group === 'ordinary' || group === 'canary';
  const others = everyShard(input.results).filter(keepsUp);
  return {
    'slow.cut': scalar('slow.cut', gained(serverMetrics.connectionsClosed, { reason: 'slow' }), ''),
    'slow.skipped': scalar('slow.skipped', gained(serverMetrics.messagesSkipped), ''),
    'slow.othersCut': scalar('slow.othersCut', sessionsEnded(input, keepsUp), ''),
    'slow.othersFreshnessUs': distribution(
      'slow.othersFreshnessUs',
      mergeHistograms(others.map(({ histograms }) => histograms.freshnessUs)),
      'no change was intended in the window',
      { censored: others.reduce((sum, { censored }) => sum + censored, 0) },
    ),
    'slow.bufferedBytes': scalar(
      'slow.bufferedBytes',
      mostOf(input, ({ bufferedBytes }) => bufferedBytes),
      unreadable,
    ),
    'server.rssPeakBytes': scalar(
      'server.rssPeakBytes',
      mostOf(input, ({ serverRssBytes }) => serverRssBytes),
      'resident memory is read from /proc, which this system lacks',
    ),
  };
}

/** While code and heap still settle, memory grows without leaking. */
const settlingShare = 1 / 3;

function soakMetrics(input: TrialInput): Metrics {
  const { timeline, plan, allGone } = input;
  const steps = inWindow(input, timeline.series.serverRssBytes ?? []);
  const settled = steps.slice(Math.floor(steps.length * settlingShare)).filter((bytes) => bytes !== null);
  const trend = estimateTrend(settled, plan.seed);
  const perHour = 3_600_000_000 / timeline.stepUs;
  const left = (name: string, where?: Readonly<Record<string, string>>) => {
    if (allGone === null) return null;
    const before = gaugeOverServers(allGone.before, name, where);
    const after = gaugeOverServers(allGone.after, name, where);
    return before === null || after === null ? null : after - before;
  };
  const untold = allGone === null ? 'the clients never left' : 'the servers’ /metrics do not tell';
  return {
    'soak.bytesPerHour': estimated(
      'soak.bytesPerHour',
      trend && { value: trend.slope * perHour, margin: trend.margin * perHour },
      'the window is too short to tell, or this system lacks /proc',
    ),
    'soak.comings': scalar(
      'soak.comings',
      everyShard(input.results).reduce((sum, { trial }) => sum + trial.opened, 0),
      '',
    ),
    'soak.connectionsLeft': scalar('soak.connectionsLeft', left(serverMetrics.connections), untold),
    'soak.timersLeft': scalar('soak.timersLeft', left(serverMetrics.resources, { type: 'Timeout' }), untold),
    'soak.socketsLeft': scalar(
      'soak.socketsLeft',
      allGone?.sockets ?? null,
      'sockets are read from /proc/net/tcp, which this system lacks',
    ),
  };
}

function noticed(input: TrialInput): number[] {
  const { vanishing, readings } = input;
  if (vanishing === null) return [];
  const living = everyShard(input.results).filter(({ group }) => group !== 'vanishing');
  return noticedAfterUs(lossesSince(readings.atRest.metrics, vanishing.atUs), {
    vanishedUs: vanishing.atUs,
    // By an agent's clock it may have seen its end before the server told of it.
    seenByLivingUs: living.flatMap(({ sessions, clock }) =>
      sessions.returns.map(({ lostUs }) => lostUs + (clock?.uncertaintyUs ?? 0)),
    ),
    vanished: vanishedClients(input),
  });
}

function sessionsEnded(input: TrialInput, whose: (shard: ShardResult) => boolean): number {
  return everyShard(input.results)
    .filter(whose)
    .flatMap(({ sessions }) => sessions.counts.lost)
    .reduce((sum, count) => sum + count, 0);
}

/** The most that the servers' holdings came to at one step of the window; `null` where none was ever read. */
export function mostOf(
  input: Pick<TrialInput, 'plan' | 'timeline'>,
  pick: (held: Partial<Holdings>) => number | null | undefined,
): number | null {
  const read = holdingNames.map((name) => [name, inWindow(input, input.timeline.series[name] ?? [])] as const);
  const steps = Math.max(0, ...read.map(([, values]) => values.length));
  const known = Array.from({ length: steps }, (_, step) =>
    pick(Object.fromEntries(read.map(([name, values]) => [name, values[step] ?? null]))),
  ).filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? null : Math.max(...known);
}

function inWindow<Value>(
  { plan, timeline }: Pick<TrialInput, 'plan' | 'timeline'>,
  values: readonly Value[],
): readonly Value[] {
  return values.slice(0, Math.round(plan.windowUs / timeline.stepUs));
}
