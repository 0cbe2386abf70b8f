// Thresholds of a run: what keeps them, what breaks them, and that what was not measured keeps nothing.
import { expect, it } from 'vitest';
import { parseThresholds } from '../harness/contract/threshold.ts';
import { buildRecord, distributionOf } from './fixtures/record.ts';
import { buildStormRecord } from './fixtures/storm.ts';
import { buildSweepRecord } from './fixtures/sweep.ts';
import { readRun } from './run.ts';
import { describeThreshold, judgeThresholds } from './thresholds.ts';

const record = buildRecord({ contenders: ['polling', 'websocket'] });
const [polling, websocket] = record.trials;
if (polling === undefined || websocket === undefined) throw new Error('expected two trials');
polling.metrics.freshnessUs = distributionOf([1_000, 2_000, 3_000], 1);
websocket.metrics.freshnessUs = distributionOf([1_000, 2_000, 3_000, 4_000]);
websocket.metrics['db.queriesPerMinute'] = { unit: '1/min', value: null, reason: 'pg_stat_statements is missing' };

const judge = (...texts: string[]) =>
  judgeThresholds(readRun(record), parseThresholds(texts, ['polling', 'websocket']).thresholds).map(describeThreshold);

it('is judged by the figure, its limit included or not', () => {
  expect(judge('websocket.freshnessUs.max < 4ms', 'websocket.freshnessUs.max <= 4ms')).toEqual([
    'BROKEN  websocket.freshnessUs.max < 4ms: 4 ms',
    'kept    websocket.freshnessUs.max <= 4ms: 4 ms',
  ]);
});

it('without a contender is judged for each', () => {
  expect(judge('freshnessUs.p50 < 3ms')).toEqual([
    'kept    freshnessUs.p50 < 3ms with polling: 2 ms',
    'kept    freshnessUs.p50 < 3ms with websocket: 2 ms',
  ]);
});

it('is not kept by what was not measured, or not seen by the end', () => {
  expect(
    judge('polling.freshnessUs.p99 < 1h', 'websocket.db.queriesPerMinute < 600', 'websocket.storm.gaveUp < 1'),
  ).toEqual([
    'BROKEN  polling.freshnessUs.p99 < 1h: not measured (p99 lies among the 1 of 4 observations that were not seen by the end of the drain)',
    'BROKEN  websocket.db.queriesPerMinute < 600: not measured (pg_stat_statements is missing)',
    'BROKEN  websocket.storm.gaveUp < 1: not measured (not in the run record)',
  ]);
});

it('is kept by what noise hides, where the limit is above that noise', () => {
  const hidden = buildRecord({ contenders: ['sse'] });
  const [sse] = hidden.trials;
  if (sse === undefined) throw new Error('expected a trial');
  sse.metrics['system.cpuMsPerSecond'] = { unit: 'ms/s', value: null, reason: 'hidden by noise', below: 5.3 };
  const limits = ['< 100', '< 5.3', '< 3', '> 3'].map((limit) => `system.cpuMsPerSecond ${limit}`);
  const results = judgeThresholds(readRun(hidden), parseThresholds(limits, ['sse']).thresholds);
  expect(results.map(({ isKept }) => isKept)).toEqual([true, true, false, false]);
  expect(results[0]?.because).toBe('under 5.3 ms/s (hidden by noise)');
});

it('holds at every scale of a sweep', () => {
  const sweep = buildSweepRecord({ contenders: ['sse'], windowSeconds: 10 });
  const [lightest] = sweep.trials;
  if (lightest === undefined) throw new Error('expected a trial');
  lightest.metrics['updates.missed'] = { unit: 'count', value: 108 };
  for (const trial of sweep.trials.slice(1)) trial.metrics['updates.missed'] = { unit: 'count', value: 0 };
  const { thresholds } = parseThresholds(['updates.missed < 1', 'sse.updates.missed < 1'], ['sse']);
  const results = judgeThresholds(readRun(sweep), thresholds);
  expect(results).toHaveLength(2 * sweep.trials.length);
  expect(results.filter(({ isKept }) => !isKept).map(describeThreshold)).toEqual([
    'BROKEN  updates.missed < 1 with sse (50 clients): 108',
    'BROKEN  sse.updates.missed < 1 with sse (50 clients): 108',
  ]);
});

it('is judged by a count of one storm, however often it was repeated', () => {
  const once = buildStormRecord();
  const again = [1, 2, 3].flatMap((repetition) => once.trials.map((trial) => ({ ...trial, repetition })));
  const judged = [once.trials, again].map((trials) =>
    judgeThresholds(readRun({ ...once, trials }), parseThresholds(['storm.attempts < 5000'], []).thresholds),
  );
  expect(judged[0]?.length).toBeGreaterThan(0);
  expect(judged[1]).toEqual(judged[0]);
});
