// What would change the answer: from arithmetic, and from what was measured.
import { describe, expect, it } from 'vitest';
import { readRun } from '../run.ts';
import { type Figures, recordWith, trialOf } from './verdict.fixture.ts';
import { concludeRun } from './verdict.ts';

const usual = {
  polling: { freshnessMs: 1_980, queries: 15_000 },
  'polling+cache=1s': { freshnessMs: 2_250, queries: 60 },
  'long-polling': { freshnessMs: 25, queries: 12 },
  websocket: { freshnessMs: 15, queries: 12 },
} satisfies Record<string, Figures>;

const breakEvensOf = (
  basis: 'arithmetic' | 'measured',
  require: readonly string[],
  figures: Record<string, Figures> = usual,
) =>
  concludeRun(readRun(recordWith(figures, require)))
    .verdict.breakEvens.filter((each) => each.basis === basis)
    .map(({ text }) => text);

describe('arithmetic', () => {
  it('turns a limit of queries into clients, interval, cache and changes', () => {
    expect(breakEvensOf('arithmetic', ['queries<600'])).toEqual([
      'Up to 19 clients polling every 2 s keep to queries < 600/min; 500 clients need an interval of over 50 s.',
      'Polling+cache=1s never asks more than 60/min, however many clients; queries < 600/min allow a cache of over 100 ms.',
      'Long-polling and websocket ask for each change and not for each client: queries < 600/min allow changes over 100 ms apart.',
    ]);
  });

  it('says nothing of contenders that a fault befell', () => {
    const record = recordWith(usual, ['queries<600']);
    const fault = { kind: 'fault', atUs: 1, untilUs: 2, what: 'Redis killed' } as const;
    const trials = record.trials.map((trial) => ({ ...trial, events: [fault] }));
    const { breakEvens } = concludeRun(readRun({ ...record, trials })).verdict;
    expect(breakEvens.filter(({ basis }) => basis === 'arithmetic')).toEqual([]);
  });

  it('says nothing of what somebody’s own server asks its database', () => {
    for (const require of [['queries<600'], []]) {
      const record = recordWith(usual, require);
      const trials = record.trials.map((trial) => ({ ...trial, settings: { ...trial.settings, target: 'http://a/' } }));
      const { breakEvens } = concludeRun(readRun({ ...record, trials })).verdict;
      expect(breakEvens.filter(({ basis }) => basis === 'arithmetic')).toEqual([]);
    }
  });

  it('knows a limit that may be reached from one that may not', () => {
    const allowed = (limit: string) => breakEvensOf('arithmetic', [limit], { 'polling+cache=1s': {} })[0];
    expect(allowed('queries<60')).toMatch(/ allow a cache of over 1 s\.$/);
    expect(allowed('queries<=60')).toMatch(/ allow a cache from 1 s on\.$/);
  });

  it('turns a limit of freshness into the longest interval, whatever the quantile', () => {
    expect(breakEvensOf('arithmetic', ['freshness<3s'])).toEqual([
      'Polling meets freshness p99 < 3 s up to a poll every 3.03 s.',
      'Polling+cache=1s meets freshness p99 < 3 s up to a poll every 2.21 s, allowing for the age of the cache.',
    ]);
    expect(breakEvensOf('arithmetic', ['freshness.p50<3s'])[0]).toBe(
      'Polling meets freshness p50 < 3 s up to a poll every 6 s.',
    );
    expect(breakEvensOf('arithmetic', ['freshness<20ms'])[0]).toBe(
      'Polling meets freshness p99 < 20 ms at no interval.',
    );
  });

  it('says how many clients could keep both limits', () => {
    expect(breakEvensOf('arithmetic', ['freshness<3s', 'queries<600'])).toContain(
      'Polling can meet both limits with up to 30 clients, whatever the interval.',
    );
  });

  it('says that no number of clients could', () => {
    expect(breakEvensOf('arithmetic', ['freshness<1s', 'queries<10'])).toContain(
      'Polling cannot meet both limits, whatever the interval.',
    );
  });

  it('without a limit says what an interval trades', () => {
    expect(breakEvensOf('arithmetic', [])).toEqual([
      'Polling+cache=1s never asks more than 60/min, however many clients.',
      'Each client that polls every 2 s adds 30 queries a minute.',
      'Polling every 1 s would have a freshness p99 of 992 ms and ask 30,000 times a minute.',
      'Polling asks as rarely as long-polling only at an interval of 41 min 40 s.',
    ]);
  });

  it('says once what is true of several', () => {
    const alike = { polling: {}, 'polling+etag': {}, 'polling+interval=5s': {} };
    expect(breakEvensOf('arithmetic', ['queries<600', 'freshness<3s'], alike)).toEqual([
      'Polling meets freshness p99 < 3 s up to a poll every 3.03 s.',
      'Polling+etag meets freshness p99 < 3 s up to a poll every 3.03 s.',
      'Up to 19 clients polling every 2 s keep to queries < 600/min; 500 clients need an interval of over 50 s.',
      'Up to 49 clients polling every 5 s keep to queries < 600/min; 500 clients need an interval of over 50 s.',
      'Polling can meet both limits with up to 30 clients, whatever the interval.',
    ]);
  });

  it('speaks of a single contender as of one', () => {
    expect(breakEvensOf('arithmetic', ['queries<=60'], { 'sse+nodes=2': {} })).toEqual([
      'SSE+nodes=2 asks for each change and not for each client: queries <= 60/min allow a change every 2 s.',
    ]);
  });

  it('is silent on what it knows nothing of', () => {
    expect(breakEvensOf('arithmetic', ['bidirectional'])).toEqual([]);
    expect(breakEvensOf('arithmetic', ['memory<100MB'])).toEqual([]);
    expect(breakEvensOf('arithmetic', ['freshness<3s'], { websocket: { freshnessMs: 5 } })).toEqual([]);
  });
});

