import { describe, expect, test } from 'vitest';
import { FreshetError } from '../contract/errors.ts';
import { type RawFlags, readRequest } from './request.ts';

function flags(values: Record<string, string> = {}, more: Partial<RawFlags> = {}): RawFlags {
  return { values, set: [], quick: false, ...more };
}

function problemsOf(
  values: Record<string, string>,
  more: Partial<RawFlags> = {},
  names: readonly string[] = [],
): readonly string[] {
  try {
    readRequest(names, flags(values, more), {});
  } catch (error) {
    if (error instanceof FreshetError) return error.problems;
    throw error;
  }
  return [];
}

describe('a request', () => {
  test('without anything is the default comparison: 500 clients, five contenders, 20 s', () => {
    const { trials } = readRequest(['dashboard'], flags(), {});
    expect(trials.map(({ contender }) => contender.name)).toEqual([
      'polling',
      'polling+cache=1s',
      'long-polling',
      'sse',
      'websocket',
    ]);
    expect(trials[0]).toMatchObject({
      clients: 500,
      pollIntervalUs: 2e6,
      updateIntervalUs: 5e6,
      windowUs: 20e6,
      audiences: 1,
      repetition: 1,
    });
  });

  test('lets --set and flags set the same settings', () => {
    const bySet = readRequest([], flags({}, { set: ['clients=15', 'query-cost=100ms'] }), {}).trials[0];
    expect(bySet).toMatchObject({ clients: 15, queryCostUs: 100_000 });
    expect(readRequest([], flags({ clients: '15' }), {}).trials[0]?.clients).toBe(15);
  });

  test('says what --quick made of the timers that were not given', () => {
    const { scaled } = readRequest(['zombies'], flags({ clients: '30' }, { quick: true }), {});
    expect(scaled).toHaveLength(1);
    expect(scaled[0]).toMatch(
      /^--quick is a smoke run: zombies with watch 2s \(not 15s\), .*contenders with shorter timers$/,
    );
    expect(scaled[0]).not.toContain('clients');
    expect(readRequest(['zombies'], flags({}), {}).scaled).toEqual([]);
    const named = readRequest(['zombies'], flags({ contenders: 'sse' }, { quick: true }), {});
    expect(named.scaled[0]).not.toContain('contenders');
  });

  test('with --quick is small, but what is given stands', () => {
    const { trials } = readRequest([], flags({ clients: '30' }, { quick: true }), {});
    expect(trials[0]).toMatchObject({ clients: 30, windowUs: 1e6 });
  });

  test('lets a contender bring its own poll interval', () => {
    const { trials } = readRequest(['dashboard'], flags({ contenders: 'polling,polling+interval=5s' }), {});
    expect(trials.map(({ pollIntervalUs }) => pollIntervalUs)).toEqual([2e6, 5e6]);
  });

  test('repeats contenders interleaved, every second round backwards', () => {
    const { trials } = readRequest(['dashboard'], flags({ contenders: 'polling,sse', repeat: '2' }), {});
    expect(trials.map(({ contender, repetition }) => `${contender.name} ${repetition}`)).toEqual([
      'polling 1',
      'sse 1',
      'sse 2',
      'polling 2',
    ]);
  });

  test('takes the services’ addresses from flags before the environment', () => {
    const environment = { DATABASE_URL: 'postgres://env/db', REDIS_URL: 'redis://env' };
    expect(readRequest([], flags(), environment)).toMatchObject({
      postgresUrl: 'postgres://env/db',
      redisUrl: 'redis://env',
    });
    expect(readRequest([], flags({ postgres: 'postgres://flag/db' }), environment).postgresUrl).toBe(
      'postgres://flag/db',
    );
  });

  test('that is wrong in several ways is told all of them at once', () => {
    const problems = problemsOf({ clients: 'many', contenders: 'webscoket', duration: '5', repeat: '0' });
    expect(problems).toHaveLength(4);
  });

  test('holds what the screen needs, and tells of needs that mean nothing with all else', () => {
    const require = ['freshness<3s', 'bidirectional'];
    expect(readRequest([], flags({}, { require }), {}).require).toEqual(require);
    const problems = problemsOf({ clients: 'many' }, { require: ['freshnes<3s', 'freshness<3'] });
    expect(problems.join('\n')).toMatch(/--clients[\s\S]*did you mean 'freshness'[\s\S]*a duration with its unit/);
  });

  test('refuses a need that only a storm measures where there is none', () => {
    const require = ['recovery<10s'];
    expect(problemsOf({}, { require }, ['dashboard'])).toEqual([
      "--require 'storm.recoveryUs.max < 10s' needs a reconnect storm; expected reconnect-storm among the scenarios",
    ]);
    expect(problemsOf({}, { require })).toEqual([]);
    expect(problemsOf({}, { require }, ['redis-outage'])).toHaveLength(1);
  });

  test('refuses to stop a service that it did not start, whatever named it', () => {
    const expected = (scenario: string, service: string, flag: string) =>
      `${scenario} stops ${service}, but ${flag} names one that this run did not start; expected one of the run's own; leave that out`;
    expect(problemsOf({ redis: 'redis://here' }, {}, ['redis-outage'])).toEqual([
      expected('redis-outage', 'Redis', '--redis (or REDIS_URL)'),
    ]);
    expect(problemsOf({ postgres: 'postgres://here/db' }, {}, ['postgres-restart'])).toEqual([
      expected('postgres-restart', 'Postgres', '--postgres (or DATABASE_URL)'),
    ]);
    expect(() => readRequest(['redis-outage'], flags(), { DATABASE_URL: 'postgres://here/db' })).not.toThrow();
    expect(() => readRequest(['redis-outage'], flags(), { REDIS_URL: 'redis://here' })).toThrow(/REDIS_URL/);
  });

  test('refuses a recovery that is over before anything changes again', () => {
    expect(problemsOf({}, { set: ['recovery=5s'] }, ['redis-outage']).join()).toMatch(
      /recovery is 5s; expected at least quiet 5s \+ --update-interval 2s/,
    );
  });

  test.each([
    [{ audiences: '10', clients: '5' }, 'at least one client for each audience'],
    [{ duration: '2s' }, 'a window that holds at least one change'],
    [{ 'poll-interval': '30s' }, 'a window in which every client polls'],
    [{ contenders: 'sse,sse' }, 'named twice'],
    [{ services: 'dokcer' }, 'expected embedded or docker (or --postgres URL and --redis URL)'],
    [{ seed: '-1' }, '--seed'],
    [{ out: ' ' }, 'expected a directory'],
  ])('with %j is refused: %s', (values, part) => {
    expect(problemsOf(values).join('\n')).toContain(part);
  });

  test('refuses a setting given twice, one that does not exist, and one without a value', () => {
    const problems = problemsOf({ clients: '5' }, { set: ['clients=6', 'client=7', 'payload'] });
    expect(problems.join('\n')).toMatch(
      /clients is given twice[\s\S]*did you mean 'clients'[\s\S]*expected --set name=value/,
    );
  });
});
