// The rules of the verdict, case by case: what was measured and required, and the answer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RunRecord, runRecord, type TrialRecord, type Verdict } from '../../harness/contract/record.ts';
import { invalidRecord } from '../fixtures/odd.ts';
import { buildRecord } from '../fixtures/record.ts';
import { buildMixedRecord, buildStormRecord } from '../fixtures/storm.ts';
import { readRun } from '../run.ts';
import { complexityOf } from './traits.ts';
import { type Figures, recordWith, trialOf } from './verdict.fixture.ts';
import { concludeRun } from './verdict.ts';

const verdictOf = (record: RunRecord): Verdict => concludeRun(readRun(record)).verdict;
const textOf = (record: RunRecord): string => verdictOf(record).sentences.join(' ');

/** The figures of a usual run of the five. */
const usual = {
  polling: { freshnessMs: 1_980, queries: 15_000 },
  'polling+cache=1s': { freshnessMs: 2_250, queries: 60 },
  'long-polling': { freshnessMs: 25, queries: 12 },
  sse: { freshnessMs: 12, queries: 12 },
  websocket: { freshnessMs: 20, queries: 12 },
} satisfies Record<string, Figures>;

interface Case {
  readonly when: string;
  readonly figures?: Readonly<Record<string, Figures | readonly Figures[]>>;
  readonly require: readonly string[];
  readonly kind: Verdict['kind'];
  readonly simplest: readonly string[];
  readonly says: string;
}

