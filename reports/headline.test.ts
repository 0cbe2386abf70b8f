import { describe, expect, it } from 'vitest';
import type { RunRecord, TrialRecord } from '../harness/contract/record.ts';
import { censoredRecord, invalidRecord, oddRecords, unmeasuredRecord } from './fixtures/odd.ts';
import { buildRecord, distributionOf } from './fixtures/record.ts';
import { headlineOf } from './headline.ts';
import { readRun } from './run.ts';

/** A record with exactly these figures: median freshness in ms and queries a minute. */
function recordWith(figures: Readonly<Record<string, readonly [number, number]>>): RunRecord {
  const record = buildRecord({ contenders: Object.keys(figures), clients: 10 });
  const trials = record.trials.map((trial): TrialRecord => {
    const [ms, queries] = figures[trial.contender] ?? [0, 0];
    const metrics = {
      freshnessUs: distributionOf([ms * 1_000]),
      'db.queriesPerMinute': { unit: '1/min', value: queries },
    };
    return { ...trial, metrics, health: [] };
  });
  return { ...record, trials };
}

const textOf = (record: RunRecord) => headlineOf(readRun(record)).sentences.join(' ');

describe('the headline', () => {
  it.each([
    [
      'cached polling makes the queries no argument',
      recordWith({ polling: [1_000, 15_003], 'polling+cache=1s': [1_500, 60], websocket: [4, 12] }),
      'Websocket had half of all changes, or newer ones, on screen within 4 ms (p99 4 ms); polling every 2 s took 1 s. Polling asked Postgres 15,003 times a minute where websocket asked 12 – but polling+cache=1s asked only 60, with half of all changes or newer ones on screen within 1.5 s.',
    ],
    [
      'cached polling was not a contender',
      recordWith({ polling: [1_000, 15_003], sse: [5, 12] }),
      'SSE had half of all changes, or newer ones, on screen within 5 ms (p99 5 ms); polling every 2 s took 1 s. Polling asked Postgres 15,003 times a minute where sse asked 12; polling from a server-side cache was not among the contenders.',
    ],
    [
      'a cache that saved nothing is no argument',
      recordWith({ polling: [1_000, 60], 'polling+cache=1s': [1_500, 60], sse: [5, 12] }),
      'SSE had half of all changes, or newer ones, on screen within 5 ms (p99 5 ms); polling every 2 s took 1 s. Polling asked Postgres 60 times a minute where sse asked 12.',
    ],
    [
      'polling asked less',
      recordWith({ polling: [1_000, 30], websocket: [4, 600] }),
      'Websocket had half of all changes, or newer ones, on screen within 4 ms (p99 4 ms); polling every 2 s took 1 s. Polling asked Postgres 30 times a minute, fewer than websocket (600).',
    ],
    [
      'polling asked as often',
      recordWith({ polling: [1_000, 30], websocket: [4, 30] }),
      'Websocket had half of all changes, or newer ones, on screen within 4 ms (p99 4 ms); polling every 2 s took 1 s. Polling and websocket asked Postgres about equally often (30 and 30 times a minute).',
    ],
    [
      'polling asked a little less, which a reading more or less can do',
      recordWith({ polling: [1_000, 241], sse: [4, 251] }),
      'SSE had half of all changes, or newer ones, on screen within 4 ms (p99 4 ms); polling every 2 s took 1 s. Polling and sse asked Postgres about equally often (241 and 251 times a minute).',
    ],
    [
      'the difference is too small to be named',
      recordWith({ polling: [1_000, 31], websocket: [4, 30] }),
      'Websocket had half of all changes, or newer ones, on screen within 4 ms (p99 4 ms); polling every 2 s took 1 s. Polling and websocket asked Postgres about equally often (31 and 30 times a minute).',
    ],
    [
      'several push contenders: the slowest and the one that asked most speak for all',
      recordWith({ polling: [1_000, 300], sse: [9, 24], websocket: [4, 12] }),
      'Push (sse, websocket) had half of all changes, or newer ones, on screen within 9 ms (p99 9 ms); polling every 2 s took 1 s. Polling asked Postgres 300 times a minute where sse asked 24; polling from a server-side cache was not among the contenders.',
    ],
    [
      'no polling',
      recordWith({ sse: [5, 12], websocket: [4, 1] }),
      'SSE had half of all changes, or newer ones, on screen within 5 ms (p99 5 ms) and asked Postgres 12 times a minute. Websocket had half of all changes, or newer ones, on screen within 4 ms (p99 4 ms) and asked Postgres once a minute.',
    ],
    [
      'no push',
      recordWith({ polling: [1_000, 300] }),
      'Polling had half of all changes, or newer ones, on screen within 1 s (p99 1 s) and asked Postgres 300 times a minute.',
    ],
  ])('when %s', (_, record, expected) => {
    expect(textOf(record)).toBe(expected);
  });

  it('does not compare contenders of different scenarios or numbers of clients', () => {
    const record = recordWith({ polling: [1_000, 300], websocket: [4, 12] });
    const trials = record.trials.map((trial, index) => ({ ...trial, clients: 10 + index }));
    expect(textOf({ ...record, trials })).not.toContain('where');
  });
});

