// Two versions measured in pairs: what fails, what passes, what stays open, and what is left out.
import { describe, expect, it } from 'vitest';
import type { MetricName } from '../../harness/contract/metrics.ts';
import type { MetricValue, RunRecord, TrialRecord } from '../../harness/contract/record.ts';
import { buildRecord, distributionOf } from '../fixtures/record.ts';
import { readRun } from '../run.ts';
import { textWidth } from '../table/text-width.ts';
import { type Gate, type GateSubject, judgeGate } from './gate.ts';
import { concludeGate, gateChecks, renderGate, renderGateSummary } from './gate-report.ts';

const subjects: readonly GateSubject[] = [
  { metric: 'freshnessUs', quantile: 0.5 },
  { metric: 'requestUs', quantile: 0.5 },
  { metric: 'system.cpuMsPerSecond', quantile: null },
];

/** A version's trials; freshness takes `ms` of each pair. */
function version(msOfPair: (pair: number) => number, change: (trial: TrialRecord) => void = () => {}): RunRecord {
  const record = buildRecord({ contenders: ['sse'], repetitions: 20, clients: 20 });
  for (const trial of record.trials) {
    trial.metrics.freshnessUs = distributionOf([msOfPair(trial.repetition) * 1_000]);
    trial.metrics['system.cpuMsPerSecond'] = { unit: 'ms/s', value: 40 };
    change(trial);
  }
  return record;
}

const judge = (baseline: RunRecord, candidate: RunRecord): Gate =>
  judgeGate(readRun(baseline), readRun(candidate), { subjects });
const drifting = (pair: number) => 10 + pair;

