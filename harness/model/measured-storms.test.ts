// Storms with a server that is known, recorded as if they had been measured: what is read back must be that server.
import { expect, test } from 'vitest';
import { createHistogram, recordUs, summarize } from '../contract/histogram.ts';
import type { RunRecord, TrialRecord } from '../contract/record.ts';
import { backoffOfContender, parseContender } from '../plan/contender.ts';
import { faultMeanings } from '../plan/fault.ts';
import { measuredStorms } from './measured-storms.ts';
import { type StormModel, simulateStorm } from './storm.ts';
import { describeStorm } from './storm-record.ts';

const clients = 2_000;
const server = { acceptsPerSecond: Number.POSITIVE_INFINITY, completesPerSecond: 800, serviceUs: 2_000, backlog: 511 };

function modelOf(name: string): StormModel {
  const parsed = parseContender(name);
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  const backoff = backoffOfContender(parsed.contender);
  return { clients, backoff, downUs: 4_300_000, server, seed: 5 };
}

function trialOf(name: string, from = server, what: string = faultMeanings.kill): TrialRecord {
  const model = { ...modelOf(name), server: from };
  const described = describeStorm({ contender: name, transport: 'websocket' }, model, simulateStorm(model));
  const connects = createHistogram();
  recordUs(connects, server.serviceUs, clients);
  return {
    ...described,
    scenario: 'reconnect-storm',
    repetition: 1,
    settings: { seed: model.seed },
    metrics: {
      ...described.metrics,
      'connect.us': summarize(connects, 'us'),
    },
    events: described.events.map((event) => ({ ...event, what })),
  } as unknown as TrialRecord;
}

function recordOf(trials: readonly TrialRecord[]): RunRecord {
  return { seed: 42, trials, environment: { limits: { listenBacklog: 4096 } } } as unknown as RunRecord;
}

const names = ['websocket+backoff=fixed', 'websocket+backoff=exponential', 'websocket+backoff=exponential+jitter=full'];

test('a server and every storm are found again in a record', () => {
  const storms = measuredStorms(recordOf(names.map((name) => trialOf(name))));
  expect(storms.map(({ trial }) => trial.contender)).toEqual(names);
  for (const { trial, model } of storms) {
    const known = modelOf(trial.contender);
    expect(model).toMatchObject({ clients, downUs: known.downUs, seed: known.seed, backoff: known.backoff });
    expect(model.server.completesPerSecond / server.completesPerSecond).toBeCloseTo(1, 1);
    expect(model.server).toMatchObject({ backlog: 511, serviceUs: server.serviceUs });
    const [again, before] = [simulateStorm(model), simulateStorm(known)];
    const last = (us: Float64Array) => Math.max(...us);
    expect(last(again.recoveryUs) / last(before.recoveryUs)).toBeCloseTo(1, 1);
  }
});

test('servers that differ are told apart, whatever their clients do', () => {
  const cached = `${names[0]}+snapshot=cached`;
  const storms = measuredStorms(
    recordOf([trialOf(names[0] ?? ''), trialOf(cached, { ...server, completesPerSecond: 2_000 })]),
  );
  const pace = (name: string) => storms.find(({ trial }) => trial.contender === name)?.server.completesPerSecond ?? 0;
  expect(pace(names[0] ?? '') / 800).toBeCloseTo(1, 1);
  expect(pace(cached) / 2_000).toBeCloseTo(1, 1);
});

test('what is no storm that can be simulated is left out', () => {
  expect(measuredStorms(recordOf([trialOf(names[0] ?? '', server, faultMeanings.stall)]))).toEqual([]);
});

test('a server that turns clients away is left out: its pace is not what lets them in', () => {
  const limited = { ...trialOf(names[0] ?? ''), settings: { seed: 5, admit: 200 } };
  expect(measuredStorms(recordOf([limited]))).toEqual([]);
});