const cases: readonly Case[] = [
  {
    when: 'polling is fresh enough',
    require: ['freshness<3s'],
    kind: 'answer',
    simplest: ['polling'],
    says: 'Polling every 2 s is enough for freshness p99 < 3 s (measured: 1.98 s), and nothing that was measured is simpler.',
  },
  {
    when: 'polling asks too often, and a cache helps',
    require: ['freshness<3s', 'queries<600'],
    kind: 'answer',
    simplest: ['polling+cache=1s'],
    says: 'Polling+cache=1s every 2 s is the simplest of the 4 contenders that meet freshness p99 < 3 s and queries < 600/min (measured: freshness p99 2.25 s, queries 60/min). Simpler, but not enough: polling every 2 s (queries 15,000/min).',
  },
  {
    when: 'no poll is fresh enough',
    require: ['freshness<100ms'],
    kind: 'answer',
    simplest: ['long-polling'],
    says: 'Long-polling is the simplest of the 3 contenders that meet freshness p99 < 100 ms (measured: 25 ms). Simpler, but not enough: polling every 2 s (freshness p99 1.98 s), polling+cache=1s every 2 s (freshness p99 2.25 s).',
  },
  {
    when: 'every version must arrive',
    require: ['every-update'],
    kind: 'answer',
    simplest: ['sse'],
    says: 'SSE is the simplest of the 2 contenders that meet every-update. Simpler, but not enough: polling every 2 s (not every-update), polling+cache=1s every 2 s (not every-update), long-polling (not every-update).',
  },
  {
    when: 'the server missed versions that its transport promises',
    figures: { ...usual, sse: { ...usual.sse, missed: 3 } },
    require: ['every-update'],
    kind: 'answer',
    simplest: ['websocket'],
    says: 'Websocket alone of 5 contenders meets every-update. Simpler, but not enough: polling every 2 s (not every-update), polling+cache=1s every 2 s (not every-update), long-polling (not every-update) and 1 more.',
  },
  {
    when: 'clients must send as well',
    require: ['bidirectional', 'freshness<3s'],
    kind: 'answer',
    simplest: ['websocket'],
    says: 'Websocket alone of 5 contenders meets bidirectional and freshness p99 < 3 s (measured: 20 ms). Simpler, but not enough: polling every 2 s (not bidirectional), polling+cache=1s every 2 s (not bidirectional), long-polling (not bidirectional) and 1 more.',
  },
  {
    when: 'needs contradict each other',
    figures: { sse: usual.sse, websocket: usual.websocket },
    require: ['bidirectional', 'works-without-websocket'],
    kind: 'none-meets',
    simplest: [],
    says: 'None of the 2 contenders meets bidirectional and works-without-websocket. What stands in the way: sse (not bidirectional), websocket (not works-without-websocket).',
  },
  {
    when: 'Redis is not wanted, and one WebSocket server does without',
    figures: { websocket: usual.websocket, 'websocket+postgres': usual.websocket },
    require: ['bidirectional', 'without-redis'],
    kind: 'answer',
    simplest: ['websocket+postgres'],
    says: 'Websocket+postgres alone of 2 contenders meets bidirectional and without-redis.',
  },
  {
    when: 'a figure of the simplest was not measured: it is not called met',
    figures: { ...usual, polling: { freshnessMs: null, queries: 15_000 } },
    require: ['freshness<3s'],
    kind: 'answer',
    simplest: ['polling+cache=1s'],
    says: 'Polling+cache=1s every 2 s is the simplest of the 4 contenders that meet freshness p99 < 3 s (measured: 2.25 s). The run cannot tell of: polling every 2 s (freshness p99: the counter was lost).',
  },
  {
    when: 'one repetition is too close to the limit',
    figures: { polling: { freshnessMs: 2_900 }, sse: { freshnessMs: 12 } },
    require: ['freshness<3s'],
    kind: 'answer',
    simplest: ['sse'],
    says: 'SSE alone of 2 contenders meets freshness p99 < 3 s (measured: 12 ms). The run cannot tell of: polling every 2 s (freshness p99 2.9 s, within 10 % of the limit, too close for one repetition).',
  },
  {
    when: 'where in the cache’s life the changes come decides',
    figures: { 'polling+cache=1s': { freshnessMs: 2_250 } },
    require: ['freshness<2.6s'],
    kind: 'open',
    simplest: [],
    says: 'The only contender does not surely meet freshness p99 < 2.6 s. The run cannot tell of: polling+cache=1s every 2 s (freshness p99 2.25 s, 1.98 s to 2.98 s by where in the cache’s life the changes come).',
  },
  {
    when: 'a count lies at the limit, where one at the edge of the window decides',
    figures: { polling: { queries: 599 } },
    require: ['queries<600'],
    kind: 'open',
    simplest: [],
    says: 'The only contender does not surely meet queries < 600/min. The run cannot tell of: polling every 2 s (queries 599/min, within one count of the limit).',
  },
  {
    when: 'repetitions stand on both sides of the limit',
    figures: {
      polling: [{ freshnessMs: 2_000 }, { freshnessMs: 3_100 }],
      sse: [{ freshnessMs: 2 }, { freshnessMs: 2 }],
    },
    require: ['freshness.p50<3s'],
    kind: 'answer',
    simplest: ['sse'],
    says: 'SSE alone of 2 contenders meets freshness p50 < 3 s (measured: 2 ms). The run cannot tell of: polling every 2 s (freshness p50 2 s, repetitions from 2 s to 3.1 s).',
  },
  {
    when: 'repetitions agree, close to the limit as they are',
    figures: { polling: [{ freshnessMs: 2_900 }, { freshnessMs: 2_910 }, { freshnessMs: 2_890 }] },
    require: ['freshness<3s'],
    kind: 'answer',
    simplest: ['polling'],
    says: 'Polling every 2 s meets freshness p99 < 3 s (measured: 2.91 s).',
  },
  {
    when: 'each of three repetitions keeps a limit that only their sum would not',
    figures: { sse: [{ missed: 4 }, { missed: 5 }, { missed: 3 }] },
    require: ['updates.missed<10'],
    kind: 'answer',
    simplest: ['sse'],
    says: 'SSE meets updates.missed < 10 (measured: 4).',
  },
  {
    when: 'a repetition was not measured',
    figures: { polling: [{ freshnessMs: 1_000 }, { freshnessMs: null }] },
    require: ['freshness<3s'],
    kind: 'open',
    simplest: [],
    says: 'The only contender does not surely meet freshness p99 < 3 s. The run cannot tell of: polling every 2 s (freshness p99: measured in 1 of 2 repetitions only (the counter was lost)).',
  },
  {
    when: 'noise hides a cost, and the limit is above that noise',
    figures: { polling: { cpu: 355 }, 'polling+cache=1s': { cpu: 'hidden' }, websocket: { cpu: 60 } },
    require: ['cpu<100'],
    kind: 'answer',
    simplest: ['polling+cache=1s'],
    says: 'Polling+cache=1s every 2 s is the simplest of the 2 contenders that meet cpu < 100 ms/s (measured: under 5.3 ms/s). Simpler, but not enough: polling every 2 s (cpu 355 ms/s).',
  },
  {
    when: 'noise hides a cost, and the limit is that noise',
    figures: { polling: { cpu: 'hidden' } },
    require: ['cpu<5.3'],
    kind: 'answer',
    simplest: ['polling'],
    says: 'Polling every 2 s meets cpu < 5.3 ms/s (measured: under 5.3 ms/s).',
  },
  {
    when: 'noise hides a cost, and the limit lies in that noise',
    figures: { polling: { cpu: 'hidden' } },
    require: ['cpu<3'],
    kind: 'open',
    simplest: [],
    says: 'The only contender does not surely meet cpu < 3 ms/s. The run cannot tell of: polling every 2 s (cpu under 5.3 ms/s, hidden by noise).',
  },
  {
    when: 'noise hides some repetitions, and one that it does not is over the limit',
    figures: {
      polling: [{ cpu: 'hidden' }, { cpu: 'hidden' }, { cpu: 9 }],
      sse: [{ cpu: 'hidden' }, { cpu: 6 }, { cpu: 7 }],
    },
    require: ['cpu<8'],
    kind: 'answer',
    simplest: ['sse'],
    says: 'SSE alone of 2 contenders meets cpu < 8 ms/s (measured: 6 ms/s). The run cannot tell of: polling every 2 s (cpu under 5.3 ms/s, repetitions from what noise hides to 9 ms/s).',
  },
  {
    when: 'changes were never seen: that is later than any limit',
    figures: { polling: { freshnessMs: 1_000, censored: 5 }, sse: { freshnessMs: 12 } },
    require: ['freshness<3s'],
    kind: 'answer',
    simplest: ['sse'],
    says: 'SSE alone of 2 contenders meets freshness p99 < 3 s (measured: 12 ms). Simpler, but not enough: polling every 2 s (freshness p99: it lies among the 5 of 100 observations that were not seen by the end of the drain).',
  },
  {
    when: 'the simplest was asked for more than it could do',
    figures: { ...usual, polling: { ...usual.polling, saturated: true } },
    require: ['freshness<3s'],
    kind: 'answer',
    simplest: ['polling+cache=1s'],
    says: 'Polling+cache=1s every 2 s is the simplest of the 4 contenders that meet freshness p99 < 3 s (measured: 2.25 s). Asked for more than it could do: polling every 2 s.',
  },
  {
    when: 'two meet it and neither is simpler',
    figures: { polling: { freshnessMs: 1_900 }, 'polling+interval=5s': { freshnessMs: 4_900 } },
    require: ['freshness<10s'],
    kind: 'answer',
    simplest: ['polling', 'polling+interval=5s'],
    says: 'Polling every 2 s and polling+interval=5s meet freshness p99 < 10 s, and none of them is simpler than the others.',
  },
];

