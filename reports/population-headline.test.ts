// What a report says of clients that vanish, read slowly, come and go, or need a token: headline and chart say the same.
import { describe, expect, it } from 'vitest';
import type { RunRecord, TrialRecord } from '../harness/contract/record.ts';
import { chartsOf } from './charts/all.ts';
import { buildRecord, distributionOf } from './fixtures/record.ts';
import { headlineOf } from './headline.ts';
import { readRun } from './run.ts';

type Told = Pick<TrialRecord, 'metrics'> & { readonly series: TrialRecord['timeline']['series'] };

/** A record whose contenders measured exactly this. */
function recordOf(told: Readonly<Record<string, Told>>, windowUs = 20e6): RunRecord {
  const record = buildRecord({ contenders: Object.keys(told), clients: 10 });
  const trials = record.trials.map((trial): TrialRecord => {
    const { metrics = {}, series = {} } = told[trial.contender] ?? {};
    return { ...trial, windowUs, metrics, timeline: { ...trial.timeline, series }, health: [] };
  });
  return { ...record, trials };
}

const count = (value: number) => ({ unit: 'count', value });
const size = (value: number) => ({ unit: 'bytes', value });
const sentencesOf = (record: RunRecord) => headlineOf(readRun(record)).sentences;
const titleOf = (record: RunRecord, name: string) =>
  chartsOf(readRun(record)).find((chart) => chart.name === name)?.title;

function vanished(noticedUs: readonly number[], unnoticed: number, falseKills = 0): Told {
  return {
    metrics: {
      'vanished.noticedUs': distributionOf(noticedUs, unnoticed),
      'vanished.unnoticed': count(unnoticed),
      'vanished.falseKills': count(falseKills),
    },
    series: { unnoticedClients: [0, 4, 4, unnoticed] },
  };
}

describe('clients that vanish', () => {
  const record = recordOf({ websocket: vanished([1e6, 2e6, 3e6, 4e6], 0), sse: vanished([5e6, 6e6], 2, 1) });
  const names = ['4s', '5s', '6s', '7s', '8s', '9s'];
  const many = recordOf(
    Object.fromEntries(
      names.map((name, at) => [`websocket+heartbeat-interval=${name}`, vanished([(at + 1) * 1e6], 0)]),
    ),
  );

  it('are told of by who noticed the last of them, who did not, and who ended the living', () => {
    expect(sentencesOf(record)).toEqual([
      'The last vanished client was noticed by websocket after 4 s.',
      'SSE still sent to vanished clients when the watch ended.',
      'SSE also ended connections of clients that live.',
    ]);
  });

  it('are told of for every contender that noticed them all', () => {
    const [sentence = ''] = sentencesOf(many);
    for (const name of names) expect(sentence).toContain(`heartbeat-interval=${name} after`);
  });

  it('are drawn as those the server still sends to', () => {
    expect(titleOf(record, 'vanished-clients')).toBe(
      'Websocket noticed the last vanished client after 4 s; sse did not notice all while they were watched',
    );
    expect(titleOf(buildRecord(), 'vanished-clients')).toBeUndefined();
  });
});

it('clients that read slowly are told of by what is kept for them, and drawn as the servers’ memory', () => {
  const slow = (buffered: number, peak: number): Told => ({
    metrics: { 'slow.bufferedBytes': size(buffered) },
    series: { serverRssBytes: [60e6, peak], bufferedBytes: [0, buffered] },
  });
  const record = recordOf({ websocket: slow(90e6, 250e6), sse: slow(2e6, 70e6) });
  expect(sentencesOf(record)).toEqual(['Websocket kept up to 90 MB for clients that read too slowly, sse 2 MB.']);
  expect(titleOf(record, 'server-memory')).toBe('Websocket took up to 250 MB of memory, sse 70 MB');
  expect(titleOf(record, 'waiting-bytes')).toBe('Websocket let up to 90 MB wait for slow clients, sse 2 MB');
});

it('clients that come and go are told of by what is left when all have gone', () => {
  const soaked = (connections: number, perHour: number): Told => ({
    metrics: {
      'soak.bytesPerHour': { unit: 'bytes', value: perHour, margin: 30e6 },
      'soak.comings': count(600),
      'soak.connectionsLeft': count(connections),
      'soak.socketsLeft': count(0),
      'soak.timersLeft': count(0),
    },
    series: {},
  });
  const hour = 3_600e6;
  const left =
    'After 1,200 sessions had come and gone, the servers had 1 connection, 0 sockets and 0 timers left of them.';
  expect(sentencesOf(recordOf({ websocket: soaked(0, 20e6), sse: soaked(1, 50e6) }, hour))).toEqual([
    left,
    'Of the servers’ memory that of sse grew by 50 MB an hour (± 30 MB), if it went on like this.',
  ]);
  expect(sentencesOf(recordOf({ websocket: soaked(0, 20e6), sse: soaked(1, -50e6) }, hour))).toEqual([
    left,
    'No server’s memory grew by more than chance in the time that was watched.',
  ]);
  expect(sentencesOf(recordOf({ websocket: soaked(0, 20e6), sse: soaked(1, 50e6) }))).toEqual([
    left,
    'Whether memory grows takes longer to tell: minutes show how a heap settles, and only hours a leak.',
  ]);
});

