// Two like runs → every figure of every contender side by side, and whether the candidate fails.
import { metricNames } from '../../harness/contract/metrics.ts';
import type { Transport } from '../../harness/contract/record.ts';
import { type Contender, everyContender, type Run } from '../run.ts';
import { type Change, changeOf } from './change.ts';
import { conditionsKey } from './likeness.ts';
import { type CompareLimits, isCompared, quantilesOf, usualLimits } from './rules.ts';

export interface ContenderComparison {
  readonly label: string;
  readonly transport: Transport;
  /** Of the baseline and of the candidate. */
  readonly repetitions: readonly [number, number];
  /** In the catalogue's order. */
  readonly changes: readonly Change[];
}

export interface Comparison {
  readonly baseline: RunName;
  readonly candidate: RunName;
  readonly limits: CompareLimits;
  readonly contenders: readonly ContenderComparison[];
  /** What a reader should know of the two besides their figures. */
  readonly remarks: readonly string[];
}

interface RunName {
  readonly id: string;
  readonly git: string | null;
}

/** A change and the contender it is of. */
export interface LocatedChange {
  readonly label: string;
  readonly change: Change;
}

/** Compares the contenders that both runs have, at every scale of a sweep. Expects runs that are alike (likeness.ts). */
export function compareRuns(
  baseline: Run,
  candidate: Run,
  { limits = usualLimits, remarks = [] }: { limits?: CompareLimits; remarks?: readonly string[] } = {},
): Comparison {
  const after = new Map(
    everyContender(candidate).map((each) => [conditionsKey(candidate.record, each.trials[0]), each]),
  );
  const contenders = everyContender(baseline).flatMap((before) => {
    const other = after.get(conditionsKey(baseline.record, before.trials[0]));
    return other === undefined ? [] : [compareContender(before, other, limits)];
  });
  return { baseline: nameOf(baseline), candidate: nameOf(candidate), limits, contenders, remarks };
}

/** The changes that fail the comparison. */
export function failuresOf({ contenders }: Comparison): LocatedChange[] {
  return contenders.flatMap(({ label, changes }) =>
    changes.filter(({ isFailure }) => isFailure).map((change) => ({ label, change })),
  );
}

function compareContender(baseline: Contender, candidate: Contender, limits: CompareLimits): ContenderComparison {
  const subjects = metricNames
    .filter(isCompared)
    .flatMap((metric) => quantilesOf(metric).map((quantile) => ({ metric, quantile })));
  return {
    label: baseline.label,
    transport: baseline.transport,
    repetitions: [baseline.trials.length, candidate.trials.length],
    changes: subjects.flatMap((subject) => changeOf({ baseline, candidate }, subject, limits) ?? []),
  };
}

function nameOf({ record }: Run): RunName {
  return { id: record.id, git: record.environment.git };
}
