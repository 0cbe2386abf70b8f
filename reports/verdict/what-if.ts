// Judged candidates → what other requirements would have changed the answer, as far as measurements tell: a limit that were
// tighter, one that were looser, and a need that were none.
import { isWithin } from '../../harness/contract/comparison.ts';
import { metricOf } from '../../harness/contract/metrics.ts';
import type { FigureRequirement } from '../../harness/contract/requirement.ts';
import { formatWithUnit } from '../figures.ts';
import { type Candidate, isUpper, type Judgement, outcomeOf } from './judge.ts';
import { complexityOf } from './traits.ts';
import { contenderText, figureName } from './wording.ts';

/** More than these steps make no sentence. */
const mostCloser = 2;

/** Candidates come the simplest first. Sentences without their full stop; none where nothing that was measured would change it. */
export function whatIfs(candidates: readonly Candidate[], answer: Candidate | undefined): string[] {
  const fit = candidates.filter(({ outcome }) => outcome !== 'overloaded');
  const requirements = fit[0]?.judgements.map((_, index) => index) ?? [];
  return requirements.flatMap((index) => [...tighter(fit, answer, index), ...looser(fit, answer, index)]);
}

/** A limit that the answer itself no longer meets, and who would then be it. */
function tighter(candidates: readonly Candidate[], answer: Candidate | undefined, index: number): string[] {
  const judgement = answer?.judgements[index];
  const requirement = judgement?.requirement;
  if (answer === undefined || judgement === undefined || requirement?.kind !== 'figure') return [];
  const { value, range } = judgement;
  if (value === null || range === null) return [];
  const next = candidates.find(({ judgements, outcome }) => {
    const other = judgements[index]?.range ?? null;
    const isBetter =
      other !== null && (isUpper(requirement.operator) ? other.high < range.low : other.low > range.high);
    return outcome === 'meets' && isBetter;
  });
  const beyond = `${isUpper(requirement.operator) ? 'under' : 'over'} ${shown(requirement, value)}`;
  if (next === undefined) return [];
  const reached = next.judgements[index]?.shown ?? shown(requirement, value);
  return [`for ${figureName(requirement)} ${beyond} it would be ${contenderText(next.contender)} (${reached})`];
}

/** The simpler contenders that fail by this requirement alone, each closer to it than the ones before. */
function looser(candidates: readonly Candidate[], answer: Candidate | undefined, index: number): string[] {
  const failing = candidates.filter(({ contender, judgements }) => {
    const isSimpler = answer === undefined || complexityOf(contender) < complexityOf(answer.contender);
    const others = judgements.filter((_, each) => each !== index);
    return isSimpler && isFailing(judgements[index]) && outcomeOf(others) === 'meets';
  });
  const requirement = failing[0]?.judgements[index]?.requirement;
  if (failing[0] === undefined || requirement === undefined) return [];
  const name = contenderText(failing[0].contender);
  if (requirement.kind === 'capability') return [`without ${requirement.capability} it would be ${name}`];
  const [first, ...closer] = frontOf(failing, requirement, index);
  const figure = figureName(requirement);
  if (first === undefined) return [`without a limit to ${figure} it would be ${name}`];
  const may = isUpper(requirement.operator) ? 'may be' : 'need be only';
  const rest = closer
    .slice(0, mostCloser)
    .map((each) => `, at ${shown(requirement, each.value)} ${contenderText(each.contender)}`);
  return [
    `if ${figure} ${may} ${shown(requirement, first.value)}, it would be ${contenderText(first.contender)}${rest.join('')}`,
  ];
}

/** What keeps the limit as measured, only too closely to be sure, would not be helped by another limit. */
function isFailing(judgement: Judgement | undefined): boolean {
  if (judgement === undefined || judgement.outcome === 'met') return false;
  const { requirement, value } = judgement;
  return requirement.kind === 'capability' || value === null || !isWithin(value, requirement);
}

/** Those with a figure, from the simplest on, without whom a simpler one beats or all but equals. */
function frontOf(candidates: readonly Candidate[], requirement: FigureRequirement, index: number) {
  let best: number | null = null;
  return candidates.flatMap(({ contender, judgements }) => {
    const value = judgements[index]?.value ?? null;
    const isUpperLimit = isUpper(requirement.operator);
    if (value === null || (best !== null && (isUpperLimit ? value >= best * 0.9 : value <= best * 1.1))) return [];
    best = value;
    return [{ contender, value }];
  });
}

function shown({ metric }: FigureRequirement, value: Judgement['value']): string {
  return formatWithUnit(value, metricOf(metric).unit);
}