describe('the verdict', () => {
  it.each(cases)('when $when', ({ figures = usual, require, kind, simplest, says }) => {
    const record = recordWith(figures, require);
    expect(verdictOf(record)).toMatchObject({ kind, simplest });
    expect(textOf(record)).toBe(says);
  });

  it('without a requirement names trade-offs and no winner', () => {
    const verdict = verdictOf(recordWith(usual));
    expect(verdict).toMatchObject({ kind: 'trade-offs', simplest: [], contenders: [] });
    expect(verdict.sentences[0]).toContain('polling every 2 s took 1.98 s');
  });

  it.each([
    [
      'an invalid run',
      { ...invalidRecord(), require: ['freshness<3s'] },
      'must not be quoted (GENERATOR_SATURATED in sse #1)',
    ],
    ['a run without a trial', { ...recordWith({}), require: ['freshness<3s'] }, 'no finished trial'],
    ['a requirement that nobody can read', recordWith(usual, ['freshnes<3s']), "did you mean 'freshness'?"],
  ])('is withheld from %s', (_, record, says) => {
    expect(verdictOf(record)).toMatchObject({ kind: 'withheld', simplest: [], contenders: [], breakEvens: [] });
    expect(textOf(record)).toContain(says);
  });

  it('holds in every scenario of the run, or not', () => {
    const record = recordWith({ polling: { queries: 3_000 }, sse: { queries: 12 } }, ['queries<5000']);
    const busier = { ...trialOf('polling', { queries: 15_000 }), scenario: 'another' };
    const [polling, sse] = verdictOf({ ...record, trials: [...record.trials, busier] }).contenders;
    expect(polling).toMatchObject({ contender: 'polling', outcome: 'misses' });
    expect(sse).toMatchObject({ contender: 'sse', outcome: 'open' });
  });

  it('asks a storm how the clients of the same system come back', () => {
    const verdict = verdictOf({ ...buildMixedRecord(), require: ['recovery<10s'] });
    expect(verdict.simplest).toEqual(['sse']);
    const because = Object.fromEntries(
      verdict.contenders.map(({ contender, judgements }) => [contender, judgements[0]]),
    );
    expect(because.polling).toMatchObject({ outcome: 'open', because: 'no reconnect storm of it was measured' });
    expect(because.websocket).toMatchObject({ outcome: 'met', because: '803 ms, with fixed delay' });
  });

  it.each([
    ['of fewer clients', { clients: 100 }],
    ['on more dashboards', { audiences: 5 }],
    ['with cached snapshots', { contender: 'websocket+snapshot=cached+backoff=fixed' }],
    ['that turns clients away', { contender: 'websocket+backoff=fixed+admit=2000' }],
    ['with a balancer', { contender: 'websocket+backoff=fixed+balancer=ip-hash' }],
    ['over TLS', { contender: 'websocket+backoff=fixed+tls' }],
    ['on slower queries', { settings: { 'query-cost': '100ms' } }],
  ] satisfies [string, Partial<TrialRecord>][])('asks no storm %s', (_, changed) => {
    const record = buildMixedRecord();
    const trials = record.trials.flatMap((trial) => {
      if (trial.scenario !== 'reconnect-storm') return [trial];
      const { contender, settings } = trial;
      return contender === 'websocket+backoff=fixed'
        ? [{ ...trial, ...changed, settings: { ...settings, ...('settings' in changed ? changed.settings : {}) } }]
        : [];
    });
    const verdict = verdictOf({ ...record, trials, require: ['recovery<10s'] });
    const judged = verdict.contenders.find(({ contender }) => contender === 'websocket');
    expect(judged?.judgements[0]).toMatchObject({
      outcome: 'open',
      because: 'no reconnect storm of it was measured',
    });
  });

  it('asks cached polling alone how cached polling comes back', () => {
    const record = buildMixedRecord();
    const [storm] = record.trials.filter(({ scenario }) => scenario === 'reconnect-storm');
    const polling = record.trials.find(({ contender }) => contender === 'polling');
    if (storm === undefined || polling === undefined) throw new Error('expected a storm and polling');
    const settings = { ...polling.settings, auth: 'cookie', fault: 'kill', 'update-interval': '1s', seed: 7 };
    const cached = { ...storm, contender: 'polling+cache=1s', transport: 'polling' as const, settings };
    const { contenders } = verdictOf({ ...record, trials: [...record.trials, cached], require: ['recovery<10s'] });
    const outcomes = contenders.map(({ contender, outcome }) => [contender, outcome]);
    expect(outcomes).toContainEqual(['polling', 'open']);
    expect(outcomes).toContainEqual(['polling+cache=1s', 'meets']);
  });

  it('judges strategies where there are only storms', () => {
    const verdict = verdictOf({ ...buildStormRecord(), require: ['recovery<3s', 'every-update'] });
    const met = verdict.contenders.filter(({ outcome }) => outcome === 'meets').map(({ contender }) => contender);
    expect(met).toContain('websocket+backoff=fixed');
    expect(met).not.toContain('websocket+backoff=exponential+jitter=full');
  });

  it('is part of a valid record, and says what it does not know', () => {
    const record = { ...buildRecord(), require: ['freshness<3s'] };
    const verdict = verdictOf(record);
    expect(runRecord.parse({ ...record, verdict }).verdict).toEqual(verdict);
    expect(verdict.notMeasured.join()).toMatch(/TLS.*batteries/);
  });

  it('knows when some clients spoke TLS', () => {
    for (const name of ['sse+tls', 'sse+tls=on'])
      expect(verdictOf(recordWith({ sse: usual.sse, [name]: usual.sse })).notMeasured.join()).not.toContain('TLS');
  });
});

