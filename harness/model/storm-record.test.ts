import { describe, expect, test } from 'vitest';
import { createHistogram, recordUs, summarize } from '../contract/histogram.ts';
import { runRecordJsonSchema, scalarOf } from '../contract/record.ts';
import { backoffOf } from '../plan/backoff.ts';
import { measuredServer } from './measured-server.ts';
import { simulateStorm } from './storm.ts';
import { describeStorm } from './storm-record.ts';

const clients = 1000;
const total = (counts: readonly (number | null)[] | undefined) =>
  (counts ?? []).reduce<number>((sum, count) => sum + (count ?? 0), 0);

function describeOne(name: 'article' | 'fixed' | 'signalr', downUs = 4_500_000, acceptsPerSecond = 200) {
  const server = { acceptsPerSecond, completesPerSecond: acceptsPerSecond, serviceUs: 2000, backlog: 4096 };
  const model = { clients, backoff: backoffOf(name), downUs, server, seed: 42 };
  const storm = simulateStorm(model);
  const named = { contender: `websocket+backoff=${name}`, transport: 'websocket' } as const;
  return { storm, record: describeStorm(named, model, storm) };
}

describe('a simulated storm', () => {
  test('has the metrics, series and events by which a measured one is drawn', () => {
    const { storm, record } = describeOne('article');
    const { series } = record.timeline;
    expect(Object.keys(series).sort()).toEqual([
      'clientsConnected',
      'connectAttempts',
      'connectsAccepted',
      'connectsRefused',
    ]);
    expect(new Set(Object.values(series).map(({ length }) => length)).size).toBe(1);
    expect(total(series.connectAttempts)).toBe(scalarOf(record.metrics['storm.attempts']));
    expect(total(series.connectsAccepted)).toBe(clients);
    expect(total(series.connectsRefused)).toBe(storm.failed.total);
    expect(series.clientsConnected?.slice(0, 6)).toEqual([clients, clients, clients, clients, clients, 0]);
    expect(series.clientsConnected?.at(-1)).toBe(clients);
    expect(record.events).toEqual([{ kind: 'fault', atUs: 500_000, untilUs: 5_000_000, what: 'server down' }]);
    expect(record.metrics['storm.recoveryUs']).toMatchObject({ count: clients, censored: 0 });
    const { properties } = runRecordJsonSchema() as { properties: { trials: { items: { properties: object } } } };
    for (const part of ['contender', 'clients', 'settings', 'metrics', 'timeline', 'events'])
      expect(properties.trials.items.properties).toHaveProperty(part);
  });

  test('counts who gave up as censored, and lasts at least as long as the outage', () => {
    const { record } = describeOne('signalr', 60_000_000);
    expect(scalarOf(record.metrics['storm.gaveUp'])).toBe(clients);
    expect(record.metrics['storm.recoveryUs']).toMatchObject({
      count: clients,
      censored: clients,
      p50: null,
      max: null,
    });
    expect(record.timeline.series.clientsConnected?.length).toBeGreaterThan(605);
  });
});

describe('the server of a measured storm', () => {
  const measured = (acceptsPerSecond: number) => {
    const { record } = describeOne('fixed', 4_500_000, acceptsPerSecond);
    const connects = createHistogram();
    recordUs(connects, 1500, clients);
    for (const us of [50_000, 100_000, 150_000, 200_000]) recordUs(connects, us, clients / 4);
    return {
      ...record,
      contender: `at ${acceptsPerSecond}`,
      metrics: { ...record.metrics, 'connect.us': summarize(connects, 'us') },
    };
  };

  test('is found again in the record: its rate, and what a connect takes unhurried', () => {
    expect(measuredServer([measured(200)])).toEqual({
      completesPerSecond: 200,
      serviceUs: 1500,
    });
  });

  test('is the mean of several, each by the time it was kept busy', () => {
    const { completesPerSecond = 0 } = measuredServer([measured(200), measured(800)]) ?? {};
    // 1,000 clients each: 5 s at 200 a second, 1.25 s at 800.
    expect(completesPerSecond).toBeGreaterThan(300);
    expect(completesPerSecond).toBeLessThan(340);
  });

  test('is not made up where no client was lost', () => {
    expect(measuredServer([{ ...measured(200), events: [] }])).toBeNull();
    expect(measuredServer([])).toBeNull();
  });
});
