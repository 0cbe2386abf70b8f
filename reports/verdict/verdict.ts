// A run and what its screen needs → the verdict: who meets it, which is the simplest of those, and what would change that.
// Without a requirement it names trade-offs and no winner; an invalid run gets none.
import type { Verdict } from '../../harness/contract/record.ts';
import { parseRequirements, type Requirement } from '../../harness/contract/requirement.ts';
import { capitalise, joinWords } from '../charts/extremes.ts';
import { comparisonSentences } from '../comparison-headline.ts';
import { limitPhrases } from '../conditions.ts';
import { headerConditions, isEmpty, type Run } from '../run.ts';
import { breakEvensOf } from './break-evens.ts';
import type { Candidate } from './judge.ts';
import { notMeasuredIn } from './not-measured.ts';
import { rankAll, winnersOf } from './rank.ts';
import { otherScales } from './scales.ts';
import { complexityOf } from './traits.ts';
import { whatIfs } from './what-if.ts';
import { becauseText, contenderText, judgementText, requirementText } from './wording.ts';

type BreakEven = Verdict['breakEvens'][number];

/** More than these are not named in a sentence; the table holds all. */
const mostNamed = 3;

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

function answerSentences(
  candidates: readonly Candidate[],
  winners: readonly Candidate[],
  requirements: readonly Requirement[],
): string[] {
  const needed = joinWords(requirements.map(requirementText));
  const [winner] = winners;
  const others = candidates.filter((each) => !winners.includes(each));
  const said =
    winner === undefined
      ? [noneText(candidates, needed), reasonsText('What stands in the way', others, 'misses')]
      : [
          winnerText({ candidates, winners, winner, needed }),
          reasonsText('Simpler, but not enough', simplerThan(winner, others), 'misses'),
        ];
  return [
    ...said,
    reasonsText('The run cannot tell of', simplerThan(winner, others), 'open'),
    reasonsText('Asked for more than it could do', simplerThan(winner, others), 'overloaded'),
  ].filter((sentence) => sentence !== '');
}

function winnerText({
  candidates,
  winners,
  winner,
  needed,
}: {
  readonly candidates: readonly Candidate[];
  readonly winners: readonly Candidate[];
  readonly winner: Candidate;
  readonly needed: string;
}): string {
  const names = capitalise(joinWords(winners.map(({ contender }) => contenderText(contender))));
  const meeting = candidates.filter(({ outcome }) => outcome === 'meets').length;
  const figures = winners.length > 1 ? '' : figuresOf(winner);
  if (winners.length > 1) return `${names} meet ${needed}, and none of them is simpler than the others.`;
  if (candidates.length === 1) return `${names} meets ${needed}${figures}.`;
  if (meeting === 1) return `${names} alone of ${candidates.length} contenders meets ${needed}${figures}.`;
  if (winner === candidates[0])
    return `${names} is enough for ${needed}${figures}, and nothing that was measured is simpler.`;
  return `${names} is the simplest of the ${meeting} contenders that meet ${needed}${figures}.`;
}

function figuresOf({ judgements }: Candidate): string {
  const said = judgements.filter(({ requirement }) => requirement.kind === 'figure');
  const [only] = said;
  if (only === undefined) return '';
  return said.length === 1 ? ` (measured: ${becauseText(only)})` : ` (measured: ${said.map(judgementText).join(', ')})`;
}

function noneText(candidates: readonly Candidate[], needed: string): string {
  const subject = candidates.length === 1 ? 'The only contender' : `None of the ${candidates.length} contenders`;
  const isSure = candidates.every(({ outcome }) => outcome === 'misses');
  if (candidates.length === 1) return `${subject} ${isSure ? 'does not meet' : 'does not surely meet'} ${needed}.`;
  return `${subject} ${isSure ? 'meets' : 'surely meets'} ${needed}.`;
}

/** Those that would have been the answer before the winner; all where there is none. */
function simplerThan(winner: Candidate | undefined, others: readonly Candidate[]): readonly Candidate[] {
  if (winner === undefined) return others;
  return others.filter(({ contender }) => complexityOf(contender) < complexityOf(winner.contender));
}

/** `Simpler, but not enough: polling every 2 s (freshness p99 1.98 s).` */
function reasonsText(opening: string, candidates: readonly Candidate[], outcome: Candidate['outcome']): string {
  const chosen = candidates.filter((each) => each.outcome === outcome);
  if (chosen.length === 0) return '';
  const said = chosen.slice(0, mostNamed).map(({ contender, judgements }) => {
    const wanted = outcome === 'misses' ? 'missed' : 'open';
    const reasons = judgements.filter((judgement) => judgement.outcome === wanted).map(judgementText);
    return `${contenderText(contender)}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`;
  });
  const more = chosen.length - said.length;
  return `${opening}: ${said.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}
