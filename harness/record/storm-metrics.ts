// The figures of a reconnect storm. A trial without a fault has none of them: no figure, rather than one that says 0.
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue, TrialRecord } from '../contract/record.ts';
import { poolWaitSeries } from '../measure/pool-waits.ts';
import { staleSeries } from '../measure/stale.ts';
import { sessionSeries, stormFigures } from '../measure/storm.ts';
import { everyShard, type SwarmTotals } from '../measure/swarm-totals.ts';
import type { TrialInput } from '../measure/trial-input.ts';
import { serviceFaultOf } from '../plan/service-fault.ts';
import { populationSeries } from './population-metrics.ts';
import { distribution, scalar } from './values.ts';

export function stormMetrics(input: TrialInput, totals: SwarmTotals): Partial<Record<MetricName, MetricValue>> {
  const { outage, plan, startUs } = input;
  if (outage === null || outage.kind === 'rolling' || serviceFaultOf(outage.kind) !== null) return {};
  const figures = stormFigures(totals.sessions, outage, startUs);
  const nobody = 'no client lost its connection';
  const down = outage.untilUs > outage.atUs ? figures.peakWhileDownPerSecond : null;
  return {
    'storm.attempts': scalar('storm.attempts', figures.attempts, ''),
    'storm.attemptsPerClient': scalar(
      'storm.attemptsPerClient',
      figures.clientsLost === 0 ? null : figures.attempts / figures.clientsLost,
      nobody,
    ),
    'storm.peakAttemptsPerSecond': scalar('storm.peakAttemptsPerSecond', figures.peakAttemptsPerSecond, ''),
    'storm.peakWhileDownPerSecond': scalar('storm.peakWhileDownPerSecond', down, 'the server was never away'),
    'storm.recoveryUs': distribution('storm.recoveryUs', figures.recoveryUs, nobody, {
      censored: figures.notBack,
    }),
    'storm.missedAway': scalar('storm.missedAway', totals.trial.missedAway, ''),
    'storm.madeUpBySnapshot': scalar('storm.madeUpBySnapshot', totals.trial.madeUpBySnapshot, ''),
    'storm.madeUpByReplay': scalar('storm.madeUpByReplay', totals.trial.madeUpByReplay, ''),
    'storm.gaveUp': scalar('storm.gaveUp', totals.trial.gaveUp, ''),
    'storm.dbQueriesPeakPerSecond': scalar(
      'storm.dbQueriesPeakPerSecond',
      queriesPeak(input.timeline, outage.untilUs - startUs),
      'the database’s counters could not be read while the clients came back',
    ),
    'storm.listenOverflows': scalar(
      'storm.listenOverflows',
      overflows(input),
      'ListenOverflows is read from /proc/net/netstat, which this system lacks',
    ),
    'generator.attemptLagUs': distribution(
      'generator.attemptLagUs',
      totals.histograms.attemptLagUs,
      plan.contender.transport === 'polling' ? 'polls come at their ticks, whatever happened' : nobody,
    ),
  };
}

/** The fault as an event of the timeline. */
export function faultEvents({ outage, startUs }: TrialInput): TrialRecord['events'] {
  if (outage === null) return [];
  const [atUs, untilUs] = [Math.round(outage.atUs - startUs), Math.round(outage.untilUs - startUs)];
  return [{ kind: 'fault', atUs, untilUs: untilUs > atUs ? untilUs : null, what: outage.what }];
}

/** Stale screens and waits for the pool stand beside the database's queries and, with a fault, the clients' comings and goings. */
export function timelineOf(input: TrialInput, totals: SwarmTotals): TrialRecord['timeline'] {
  const { plan, outage, results, readings, startUs, timeline } = input;
  const { stepUs, series } = timeline;
  const steps = Math.max(0, ...Object.values(series).map((values) => values.length));
  const shards = everyShard(results);
  const poolWaitUs = poolWaitSeries(readings.atRest.metrics, { startUs, stepUs, steps });
  return {
    stepUs,
    series: {
      ...series,
      ...populationSeries(input, steps),
      staleShare: staleSeries(shards, { ...plan, stepUs }),
      ...(poolWaitUs === null ? {} : { poolWaitUs }),
      ...(outage === null ? {} : sessionSeries(totals.sessions, { stepUs, stepsAtLeast: steps })),
    },
  };
}

/** Of the busiest step that began after this moment, as a rate; `null` where none could be read. */
export function queriesPeak({ stepUs, series }: TrialRecord['timeline'], fromUs: number): number | null {
  const after = (series.dbQueries ?? []).slice(Math.ceil(fromUs / stepUs)).filter((count) => count !== null);
  return after.length === 0 ? null : Math.max(...after) * (1e6 / stepUs);
}

function overflows({ readings }: TrialInput): number | null {
  const [before, after] = [readings.windowStart.listenOverflows, readings.atRest.listenOverflows];
  return before === null || after === null ? null : after - before;
}
