// A comparison and its thresholds → one check for each figure that could fail, for JUnit.
import type { Check } from '../exports/junit.ts';
import { formatWithUnit } from '../figures.ts';
import type { ThresholdResult } from '../thresholds.ts';
import type { Change } from './change.ts';
import type { Comparison } from './comparison.ts';
import { formatChange, nameChange } from './words.ts';

export function checksOf(comparison: Comparison, thresholds: readonly ThresholdResult[]): Check[] {
  const changes = comparison.contenders.flatMap(({ label, changes }) =>
    changes.filter(({ role }) => role !== 'shown').map((change) => checkOf(label, change)),
  );
  return [...changes, ...thresholdChecks(thresholds)];
}

export function thresholdChecks(thresholds: readonly ThresholdResult[]): Check[] {
  return thresholds.map(({ contender, threshold, isKept, because }) => ({
    suite: contender,
    name: threshold,
    outcome: isKept ? 'passed' : 'failed',
    message: because,
  }));
}

function checkOf(suite: string, change: Change): Check {
  const { baseline, candidate, unit, reason, isFailure } = change;
  const message =
    reason ?? `${formatWithUnit(baseline, unit)} → ${formatWithUnit(candidate, unit)} (${formatChange(change)})`;
  const outcome = isFailure ? 'failed' : reason === null ? 'passed' : 'skipped';
  return { suite, name: nameChange(change), outcome, message };
}
