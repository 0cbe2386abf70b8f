import { describe, expect, it } from 'vitest';
import type { RunRecord, TrialRecord } from '../harness/contract/record.ts';
import { invalidRecord } from './fixtures/odd.ts';
import { distributionOf } from './fixtures/record.ts';
import { buildMixedRecord, buildStormRecord } from './fixtures/storm.ts';
import { headlineOf } from './headline.ts';
import { readRun } from './run.ts';
import { stormsOf } from './storm.ts';
import { stormSentences } from './storm-headline.ts';

/** Peak in 100 ms, when the last client was back in ms (`null` for a client that never was), clients. */
type Figures = readonly [peak: number | null, lastMs: number | null, clients?: number];

function stormsWith(figures: Readonly<Record<string, Figures>>): RunRecord {
  const record = buildStormRecord({ contenders: Object.keys(figures), clients: 10 });
  const trials = record.trials.map((trial): TrialRecord => {
    const [peak, lastMs, clients = 10] = figures[trial.contender] ?? [0, 0];
    const metrics: TrialRecord['metrics'] = {
      'storm.peakAttemptsPerSecond':
        peak === null ? { unit: '1/s', value: null, reason: 'lost' } : { unit: '1/s', value: peak * 10 },
      'storm.recoveryUs': lastMs === null ? distributionOf([1_000], 1) : distributionOf([1_000, lastMs * 1_000]),
    };
    return { ...trial, clients, metrics };
  });
  return { ...record, trials };
}

const none = 'websocket+backoff=exponential+jitter=none';
const full = 'websocket+backoff=exponential+jitter=full';
const article = 'websocket+backoff=article';
const fixed = 'websocket+backoff=fixed';

const textOf = (record: RunRecord) => stormSentences(stormsOf(readRun(record).storms)).join(' ');

describe('the headline of storms', () => {
  it.each([
    [
      'jitter is what differs: the fixed delay and the browser do not crowd it out',
      stormsWith({
        [fixed]: [500, 900],
        [none]: [490, 4_000],
        [article]: [80, 5_000],
        [full]: [35, 7_000],
        'sse+backoff=browser-eventsource': [500, 3_000],
      }),
      'After the server was back, exponential without jitter hit it with 490 attempts in 100 ms, exponential + 30 % jitter with 80 and exponential + full jitter with 35. Until the last client was back, it took exponential without jitter 4 s, exponential + 30 % jitter 5 s and exponential + full jitter 7 s.',
    ],
    [
      'full jitter was the worst: the order is that of the figures, not of the expectation',
      stormsWith({ [none]: [20, 4_000], [full]: [50, 2_000] }),
      'After the server was back, exponential + full jitter hit it with 50 attempts in 100 ms and exponential without jitter with 20. Until the last client was back, it took exponential + full jitter 2 s and exponential without jitter 4 s.',
    ],
    [
      'all were alike',
      stormsWith({ [none]: [100, 4_000], [article]: [98, 4_000], [full]: [100, 4_100] }),
      'After the server was back, all 3 strategies hit it about equally hard: 98 to 100 attempts in 100 ms. Until the last client was back, all 3 strategies took about equally long: 4 s to 4.1 s.',
    ],
    [
      'one strategy, one attempt',
      stormsWith({ [fixed]: [1, 900] }),
      'After the server was back, fixed delay hit it with 1 attempt in 100 ms. The last client was back after 900 ms.',
    ],
    [
      'one client of one strategy never came back',
      stormsWith({ [none]: [100, 4_000], [full]: [20, null] }),
      'After the server was back, exponential without jitter hit it with 100 attempts in 100 ms and exponential + full jitter with 20. With exponential + full jitter, 1 of 2 clients was not back by the end.',
    ],
    [
      'nobody tried',
      stormsWith({ [none]: [0, null] }),
      'After the server was back, exponential without jitter hit it with no attempt in 100 ms. With exponential without jitter, 1 of 2 clients was not back by the end.',
    ],
    [
      'the peaks were not measured',
      stormsWith({ [none]: [null, 4_000], [full]: [null, 4_000] }),
      'Until the last client was back, both strategies took about equally long: 4 s.',
    ],
    [
      'more than can be named, and no jitter among them',
      stormsWith({
        [fixed]: [400, 500],
        'websocket+backoff=socket.io': [90, 3_000],
        'websocket+backoff=grpc': [60, 4_000],
        'websocket+backoff=signalr': [200, 9_000],
        'websocket+backoff=phoenix': [300, 800],
      }),
      'After the server was back, fixed delay hit it with 400 attempts in 100 ms and gRPC with 60. Until the last client was back, it took fixed delay 500 ms and SignalR 9 s.',
    ],
    [
      'storms of other numbers of clients are no comparison',
      stormsWith({ [none]: [500, 4_000], [full]: [3, 5_000, 5] }),
      'After the server was back, exponential without jitter hit it with 500 attempts in 100 ms. The last client was back after 4 s.',
    ],
  ])('when %s', (_, record, expected) => {
    expect(textOf(record)).toBe(expected);
  });

  it('says that nothing was measured', () => {
    const record = buildStormRecord({ contenders: [none] });
    const trials = record.trials.map((trial) => ({ ...trial, metrics: {} }));
    expect(textOf({ ...record, trials })).toBe(
      'What the reconnect storm did could not be measured; the table says why.',
    );
  });

  it('follows that of the comparison, which is the one of a run without storms', () => {
    const mixed = headlineOf(readRun(buildMixedRecord())).sentences.join(' ');
    const [comparison, storm] = mixed.split(' After the server was back');
    expect(comparison).toMatch(/^Push \(sse, websocket\) had half .* within 1\.52 s\.$/);
    expect(storm).toContain('exponential without jitter');
  });

  it('is a warning, with the scenario of its cause, when a storm cannot be trusted', () => {
    const record = buildMixedRecord();
    const health = invalidRecord()
      .trials.flatMap((trial) => trial.health)
      .slice(1, 2);
    const trials = record.trials.map((trial, index) =>
      index === record.trials.length - 1 ? { ...trial, health } : trial,
    );
    const headline = headlineOf(readRun({ ...record, status: 'invalid', trials }));
    expect(headline.kind).toBe('warning');
    expect(headline.sentences.join(' ')).toContain(
      'GENERATOR_SATURATED in reconnect-storm: sse+backoff=browser-eventsource #1',
    );
  });
});
