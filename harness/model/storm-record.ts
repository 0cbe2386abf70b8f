// A simulated storm → the form in which a trial records a measured one, so that the same reports can draw both.
import { createHistogram, recordUs, summarize } from '../contract/histogram.ts';
import { metricOf } from '../contract/metrics.ts';
import type { TrialRecord } from '../contract/record.ts';
import type { Storm, StormModel } from './storm.ts';

export type SimulatedStorm = Pick<
  TrialRecord,
  'contender' | 'transport' | 'clients' | 'settings' | 'metrics' | 'timeline' | 'events'
>;

const stepUs = 100_000;
/** All are connected for a while, so that a chart shows what they lose. */
const leadUs = 500_000;

/** Every transport's clients come back alike here; the contender says how they were, or would be, measured. */
export function describeStorm(
  { contender, transport }: Pick<TrialRecord, 'contender' | 'transport'>,
  model: StormModel,
  storm: Storm,
): SimulatedStorm {
  return {
    contender,
    transport,
    clients: model.clients,
    settings: {
      down: model.downUs,
      // JSON knows no infinity.
      ...(Number.isFinite(model.server.acceptsPerSecond) && { acceptsPerSecond: model.server.acceptsPerSecond }),
      ...(Number.isFinite(model.server.completesPerSecond) && { completesPerSecond: model.server.completesPerSecond }),
      serviceUs: model.server.serviceUs,
      backlog: model.server.backlog,
      seed: model.seed,
    },
    metrics: describeMetrics(model, storm),
    timeline: { stepUs, series: describeSeries(model, storm) },
    events: [{ kind: 'fault', atUs: leadUs, untilUs: leadUs + model.downUs, what: 'server down' }],
  };
}

function describeMetrics({ clients, downUs }: StormModel, storm: Storm): TrialRecord['metrics'] {
  const attempts = storm.attempted.total;
  const recoveryUs = createHistogram();
  const back = storm.recoveryUs.filter((us) => us < Number.POSITIVE_INFINITY);
  for (const us of back) recordUs(recoveryUs, us);
  const scalar = (name: 'attempts' | 'attemptsPerClient' | 'gaveUp' | 'listenOverflows', value: number) => ({
    [`storm.${name}`]: { unit: metricOf(`storm.${name}`).unit, value },
  });
  const peak = (name: 'peakAttemptsPerSecond' | 'peakWhileDownPerSecond', fromUs: number, toUs: number) => ({
    [`storm.${name}`]: {
      unit: metricOf(`storm.${name}`).unit,
      value: storm.attempted.busiestPerSecond(fromUs, toUs),
    },
  });
  return {
    ...scalar('attempts', attempts),
    ...scalar('attemptsPerClient', attempts / clients),
    ...peak('peakAttemptsPerSecond', downUs, Number.POSITIVE_INFINITY),
    ...peak('peakWhileDownPerSecond', 0, downUs),
    'storm.recoveryUs': summarize(recoveryUs, 'us', clients - back.length),
    ...scalar('gaveUp', storm.gaveUp),
    ...scalar('listenOverflows', storm.overflows),
  };
}

function describeSeries(
  { clients, downUs }: StormModel,
  { attempted, accepted, failed }: Storm,
): Record<string, number[]> {
  const endUs = Math.max(attempted.endUs, accepted.endUs, failed.endUs, downUs + stepUs);
  const lead = leadUs / stepUs;
  const series = (counts: Storm['attempted']) => [
    ...Array.from({ length: lead }, () => 0),
    ...counts.series(stepUs, Math.ceil(endUs / stepUs)),
  ];
  const connectsAccepted = series(accepted);
  let connected = 0;
  return {
    connectAttempts: series(attempted),
    connectsAccepted,
    connectsRefused: series(failed),
    clientsConnected: connectsAccepted.map((count, step) => {
      connected += count;
      return step < lead ? clients : connected;
    }),
  };
}
