// The trials of two versions, measured in interleaved pairs → what the gate says of each contender: deterministic figures like any
// comparison, timings from the pairs.
import { type Subject, spellSubject } from '../../harness/contract/comparison.ts';
import { canHave, metricOf, type Unit } from '../../harness/contract/metrics.ts';
import type { TrialRecord } from '../../harness/contract/record.ts';
import { mergeFigures, reasonOf } from '../merge.ts';
import type { Run } from '../run.ts';
import { type GateFinding, type GateRules, judgePairs, usualRules } from '../statistics/paired-gate.ts';
import { type Comparison, compareRuns, failuresOf, type LocatedChange } from './comparison.ts';
import { isMeasured, type PairedSample, pairsOf, samplePairs } from './gate-pairs.ts';

export type GateSubject = Subject;

export interface ContenderFinding extends GateFinding, Pick<PairedSample, 'floor' | 'lacks'> {
  readonly contender: string;
  /** As `--metric` spells it. */
  readonly metric: string;
  readonly unit: Unit;
}

/** A timing that no trial of a contender has. */
export interface UnmeasuredTiming {
  readonly contender: string;
  /** As `--metric` spells it. */
  readonly metric: string;
  readonly reason: string;
  /** It was asked for by name, of a contender that could have it: the gate is inconclusive. */
  readonly isOpen: boolean;
}

/** One timing of one contender, and the trials of both versions. */
interface Case {
  readonly contender: string;
  readonly subject: GateSubject;
  readonly trials: readonly TrialRecord[];
  readonly sample: PairedSample;
}

export interface Gate {
  readonly comparison: Comparison;
  /** The deterministic figures that got worse. */
  readonly failures: readonly LocatedChange[];
  /** Of each contender and timing that was measured; Holm's correction is over all of them. */
  readonly findings: readonly ContenderFinding[];
  readonly unmeasured: readonly UnmeasuredTiming[];
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
}

/** Judges what was measured so far. Trials with a fatal finding say nothing. `isNamed`: the subjects were asked for by name. */
export function judgeGate(
  baseline: Run,
  candidate: Run,
  {
    subjects,
    isNamed = false,
    rules = usualRules,
  }: { subjects: readonly GateSubject[]; isNamed?: boolean; rules?: GateRules },
): Gate {
  const remarks = [...fatalRemarks('baseline', baseline), ...fatalRemarks('candidate', candidate)];
  const comparison = compareRuns(baseline, candidate, { remarks });
  const failures = failuresOf(comparison).filter(({ change }) => change.role === 'deterministic');
  const cases = casesOf(baseline, candidate, subjects);
  const findings = judgeTimings(cases.filter(isKnown), rules);
  const unmeasured = cases.filter((each) => !isKnown(each)).map((each) => describeUnmeasured(each, isNamed));
  const fails = failures.length > 0 || findings.some(({ outcome }) => outcome === 'fail');
  const isOpen = findings.some(({ outcome }) => outcome === 'inconclusive') || unmeasured.some((each) => each.isOpen);
  return { comparison, failures, findings, unmeasured, outcome: fails ? 'fail' : isOpen ? 'inconclusive' : 'pass' };
}

/** Each fatal finding of a version once, with where it was found first. */
function fatalRemarks(side: string, { findings }: Run): string[] {
  const fatal = findings.filter(({ severity }) => severity === 'fatal');
  const first = new Map(fatal.toReversed().map((finding) => [finding.code, finding]));
  return [...first.values()].map(({ code, where, message }) => `${side}, ${code} in ${where}: ${message}`);
}

function casesOf(baseline: Run, candidate: Run, subjects: readonly GateSubject[]): Case[] {
  const names = [...new Set(baseline.record.trials.map(({ contender }) => contender))];
  return names.flatMap((contender) => {
    const pairs = pairsOf(baseline, candidate, contender);
    const trials = [baseline, candidate].flatMap(({ record }) =>
      record.trials.filter((trial) => trial.contender === contender),
    );
    return subjects.map((subject) => ({ contender, subject, trials, sample: samplePairs(pairs, subject) }));
  });
}

/** Measured in a trial of either version; all else is no case, or it would raise the hurdle of the others. */
function isKnown({ trials, subject }: Case): boolean {
  return trials.some((trial) => isMeasured(trial, subject));
}

function judgeTimings(cases: readonly Case[], rules: GateRules): ContenderFinding[] {
  const samples = cases.map(({ contender, subject, sample: { worsening } }) => ({
    name: `${contender} ${spellSubject(subject)}`,
    worsening,
  }));
  return judgePairs(samples, rules).flatMap((finding, index) => {
    const of = cases[index];
    if (of === undefined) return [];
    const { contender, subject, sample } = of;
    const { unit } = metricOf(subject.metric);
    return [{ ...finding, contender, metric: spellSubject(subject), unit, floor: sample.floor, lacks: sample.lacks }];
  });
}

function describeUnmeasured({ contender, subject, trials: [first] }: Case, isNamed: boolean): UnmeasuredTiming {
  const { metric, quantile } = subject;
  const figure = mergeFigures(metric, [first?.metrics[metric]]);
  const hasFault = first?.events.some(({ kind }) => kind === 'fault') ?? false;
  const kinds = first?.settings['action-interval'] === undefined ? [] : (['acting'] as const);
  return {
    contender,
    metric: spellSubject(subject),
    reason: reasonOf(figure, quantile ?? undefined),
    isOpen: isNamed && first !== undefined && canHave(metric, { transport: first.transport, hasFault, kinds }),
  };
}
