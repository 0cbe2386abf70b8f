// The trials of two versions, measured in interleaved pairs → what the gate says of each contender: deterministic figures like any
// comparison, timings from the pairs.
import { type Subject, spellSubject } from '../../harness/contract/comparison.ts';
import { metricOf, type Unit } from '../../harness/contract/metrics.ts';
import type { Run } from '../run.ts';
import { type GateFinding, type GateRules, judgePairs, usualRules } from '../statistics/paired-gate.ts';
import { type Comparison, compareRuns, failuresOf, type LocatedChange } from './comparison.ts';
import { type PairedSample, pairsOf, samplePairs } from './gate-pairs.ts';

export type GateSubject = Subject;

export interface ContenderFinding extends GateFinding, Pick<PairedSample, 'floor' | 'lacks'> {
  readonly contender: string;
  /** As `--metric` spells it. */
  readonly metric: string;
  readonly unit: Unit;
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
        unit: metricOf(subject.metric).unit,
        sample: samplePairs(pairsOf(baseline, candidate, contender), subject),
        isKnown: isKnown(baseline, candidate, contender, subject),
      }))
      .filter(({ isKnown }) => isKnown),
  );
  const findings = judgePairs(
    cases.map(({ contender, metric, sample }) => ({
      name: `${contender} ${metric}`,
      worsening: sample.worsening,
    })),
    rules,
  );
  return findings.flatMap((finding, index) => {
    const of = cases[index];
    if (of === undefined) return [];
    const { contender, metric, unit, sample } = of;
    return [{ ...finding, contender, metric, unit, floor: sample.floor, lacks: sample.lacks }];
  });
}

/** A metric that a contender does not have, such as a poll's round trip with a stream, is no case of the gate. */
function isKnown(baseline: Run, candidate: Run, contender: string, { metric }: GateSubject): boolean {
  return [baseline, candidate].some(({ record }) =>
    record.trials.some((trial) => trial.contender === contender && trial.metrics[metric] !== undefined),
  );
}
