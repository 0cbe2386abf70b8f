import { expect, it } from 'vitest';
import { buildStormRecord } from './fixtures/storm.ts';
import { contendersOf } from './run.ts';
import { strategyLabels } from './strategy.ts';

const labelsOf = (...contenders: string[]) =>
  strategyLabels(contendersOf(buildStormRecord({ contenders, clients: 2 }).trials));

it.each([
  ['websocket+backoff=fixed', 'fixed delay'],
  ['websocket+backoff=fixed+jitter=equal', 'fixed delay + equal jitter'],
  ['websocket+backoff=exponential', 'exponential without jitter'],
  ['websocket+backoff=exponential+jitter=decorrelated', 'exponential + decorrelated jitter'],
  ['websocket+backoff=article', 'exponential + 30 % jitter'],
  ['sse+backoff=browser-eventsource', 'browser EventSource'],
  ['websocket+nodes=2+backoff=immediate', 'immediate retry (websocket+nodes=2)'],
  ['websocket+backoff=mine', 'mine'],
  ['polling', 'the next poll'],
  ['sse', 'default backoff'],
])('puts %s into words', (contender, words) => {
  expect(labelsOf(contender)).toEqual([words]);
});

it('takes from the record what the spelling leaves to the default', () => {
  const [trial] = buildStormRecord({ contenders: ['sse'], clients: 2 }).trials;
  if (trial === undefined) throw new Error('expected a trial');
  const recorded = { ...trial, settings: { ...trial.settings, backoff: 'browser-eventsource' } };
  expect(strategyLabels(contendersOf([recorded]))).toEqual(['browser EventSource']);
});

it('names only the transport that is not that of most', () => {
  expect(labelsOf('websocket+backoff=fixed', 'websocket+backoff=article', 'sse+backoff=fixed')).toEqual([
    'fixed delay',
    'exponential + 30 % jitter',
    'fixed delay (sse)',
  ]);
});

it('names each of several servers from target files', () => {
  const of = (...servers: string[]) => {
    const { trials } = buildStormRecord({ contenders: servers.map(() => 'websocket+backoff=article'), clients: 2 });
    const foreign = trials.map((trial, index) => ({
      ...trial,
      contender: servers[index] ?? '',
      settings: { ...trial.settings, target: 'ws://127.0.0.1:1/', backoff: 'article' },
    }));
    return strategyLabels(contendersOf(foreign));
  };
  expect(of('api', 'chat')).toEqual(['api: exponential + 30 % jitter', 'chat: exponential + 30 % jitter']);
  expect(of('api')).toEqual(['exponential + 30 % jitter']);
});

it('tells contenders apart that the words do not', () => {
  const [first, second] = labelsOf('websocket+backoff=exponential', 'websocket+backoff=exponential+jitter=none');
  expect(first).not.toBe(second);
});