const names = ['polling', 'polling+cache=1s', 'long-polling', 'sse', 'sse+redis', 'websocket+postgres', 'websocket'];
const needs = ['freshness<3s', 'freshness.p50<500ms', 'queries<600', 'bidirectional', 'every-update', 'without-redis'];
const anyFigures = fc.record({
  freshnessMs: fc.option(fc.integer({ min: 1, max: 6_000 })),
  queries: fc.option(fc.integer({ min: 0, max: 2_000 })),
  saturated: fc.boolean(),
});
const anyRun = fc
  .subarray(names, { minLength: 1 })
  .chain((some) => fc.record(Object.fromEntries(some.map((name) => [name, anyFigures]))));

describe('any verdict', () => {
  it('names only who surely meets everything, and nobody who does is simpler', () => {
    fc.assert(
      fc.property(anyRun, fc.subarray(needs, { minLength: 1 }), (figures, require) => {
        const { verdict, candidates } = concludeRun(readRun(recordWith(figures, require)));
        const winners = candidates.filter(({ contender }) => verdict.simplest.includes(contender.name));
        expect(winners.every(({ judgements }) => judgements.every(({ outcome }) => outcome === 'met'))).toBe(true);
        const least = Math.min(
          ...candidates.filter(({ outcome }) => outcome === 'meets').map(({ contender }) => complexityOf(contender)),
        );
        expect(winners.every(({ contender }) => complexityOf(contender) === least)).toBe(true);
        expect(winners.length > 0).toBe(verdict.kind === 'answer');
        expect(JSON.stringify(verdict)).not.toMatch(/undefined|NaN|Infinity/);
      }),
      { numRuns: 60 },
    );
  });

  it('becomes no simpler by one more need', () => {
    fc.assert(
      fc.property(anyRun, fc.shuffledSubarray(needs, { minLength: 2 }), (figures, require) => {
        const least = (texts: readonly string[]) =>
          Math.min(
            ...concludeRun(readRun(recordWith(figures, texts)))
              .candidates.filter(({ outcome }) => outcome === 'meets')
              .map(({ contender }) => complexityOf(contender)),
          );
        expect(least(require)).toBeGreaterThanOrEqual(least(require.slice(1)));
      }),
      { numRuns: 60 },
    );
  });
});
