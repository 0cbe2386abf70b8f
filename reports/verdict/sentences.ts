// Ranked candidates and the answer among them → the verdict in sentences that the figures bear out.
import type { Requirement } from '../../harness/contract/requirement.ts';
import { capitalise, joinWords } from '../charts/extremes.ts';
import type { Candidate } from './judge.ts';
import { complexityOf } from './traits.ts';
import { becauseText, contenderText, judgementText, requirementText } from './wording.ts';

/** More than these are not named in a sentence; the table holds all. */
const mostNamed = 3;

/** The answer, then who would have been simpler and why they are not it. */
export function answerSentences(
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
