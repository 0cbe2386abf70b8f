// Requirements, contenders and judgements → the words that all parts of a verdict share.
import { spellQuantile } from '../../harness/contract/comparison.ts';
import { metricOf } from '../../harness/contract/metrics.ts';
import { type FigureRequirement, type Requirement, shortNameOf } from '../../harness/contract/requirement.ts';
import { withInterval } from '../conditions.ts';
import { formatWithUnit } from '../figures.ts';
import type { Contender } from '../run.ts';
import type { Judgement } from './judge.ts';

/** `freshness p99`, `queries`, `requestUs p50`. */
export function figureName({ metric, quantile }: Pick<FigureRequirement, 'metric' | 'quantile'>): string {
  return `${shortNameOf(metric)}${quantile === null ? '' : ` ${spellQuantile(quantile)}`}`;
}

/** `< 3 s`. */
export function limitText({ metric, operator, limit }: FigureRequirement): string {
  return `${operator} ${formatWithUnit(limit, metricOf(metric).unit)}`;
}

/** `freshness p99 < 3 s`, `bidirectional`. */
export function requirementText(requirement: Requirement): string {
  return requirement.kind === 'capability'
    ? requirement.capability
    : `${figureName(requirement)} ${limitText(requirement)}`;
}

/** What was measured, or why it was not, or what the transport does. */
export function becauseText({ shown, remark }: Judgement): string {
  return [shown, remark].filter((part) => part !== null).join(', ') || 'by its nature';
}

/** `freshness p99 1.98 s`, `not bidirectional`. */
export function judgementText(judgement: Judgement): string {
  const { requirement, shown, remark } = judgement;
  if (requirement.kind === 'figure')
    return `${figureName(requirement)}${shown === null ? ':' : ''} ${becauseText(judgement)}`;
  return `not ${requirement.capability}${remark === null ? '' : `: ${remark}`}`;
}

/** A contender in a sentence, under all its conditions. */
export function contenderText({ name, trials: [first] }: Contender): string {
  return withInterval(name, first);
}
