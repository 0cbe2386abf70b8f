// A comparison, or one change of it → the words that every output of it uses.
import { spellSubject } from '../../harness/contract/comparison.ts';
import { counted } from '../conditions.ts';
import { formatDeviation, formatWithUnit, unmeasuredMark } from '../figures.ts';
import type { Change } from './change.ts';
import { type Comparison, failuresOf, type LocatedChange } from './comparison.ts';

/** Marks what is the same on any machine. */
const deterministicMark = '●';

/** `● db.queriesPerMinute`, `freshnessUs.p99`. */
export function nameChange(change: Change): string {
  return `${change.role === 'deterministic' ? `${deterministicMark} ` : ''}${spellSubject(change)}`;
}

/** Deterministic, and measured in both runs. */
export function isGated({ role, reason }: Change): boolean {
  return role === 'deterministic' && reason === null;
}

/** `+3.2 %`; from 0, and of shares, the plain difference: `+0.4 points`. */
export function formatChange({ baseline, candidate, unit }: Change): string {
  if (baseline === null || candidate === null) return unmeasuredMark;
  if (unit !== 'ratio' || baseline === candidate) return formatDeviation(candidate, baseline, unit);
  const points = Math.abs(candidate - baseline) * 100;
  return `${candidate > baseline ? '+' : '−'}${points < 0.1 ? points.toFixed(2) : points.toFixed(1)} pt`;
}

/** `−2 % to +4 %`, or nothing below three repetitions. */
export function formatInterval({ interval }: Change): string {
  if (interval === null) return '';
  return `${formatDeviation(interval.lower, 1, 'count')} to ${formatDeviation(interval.upper, 1, 'count')}`;
}

/** One word or two for the last column: whether it fails, and if not, why it cannot. */
export function judgementOf({ isFailure, outcome, role }: Change): string {
  if (isFailure) return 'FAIL';
  if (role === 'deterministic') return outcome === 'unknown' ? 'unknown' : outcome === 'better' ? 'better' : 'ok';
  return outcome === 'same' ? '' : outcome;
}

/** What the comparison comes to, as sentences: what failed first. */
export function concludeComparison(comparison: Comparison): string[] {
  const failures = failuresOf(comparison);
  const gated = comparison.contenders.flatMap(({ changes }) => changes.filter(isGated));
  const [first] = failures;
  const percent = `${comparison.limits.deterministic * 100} %`;
  const verdict =
    first === undefined
      ? `The candidate is no worse: none of ${counted(gated.length, 'deterministic figure')} worsened by more than ${percent}, and no decisive timing by far.`
      : `The candidate is worse in ${counted(failures.length, 'figure')}: ${describeFailure(first)}${failures.length > 1 ? ', …' : ''}.`;
  return [verdict, intervalSentence(comparison)];
}

/** `websocket: db.queriesPerMinute 12 → 24 (+100 %)`. */
export function describeFailure({ label, change }: LocatedChange): string {
  const { baseline, candidate, unit, reason } = change;
  const values = `${formatWithUnit(baseline, unit)} → ${formatWithUnit(candidate, unit)}`;
  const how = candidate === null ? ` (${reason})` : ` (${formatChange(change)})`;
  return `${label}: ${spellSubject(change)} ${values}${how}`;
}

/** `2025-…-dashboard (a1b2c3d)`. */
export function spellRun({ id, git }: Comparison['baseline']): string {
  return git === null ? id : `${id} (${git})`;
}

function intervalSentence({ contenders, limits }: Comparison): string {
  const fewest = Math.min(...contenders.flatMap(({ repetitions }) => repetitions));
  if (fewest >= 3)
    return (
      'Intervals hold with 90 % and come from the spread between repetitions; a timing fails when its interval excludes no change and it worsened by more than ' +
      `${limits.timing * 100} %.`
    );
  const have = fewest === 1 ? 'One repetition gives no interval' : `${fewest} repetitions give no interval`;
  return `${have}: timings are for information, and fail only when they are more than ${limits.timingUnrepeated + 1} times as bad (--repeat 3 of both runs gives intervals).`;
}