describe('measurements', () => {
  it('are silent on differences that another run may not show', () => {
    const close = { sse: { freshnessMs: 12 }, websocket: { freshnessMs: 10 } };
    expect(breakEvensOf('measured', ['freshness<1s'], close)).toEqual([]);
  });

  it('are silent on a limit that a figure keeps too closely to be sure', () => {
    const close = { polling: { freshnessMs: 980 }, sse: { freshnessMs: 12 } };
    expect(breakEvensOf('measured', ['freshness<1s'], close)).toEqual([]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['a tighter limit', ['freshness<3s'], ['For freshness p99 under 1.98 s it would be long-polling (25 ms).']],
    [
      'a looser limit and a tighter one',
      ['freshness<1s'],
      [
        'For freshness p99 under 25 ms it would be websocket (15 ms).',
        'If freshness p99 may be 1.98 s, it would be polling every 2 s.',
      ],
    ],
    [
      'who comes closest where nobody meets it',
      ['freshness<10ms'],
      ['If freshness p99 may be 1.98 s, it would be polling every 2 s, at 25 ms long-polling, at 15 ms websocket.'],
    ],
    ['a need that were none', ['bidirectional'], ['Without bidirectional it would be polling every 2 s.']],
    [
      'the need that alone rules out the simpler',
      ['freshness<3s', 'queries<600'],
      [
        'For freshness p99 under 2.25 s it would be long-polling (25 ms).',
        'If queries may be 15,000/min, it would be polling every 2 s.',
        'For queries under 60/min it would be long-polling (12/min).',
      ],
    ],
  ])('tell of %s', (_, require, expected) => {
    const said = breakEvensOf('measured', require);
    expect([...said].sort()).toEqual([...expected].sort());
  });

  it('name the scales of a sweep at which it would be another', () => {
    const record = recordWith({}, ['queries<5000']);
    const trials = [50, 100, 500].flatMap((clients) => [
      trialOf('polling', { clients, queries: clients * 30 }),
      trialOf('sse', { clients, queries: 12 }),
    ]);
    const { verdict } = concludeRun(readRun({ ...record, trials }));
    expect(verdict.simplest).toEqual(['sse']);
    expect(verdict.breakEvens.map(({ text }) => text)).toContain(
      'With 50 clients and 100 clients it would be polling every 2 s.',
    );
  });
});
