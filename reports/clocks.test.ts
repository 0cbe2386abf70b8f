// A run whose clients ran on agents → every report says how far the clocks leave its figures open, and tells none that they do not.
import { describe, expect, it } from 'vitest';
import { isDistribution, type RunRecord } from '../harness/contract/record.ts';
import { freshnessChart } from './charts/freshness.ts';
import { curvesOf } from './charts/freshness-curves.ts';
import { changeOf } from './compare/change.ts';
import { compareConditions } from './compare/likeness.ts';
import { usualLimits } from './compare/rules.ts';
import { buildRecord, distributionOf } from './fixtures/record.ts';
import { renderEveryFigure } from './page/evidence.ts';
import { readRun } from './run.ts';
import { renderSummary } from './summary.ts';
import { renderTerminal } from './terminal.ts';
import { judgeThresholds } from './thresholds.ts';

const pushed = [...Array.from({ length: 900 }, () => 10_000), ...Array.from({ length: 100 }, () => 200_000)];

/** sse is fresh within 10 ms, a tenth of the time within 200 ms; polling within 2 s. */
function buildAgentsRecord(uncertainty: number, repetitions = 1): RunRecord {
  const record = buildRecord({ contenders: ['polling', 'sse'], repetitions });
  for (const trial of record.trials) {
    const { freshnessUs } = trial.metrics;
    if (!isDistribution(freshnessUs)) throw new Error('no freshness');
    const own = trial.transport === 'sse' ? distributionOf(pushed) : freshnessUs;
    trial.metrics.freshnessUs = { ...own, uncertainty };
  }
  return record;
}

const terminal = (record: RunRecord) => renderTerminal(readRun(record), { color: false, width: 200 });
const untold = 'the agents’ clocks may be off by 2 ms, which is more than 10 % of it';

describe('the reports of a run with agents', () => {
  it.each([1, 2])('tell no quantile that the clocks do not, and why (%d repetitions)', (repetitions) => {
    const record = buildAgentsRecord(2_000, repetitions);
    for (const text of [terminal(record), renderSummary(readRun(record))]) {
      expect(text).toContain(`p50 is not told: ${untold}`);
      expect(text).toContain('200 ms');
      expect(text).not.toMatch(/\b10 ms|not seen by the end/);
    }
  });

  it('say how far a quantile is open that they tell', () => {
    const record = buildAgentsRecord(500);
    for (const text of [terminal(record), renderSummary(readRun(record))]) {
      expect(text).toContain('± 500 µs (clocks of agents)');
      expect(text).toMatch(/\b10 ms/);
    }
    expect(renderEveryFigure(readRun(record).contenders)).toContain('10 ms (p99 200 ms) ± 500 µs');
    expect(renderEveryFigure(readRun(buildAgentsRecord(2_000)).contenders)).toContain('</span> (p99 200 ms) ± 2 ms');
  });

  it('draw a curve from where the clocks tell it', () => {
    const run = readRun(buildAgentsRecord(2_000));
    const curve = curvesOf(run).find(({ label }) => label === 'sse');
    expect(curve?.points[0]).toMatchObject({ us: expect.closeTo(200_000, -3) });
    expect(curve?.points[0]?.odds).toBeGreaterThanOrEqual(9.9);
    const chart = freshnessChart(run);
    expect(chart?.subtitle).toContain('± 2 ms by the clocks of agents');
    expect(chart?.title).toBe('How fresh the screens were, as far as the clocks of the agents tell');
    expect(curvesOf(readRun(buildAgentsRecord(500))).find(({ label }) => label === 'sse')?.points[0]?.odds).toBe(1);
  });

  it('keep no threshold by a quantile that is not told', () => {
    const run = readRun(buildAgentsRecord(2_000));
    const limit = { contender: 'sse', metric: 'freshnessUs', operator: '<', limit: 1e9 } as const;
    const [half, most] = [0.5, 0.99].map((quantile) => judgeThresholds(run, [{ ...limit, quantile }])[0]);
    expect(half).toMatchObject({ isKept: false, because: expect.stringContaining('not told') });
    expect(most).toMatchObject({ isKept: true });
  });
});

describe('two runs with agents', () => {
  /** Of a p99 of 2 s, of which a twentieth is allowed. */
  const outcomeOf = (uncertainty: number | null, laterUs: number) => {
    const read = (us: number) => {
      const record = buildRecord({ contenders: ['sse'] });
      const doubt = uncertainty === null ? {} : { uncertainty };
      for (const trial of record.trials) trial.metrics.freshnessUs = { ...distributionOf([us]), ...doubt };
      const [contender] = readRun(record).contenders;
      if (contender === undefined) throw new Error('no sse');
      return contender;
    };
    const pair = { baseline: read(2_000_000), candidate: read(2_000_000 + laterUs) };
    const limits = { ...usualLimits, timingUnrepeated: 0.05 };
    return changeOf(pair, { metric: 'freshnessUs', quantile: 0.99 }, limits)?.outcome;
  };

  it('differ only by more than both clocks together leave open', () => {
    expect(outcomeOf(null, 150_000)).toBe('worse');
    expect(outcomeOf(100_000, 150_000)).toBe('same');
    expect(outcomeOf(100_000, 210_000)).toBe('worse');
  });

  it('may have been made by other machines, which is remarked', () => {
    const record = buildRecord({ contenders: ['sse'] });
    const agent = {
      name: 'a',
      host: 'x',
      cores: 2,
      version: '1',
      clients: 1,
      cpuShare: 0,
      errorUs: null,
      lost: null,
      clock: null,
    };
    const byAgents = structuredClone(record);
    for (const trial of byAgents.trials) trial.agents = [agent];
    expect(compareConditions(record, byAgents)).toEqual({
      differences: [],
      remarks: ['the generator is the machine of the servers in the baseline, 1 agent in the candidate'],
    });
  });

  it('are not worse for a quantile that the candidate’s clocks do not tell', () => {
    const [baseline, candidate] = [buildAgentsRecord(500), buildAgentsRecord(2_000)].map((record) =>
      readRun(record).contenders.find(({ name }) => name === 'sse'),
    );
    if (baseline === undefined || candidate === undefined) throw new Error('no sse');
    const change = changeOf({ baseline, candidate }, { metric: 'freshnessUs', quantile: 0.5 }, usualLimits);
    expect(change).toMatchObject({ outcome: 'unknown', isFailure: false, reason: `p50 is not told: ${untold}` });
  });
});
