// The trials of two versions, measured in interleaved pairs → what the gate says of each contender: deterministic figures like any
// comparison, timings from the pairs.
import { type Subject, spellSubject } from '../../harness/contract/comparison.ts';
import { metricOf } from '../../harness/contract/metrics.ts';
import type { TrialRecord } from '../../harness/contract/record.ts';
import { mergeFigures, quantileOf } from '../merge.ts';
import type { Run } from '../run.ts';
import { type GateFinding, type GateRules, judgePairs, usualRules } from '../statistics/paired-gate.ts';
import { type Comparison, compareRuns, failuresOf, type LocatedChange } from './comparison.ts';

export type GateSubject = Subject;

export interface ContenderFinding extends GateFinding {
  readonly contender: string;
  /** As `--metric` spells it. */
  readonly metric: string;
}

export interface Gate {
  readonly comparison: Comparison;
  /** The deterministic figures that got worse. */
  readonly failures: readonly LocatedChange[];
  /** Of each contender and timing; Holm's correction is over all of them. */
  readonly findings: readonly ContenderFinding[];
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
}

/** Judges what was measured so far. Trials with a fatal finding say nothing. */
export function judgeGate(
  baseline: Run,
  candidate: Run,
  { subjects, rules = usualRules }: { subjects: readonly GateSubject[]; rules?: GateRules },
): Gate {
  const remarks = [...fatalRemarks('baseline', baseline), ...fatalRemarks('candidate', candidate)];
  const comparison = compareRuns(baseline, candidate, { remarks });
  const failures = failuresOf(comparison).filter(({ change }) => change.role === 'deterministic');
  const findings = judgeTimings(baseline, candidate, subjects, rules);
  const fails = failures.length > 0 || findings.some(({ outcome }) => outcome === 'fail');
  const isOpen = findings.some(({ outcome }) => outcome === 'inconclusive');
  return { comparison, failures, findings, outcome: fails ? 'fail' : isOpen ? 'inconclusive' : 'pass' };
}

/** Each fatal finding of a version once, with where it was found first. */
function fatalRemarks(side: string, { findings }: Run): string[] {
  const fatal = findings.filter(({ severity }) => severity === 'fatal');
  const first = new Map(fatal.toReversed().map((finding) => [finding.code, finding]));
  return [...first.values()].map(({ code, where, message }) => `${side}, ${code} in ${where}: ${message}`);
}

function judgeTimings(baseline: Run, candidate: Run, subjects: readonly GateSubject[], rules: GateRules) {
  const names = [...new Set(baseline.record.trials.map(({ contender }) => contender))];
  const cases = names.flatMap((contender) =>
    subjects
      .map((subject) => ({
        contender,
        metric: spellSubject(subject),
        worsening: worseningOf(pairsOf(baseline, candidate, contender), subject),
        isKnown: isKnown(baseline, candidate, contender, subject),
      }))
      .filter(({ isKnown }) => isKnown),
  );
  const findings = judgePairs(
    cases.map(({ contender, metric, worsening }) => ({ name: `${contender} ${metric}`, worsening })),
    rules,
  );
  return findings.flatMap((finding, index) => {
    const of = cases[index];
    return of === undefined ? [] : [{ ...finding, contender: of.contender, metric: of.metric }];
  });
}

/** Both trials of each repetition, where both can be believed. */
function pairsOf(baseline: Run, candidate: Run, contender: string): [TrialRecord, TrialRecord][] {
  // A finding that names the figures it voids has made them null already, and leaves the others as they are.
  const isSound = (trial: TrialRecord) =>
    trial.health.every(({ severity, voids }) => severity !== 'fatal' || voids !== undefined);
  return baseline.record.trials
    .filter((trial) => trial.contender === contender && isSound(trial))
    .flatMap((before) => {
      const after = candidate.record.trials.find(
        (trial) => trial.contender === contender && trial.repetition === before.repetition && isSound(trial),
      );
      return after === undefined ? [] : [[before, after] as [TrialRecord, TrialRecord]];
    });
}

/** A metric that a contender does not have, such as a poll's round trip with a stream, is no case of the gate. */
function isKnown(baseline: Run, candidate: Run, contender: string, { metric }: GateSubject): boolean {
  return [baseline, candidate].some(({ record }) =>
    record.trials.some((trial) => trial.contender === contender && trial.metrics[metric] !== undefined),
  );
}

/** Log ratios of the pairs in which both were measured; above 0 the candidate is worse. */
function worseningOf(pairs: readonly [TrialRecord, TrialRecord][], subject: GateSubject): number[] {
  const sign = metricOf(subject.metric).better === 'higher' ? -1 : 1;
  return pairs.flatMap(([before, after]) => {
    const [left, right] = [numberIn(before, subject), numberIn(after, subject)];
    return left !== null && right !== null && left > 0 && right > 0 ? [sign * Math.log(right / left)] : [];
  });
}

function numberIn(trial: TrialRecord, { metric, quantile }: GateSubject): number | null {
  const figure = mergeFigures(metric, [trial.metrics[metric]]);
  return figure.kind === 'distribution' ? quantileOf(figure, quantile ?? 0.5) : figure.value;
}