describe('a gate', () => {
  it('passes what is the same, whatever the machine drifts', () => {
    const gate = judge(
      version(drifting),
      version((pair) => drifting(pair) * (1 + (pair % 3) / 100)),
    );
    expect(gate).toMatchObject({ outcome: 'pass', failures: [] });
    // A stream has no round trips of polls to judge.
    expect(gate.findings.map(({ metric }) => metric)).toEqual(['freshnessUs.p50', 'system.cpuMsPerSecond']);
    expect(concludeGate(gate).slice(0, 2).join(' ')).toMatch(
      /^Gate: PASS. None of \d+ deterministic figures got worse, nor any of 2 timings.$/,
    );
  });

  it('fails a timing that is worse in the pairs, and names it with its change', () => {
    const gate = judge(
      version(drifting),
      version((pair) => drifting(pair) * (1.3 + (pair % 3) / 100)),
    );
    expect(gate.outcome).toBe('fail');
    expect(gate.findings.map(({ metric, outcome }) => `${metric} ${outcome}`)).toEqual([
      'freshnessUs.p50 fail',
      'system.cpuMsPerSecond pass',
    ]);
    expect(concludeGate(gate)[1]).toMatch(/^sse freshnessUs.p50 is \+31 % \(at least \+3\d %\)\.$/);
    expect(
      gateChecks(gate)
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ name }) => name),
    ).toEqual(['freshnessUs.p50']);
    expect(renderGateSummary(gate)).toContain('## Freshet gate: fail');
  });

  it('stays open where pairs vary too much, and skips such a check', () => {
    const gate = judge(
      version(drifting),
      version((pair) => drifting(pair) * Math.exp(Math.sin(pair))),
    );
    expect(gate.outcome).toBe('inconclusive');
    expect(gateChecks(gate).find(({ name }) => name === 'freshnessUs.p50')?.outcome).toBe('skipped');
  });

  it('fails a deterministic figure at once, and says what else speaks against the candidate', () => {
    const doubled = version(drifting, (trial) => {
      trial.metrics['db.queriesPerMinute'] = { unit: '1/min', value: 24 };
      trial.health.push({ severity: 'fatal', code: 'COUNTS_DISAGREE', message: 'clients 4, database 8' });
    });
    const gate = judge(version(drifting), doubled);
    expect(gate.outcome).toBe('fail');
    expect(gate.failures.map(({ change }) => change.metric)).toEqual(['db.queriesPerMinute']);
    expect(gate.comparison.remarks).toEqual(['candidate, COUNTS_DISAGREE in sse #1: clients 4, database 8']);
  });

  it('leaves out pairs of which one cannot be believed', () => {
    const odd = version(drifting, (trial) => {
      if (trial.repetition > 4) trial.health.push({ severity: 'fatal', code: 'CLOCK_STEP', message: '' });
    });
    const [finding] = judge(version(drifting), odd).findings;
    expect(finding).toMatchObject({ pairs: 4, outcome: 'inconclusive' });
    const late = version(drifting, (trial) => {
      if (trial.repetition > 4) trial.metrics.freshnessUs = { unit: 'us', value: null, reason: 'PUBLISHER_LATE' };
      trial.health.push({ severity: 'fatal', code: 'PUBLISHER_LATE', message: '', voids: ['freshnessUs'] });
    });
    expect(judge(version(drifting), late).findings.map(({ pairs }) => pairs)).toEqual([4, 20]);
  });

  describe('of CPU below the noise of its idle control', () => {
    const hidden: MetricValue = {
      unit: 'ms/s',
      value: null,
      reason: 'hidden by the noise of its idle control',
      below: 7.5,
    };
    const cpu = (msOfPair: (pair: number) => number | null) =>
      version(drifting, (trial) => {
        const value = msOfPair(trial.repetition);
        trial.metrics['system.cpuMsPerSecond'] = value === null ? hidden : { unit: 'ms/s', value };
      });
    const judgeCpu = (before: (pair: number) => number | null, after: (pair: number) => number | null) => {
      const gate = judge(cpu(before), cpu(after));
      const finding = gate.findings.find(({ metric }) => metric === 'system.cpuMsPerSecond');
      return { text: renderGate(gate, [], { color: false }), concluded: concludeGate(gate).join(' '), finding };
    };

    it('takes the floor for what is hidden, fails what rises above it, and says so', () => {
      const { finding, concluded, text } = judgeCpu(
        () => null,
        (pair) => 40 + (pair % 10),
      );
      expect(finding).toMatchObject({ outcome: 'fail', pairs: 20, floor: 7.5 });
      expect(finding?.lower).toBeGreaterThan(40 / 7.5);
      expect(concluded).toContain(
        'sse system.cpuMsPerSecond hides in noise below 7.5 ms/s: a change is seen only beyond that.',
      );
      expect(text.replaceAll(/\s+/g, ' ')).toContain(
        'system.cpuMsPerSecond: taken for 7.5 ms/s where hidden below: baseline 20, candidate 0',
      );
      expect(concluded).not.toContain('vary too much');
    });

    it('fails a rise from just below the floor to just above it, though the baseline shows in a few pairs', () => {
      const rises = judgeCpu(
        (pair) => (pair % 5 === 0 ? 7.6 : null),
        (pair) => 9 + (pair % 4) / 10,
      );
      expect(rises.finding).toMatchObject({ outcome: 'fail', pairs: 20 });
    });

    it('passes what is hidden in both, without a claim to have seen its noise', () => {
      const { finding, text } = judgeCpu(
        () => null,
        () => null,
      );
      expect(finding).toMatchObject({ outcome: 'pass', pairs: 20, ratio: 1 });
      expect(text).toMatch(/system\.cpuMsPerSecond +0 % +0 % to 0 % +– +– +pass/);
    });

    it('favours neither version when both hide in some pairs', () => {
      const some = (pair: number) => (pair % 2 === 0 ? null : 8);
      const others = (pair: number) => (pair % 2 === 0 ? 8 : null);
      const there = judgeCpu(some, others).finding;
      const back = judgeCpu(others, some).finding;
      expect(there?.ratio).toBeCloseTo(1 / (back?.ratio ?? 0));
      expect(there?.outcome).not.toBe('fail');
    });
  });

  it('says in how many pairs a figure was not measured, where they leave too few', () => {
    const odd = version(drifting, (trial) => {
      if (trial.repetition > 4) trial.metrics.freshnessUs = { unit: 'us', value: null, reason: 'PUBLISHER_LATE' };
    });
    const concluded = concludeGate(judge(version(drifting), odd)).join(' ');
    expect(concluded).toContain(
      'sse freshnessUs.p50 is inconclusive: it needs 5 pairs and has 4 (not measured in 16 pairs).',
    );
    expect(concluded).not.toContain('vary too much');
  });

  describe('of a timing that was never measured', () => {
    const without = (metric: MetricName, reason: string) =>
      version(drifting, (trial) => {
        trial.metrics[metric] = { unit: 'us', value: null, reason };
      });
    const pushed = without('requestUs', 'this contender is pushed to and asks nothing');
    const late = without('freshnessUs', 'the publisher was late');
    const of = (record: RunRecord, isNamed: boolean) =>
      judgeGate(readRun(record), readRun(record), {
        subjects: [...subjects, { metric: 'storm.recoveryUs', quantile: 1 }],
        isNamed,
      });

    it('names it, judges the others without it, and leaves it out of their correction', () => {
      const gate = of(pushed, false);
      expect(gate).toMatchObject({
        outcome: 'pass',
        unmeasured: [{ metric: 'requestUs.p50' }, { metric: 'storm.recoveryUs.max' }],
      });
      expect(gate.findings.map(({ metric }) => metric)).toEqual(['freshnessUs.p50', 'system.cpuMsPerSecond']);
      expect(concludeGate(gate)).toEqual(
        expect.arrayContaining([
          'sse requestUs.p50 was never measured (this contender is pushed to and asks nothing).',
          'sse storm.recoveryUs.max was never measured (not in the run record).',
        ]),
      );
      expect(gateChecks(gate).find(({ name }) => name === 'requestUs.p50')?.outcome).toBe('skipped');
    });

    it('is open only where it was asked for by name, of a contender that could have it', () => {
      // Neither a stream's polls nor a storm without a fault can be measured; asking for them is refused where no contender can have them.
      expect(of(pushed, true).outcome).toBe('pass');
      expect(of(late, false).outcome).toBe('pass');
      expect(of(late, true)).toMatchObject({ outcome: 'inconclusive' });
      expect(of(late, true).unmeasured.filter(({ isOpen }) => isOpen)).toEqual([
        { contender: 'sse', metric: 'freshnessUs.p50', reason: 'the publisher was late', isOpen: true },
      ]);
    });
  });

  it('fits a terminal of 80 columns', () => {
    const gate = judge(
      version(drifting),
      version((pair) => drifting(pair) * (pair % 2 === 0 ? 20 : 0.05)),
    );
    const text = renderGate(gate, [], { color: false });
    expect(Math.max(...text.split('\n').map(textWidth))).toBeLessThanOrEqual(80);
    expect(text).toContain('system.cpuMsPerSecond');
  });
});