describe('the headline of a run with requirements', () => {
  const record = recordWith({ polling: [1_000, 15_003], 'polling+cache=1s': [1_500, 60], websocket: [4, 12] });

  it('is the verdict, and what the figures say besides', () => {
    expect(textOf({ ...record, require: ['freshness<3s'] })).toBe(
      'Polling every 2 s is enough for freshness p99 < 3 s (measured: 1 s), and nothing that was measured is simpler. Polling asked Postgres 15,003 times a minute where websocket asked 12 – but polling+cache=1s asked only 60, with half of all changes or newer ones on screen within 1.5 s.',
    );
  });

  it('says nothing twice', () => {
    expect(textOf({ ...record, require: ['freshness<3s', 'queries<600'] })).toBe(
      'Polling+cache=1s every 2 s is the simplest of the 2 contenders that meet freshness p99 < 3 s and queries < 600/min (measured: freshness p99 1.5 s, queries 60/min). Simpler, but not enough: polling every 2 s (queries 15,003/min).',
    );
  });

  it('tells of what speaks against the answer itself', () => {
    const health = [{ severity: 'warn' as const, code: 'THEORY_DEVIATES', message: 'it deviates' }];
    const trials = record.trials.map((trial, index) => (index === 0 ? { ...trial, health } : trial));
    const caveatsOf = (require: string) => headlineOf(readRun({ ...record, trials, require: [require] })).caveats;
    expect(caveatsOf('freshness<3s')).toContain('Against the figures of polling speaks: THEORY_DEVIATES.');
    expect(caveatsOf('bidirectional').join()).not.toContain('THEORY_DEVIATES');
  });

  it('asks for them where there are none', () => {
    expect(headlineOf(readRun(record)).caveats.join()).toContain('No requirement was stated');
    expect(headlineOf(readRun({ ...record, require: ['bidirectional'] })).caveats.join()).not.toContain('stated');
  });
});

describe('the headline of a run that cannot be trusted', () => {
  it('is a warning without a figure when the run is invalid', () => {
    const headline = headlineOf(readRun(invalidRecord()));
    expect(headline.kind).toBe('warning');
    expect(headline.sentences.join(' ')).toBe(
      'This run is invalid and its figures must not be quoted (GENERATOR_SATURATED in sse #1).',
    );
    expect(headlineOf(readRun({ ...buildRecord(), status: 'invalid' })).kind).toBe('warning');
  });

  it('is a warning when a finding is fatal though the status does not say so', () => {
    expect(headlineOf(readRun({ ...invalidRecord(), status: 'complete' })).kind).toBe('warning');
  });

  it('says that nothing could be measured, or that nothing was run', () => {
    const record = unmeasuredRecord();
    expect(textOf({ ...record, trials: record.trials.slice(0, 2) })).toContain(
      'Neither freshness nor database queries could be measured',
    );
    expect(textOf({ ...record, trials: [] })).toContain('no finished trial');
  });

  it('tells of changes that were never seen, of warnings and of interruption', () => {
    expect(headlineOf(readRun(censoredRecord())).caveats).toContain(
      'With polling, 4.99 % of the changes were not seen by the end of the drain.',
    );
    expect(headlineOf(readRun({ ...buildRecord(), require: ['bidirectional'] })).caveats).toEqual([
      'One warning speaks against parts of it; see the findings.',
    ]);
    expect(headlineOf(readRun({ ...buildRecord(), status: 'interrupted', missing: ['sse #2'] })).caveats[0]).toBe(
      'The run was interrupted: 5 of 6 trials were made.',
    );
  });
});

it.each(Object.entries(oddRecords()))('has words for %s', (_, record) => {
  const text = textOf(record);
  expect(text).toMatch(/\S.*\.$/s);
  expect(text).not.toMatch(/undefined|NaN|null|Infinity/);
});
