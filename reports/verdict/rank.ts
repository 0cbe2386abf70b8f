// Contenders and requirements → candidates from the simplest on, and the answer among them.
import type { Requirement } from '../../harness/contract/requirement.ts';
import type { Run } from '../run.ts';
import { type Candidate, judgeAll } from './judge.ts';
import { complexityOf } from './traits.ts';

/** Every contender of the run before these requirements, the simplest first. */
export function rankAll(run: Run, requirements: readonly Requirement[]): Candidate[] {
  return judgeAll(run, requirements).sort((a, b) => complexityOf(a.contender) - complexityOf(b.contender));
}

/** The simplest of those that meet everything: several where none of them is simpler than the other. */
export function winnersOf(candidates: readonly Candidate[]): Candidate[] {
  const meeting = candidates.filter(({ outcome }) => outcome === 'meets');
  const [first] = meeting;
  if (first === undefined) return [];
  return meeting.filter(({ contender }) => complexityOf(contender) === complexityOf(first.contender));
}