it('what was not measured is told of as unknown, and never as 0', () => {
  const unread = { unit: 'count', value: null, reason: 'could not be read' };
  const soaked: Told = {
    metrics: {
      'soak.comings': count(600),
      'soak.connectionsLeft': count(0),
      'soak.socketsLeft': unread,
      'soak.timersLeft': count(0),
    },
    series: {},
  };
  expect(sentencesOf(recordOf({ sse: soaked }))).toEqual([
    'After 600 sessions had come and gone, the servers had 0 connections, an unknown number of sockets and 0 timers left of them.',
  ]);
  const slow = (value: number | null): Told => ({
    metrics: { 'slow.bufferedBytes': value === null ? { ...unread, unit: 'bytes' } : size(value) },
    series: {},
  });
  expect(sentencesOf(recordOf({ websocket: slow(90e6), sse: slow(null) }))).toEqual([
    'Websocket kept up to 90 MB for clients that read too slowly.',
  ]);
});

describe('clients that need a token', () => {
  const told = (logged: number, dbQueries: number, attempts = 1, gaveUp = 0): Told => ({
    metrics: {
      'auth.tokensLogged': count(logged),
      'connect.dbQueries': count(dbQueries),
      'connect.attemptsPerClient': count(attempts),
      'connect.gaveUp': count(gaveUp),
      freshnessUs: distributionOf(gaveUp > 0 ? [] : [1e3], gaveUp),
    },
    series: {},
  });
  const [query, session, expired] = [
    'websocket+auth=query',
    'websocket+auth=cookie+verify=session',
    'sse+auth=cookie+token=expired',
  ];

  it('are told of by who logged them, what a look-up took, and whether the refused came again', () => {
    const record = recordOf({ [query]: told(10, 1), [session]: told(0, 2), [expired]: told(0, 1, 1, 10) });
    expect(sentencesOf(record)).toEqual([
      `Websocket+auth=query left their tokens in the access log.`,
      `A connect took 2 queries with ${session}, 1 with ${query}.`,
      `With ${expired} every client was refused, and none tried again.`,
    ]);
    // What nobody was let in to see is no doubt about freshness.
    expect(headlineOf(readRun(record)).caveats.join()).not.toContain('not seen');
  });

  it('are compared where there are two, and where tokens were looked for at all', () => {
    expect(sentencesOf(recordOf({ [query]: told(10, 1) }))).toEqual([
      `Websocket+auth=query left their tokens in the access log.`,
    ]);
    expect(sentencesOf(recordOf({ [query]: told(0, 0.5), [session]: told(0, 1) }))).toEqual([
      `A connect took 1 query with ${session}, 0.5 with ${query}.`,
    ]);
    const unread = (dbQueries: number): Told => ({
      metrics: {
        ...told(0, dbQueries).metrics,
        'auth.tokensLogged': { unit: 'count', value: null, reason: 'no balancer logged what clients asked for' },
      },
      series: {},
    });
    for (const record of [recordOf({ [query]: unread(1) }), recordOf({ [query]: unread(1), [session]: unread(2) })])
      expect(sentencesOf(record).join()).not.toContain('A connect took');
  });

  it('are not said to have tried once where nobody counted, and nobody is refused where no token was looked for', () => {
    const { 'connect.attemptsPerClient': _, ...uncounted } = told(0, 1, 1, 10).metrics;
    expect(sentencesOf(recordOf({ [query]: told(0, 1), [expired]: { metrics: uncounted, series: {} } }))).toContain(
      `With ${expired} every client was refused.`,
    );
    const { 'auth.tokensLogged': __, ...unlogged } = told(0, 1, 1, 10).metrics;
    const lost = recordOf({ sse: { metrics: unlogged, series: {} }, websocket: { metrics: unlogged, series: {} } });
    expect(headlineOf(readRun(lost)).caveats.join()).toContain('not seen');
  });

  it('are said to have come again where they did', () => {
    expect(sentencesOf(recordOf({ [query]: told(0, 1), [expired]: told(0, 1, 3.5, 10) }))).toContain(
      `With ${expired} every client was refused, and tried up to 3.5 times on average.`,
    );
  });
});

it('clients that act are told of by when everybody had seen it, and when it was acknowledged', () => {
  const acted = (seenUs: readonly number[], ackUs: number): Told => ({
    metrics: {
      'action.seenByAllUs': distributionOf(seenUs, seenUs.length === 0 ? 3 : 0),
      'action.ackUs': distributionOf([ackUs, ackUs, ackUs]),
    },
    series: {},
  });
  const record = recordOf({ websocket: acted([5e3, 6e3, 7e3], 3e3), polling: acted([1e6, 2e6, 3e6], 3.1e3) });
  expect(sentencesOf(record)).toEqual([
    'Everybody had seen half of all actions within 6 ms with websocket, 2 s with polling.',
    'Half of all actions were acknowledged within 3.1 ms with each of 2 contenders.',
  ]);
  expect(sentencesOf(recordOf({ websocket: acted([], 3e3) }))).toEqual([
    'Half of all actions were acknowledged within 3 ms with websocket.',
  ]);
});
