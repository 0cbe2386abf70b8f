// A sweep and its requirements → the scales at which the answer is another one, as measured there.
import type { Requirement } from '../../harness/contract/requirement.ts';
import { joinWords } from '../charts/extremes.ts';
import type { Run } from '../run.ts';
import type { Candidate } from './judge.ts';
import { rankAll, winnersOf } from './rank.ts';
import { contenderText } from './wording.ts';

/** Sentences without their full stop, the lightest load first; scales with one answer share theirs. */
export function otherScales(run: Run, requirements: readonly Requirement[], answer: readonly Candidate[]): string[] {
  const { sweep } = run;
  if (sweep === null) return [];
  const usual = namesOf(answer);
  const byAnswer = new Map<string, string[]>();
  for (const { load, contenders } of sweep.scales) {
    const winners = winnersOf(rankAll({ ...run, contenders }, requirements));
    if (load === sweep.compared || namesOf(winners) === usual) continue;
    const said =
      winners.length === 0 ? 'none of them surely' : joinWords(winners.map((each) => contenderText(each.contender)));
    byAnswer.set(said, [...(byAnswer.get(said) ?? []), sweep.axis.say(load)]);
  }
  return [...byAnswer].map(([said, scales]) => `with ${joinWords(scales)} it would be ${said}`);
}

function namesOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ contender }) => contender.name).join();
}
