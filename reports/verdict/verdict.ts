// A run and what its screen needs → the verdict: who meets it, which is the simplest of those, and what would change that.
// Without a requirement it names trade-offs and no winner; an invalid run gets none.
import type { Verdict } from '../../harness/contract/record.ts';
import { parseRequirements, type Requirement } from '../../harness/contract/requirement.ts';
import { capitalise } from '../charts/extremes.ts';
import { comparisonSentences } from '../comparison-headline.ts';
import { limitPhrases } from '../conditions.ts';
import { headerConditions, isEmpty, type Run } from '../run.ts';
import { breakEvensOf } from './break-evens.ts';
import type { Candidate } from './judge.ts';
import { notMeasuredIn } from './not-measured.ts';
import { rankAll, winnersOf } from './rank.ts';
import { otherScales } from './scales.ts';
import { answerSentences } from './sentences.ts';
import { whatIfs } from './what-if.ts';
import { becauseText, requirementText } from './wording.ts';

type BreakEven = Verdict['breakEvens'][number];

/** A verdict and what it was concluded from. */
export interface Conclusion {
  readonly verdict: Verdict;
  readonly requirements: readonly Requirement[];
  /** The simplest first; none where nothing is required, or nothing can be concluded. */
  readonly candidates: readonly Candidate[];
}

/** Concludes what a run says to what its record requires. */
export function concludeRun(run: Run): Conclusion {
  const { requirements, problems } = parseRequirements(run.record.require ?? []);
  const withhold = (sentence: string) => ({ verdict: withheld(run, sentence), requirements, candidates: [] });
  if (isEmpty(run)) return withhold('This run holds no finished trial, so there is nothing to compare.');
  if (!run.valid) return withhold(invalidText(run));
  if (problems.length > 0)
    return withhold(`What is required cannot be read, so there is no verdict: ${problems.join('; ')}.`);
  const arithmetic = breakEvensOf(run.contenders, requirements).map((text) => breakEven('arithmetic', text));
  const shared = { conditions: conditionsOfAll(run), notMeasured: notMeasuredIn(run) };
  if (requirements.length === 0) {
    const sentences = comparisonSentences(run.contenders);
    const verdict = {
      ...shared,
      kind: 'trade-offs' as const,
      simplest: [],
      sentences,
      contenders: [],
      breakEvens: arithmetic,
    };
    return { verdict, requirements, candidates: [] };
  }
  const candidates = rankAll(run, requirements);
  const winners = winnersOf(candidates);
  const measured = [...whatIfs(candidates, winners[0]), ...otherScales(run, requirements, winners)].map((text) =>
    breakEven('measured', text),
  );
  const verdict = {
    ...shared,
    kind: kindOf(candidates, winners),
    simplest: winners.map(({ contender }) => contender.name),
    sentences: answerSentences(candidates, winners, requirements),
    contenders: candidates.map(describeCandidate),
    breakEvens: [...measured, ...arithmetic],
  };
  return { verdict, requirements, candidates };
}

function breakEven(basis: BreakEven['basis'], text: string): BreakEven {
  return { basis, text: `${capitalise(text)}.` };
}

function conditionsOfAll(run: Run): string[] {
  return [...headerConditions(run), ...limitPhrases(run.record)].filter((phrase) => phrase !== '');
}

function withheld(run: Run, sentence: string): Verdict {
  return {
    kind: 'withheld',
    simplest: [],
    sentences: [sentence],
    conditions: conditionsOfAll(run),
    contenders: [],
    breakEvens: [],
    notMeasured: notMeasuredIn(run),
  };
}

function invalidText(run: Run): string {
  const fatal = run.findings.filter(({ severity }) => severity === 'fatal');
  const causes = [...new Set(fatal.map(({ code, where }) => `${code} in ${where}`))];
  const why =
    causes.length === 0
      ? ''
      : ` (${causes.slice(0, 3).join(', ')}${causes.length > 3 ? `, and ${causes.length - 3} more` : ''})`;
  return `This run is invalid and its figures must not be quoted${why}.`;
}

function kindOf(candidates: readonly Candidate[], winners: readonly Candidate[]): Verdict['kind'] {
  if (winners.length > 0) return 'answer';
  return candidates.some(({ outcome }) => outcome === 'open' || outcome === 'overloaded') ? 'open' : 'none-meets';
}

function describeCandidate({ contender, outcome, judgements }: Candidate): Verdict['contenders'][number] {
  return {
    contender: contender.name,
    outcome,
    judgements: judgements.map((judgement) => ({
      requirement: requirementText(judgement.requirement),
      outcome: judgement.outcome,
      because: becauseText(judgement),
    })),
  };
}
