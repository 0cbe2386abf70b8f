// A run and its thresholds → which were kept. What was not measured keeps nothing.
import { isWithin } from '../harness/contract/comparison.ts';
import { spellThreshold, type Threshold } from '../harness/contract/threshold.ts';
import { formatWithUnit } from './figures.ts';
import { quantileOf, reasonOf } from './merge.ts';
import { type Contender, everyContender, type Run } from './run.ts';

export interface ThresholdResult {
  readonly contender: string;
  /** As `--threshold` spells it. */
  readonly threshold: string;
  readonly isKept: boolean;
  /** The figure, or why there is none. */
  readonly because: string;
}

/** One result for each threshold and each contender that it holds for, at every scale of a sweep; scenarios that do not know the metric are left out. */
export function judgeThresholds(run: Run, thresholds: readonly Threshold[]): ThresholdResult[] {
  const contenders = everyContender(run);
  return thresholds.flatMap((threshold) => {
    const concerned = contenders.filter(({ name }) => threshold.contender === null || threshold.contender === name);
    const knowing = concerned.filter(({ figures }) => figures[threshold.metric] !== undefined);
    return (knowing.length > 0 ? knowing : concerned).map((contender) => judge(contender, threshold));
  });
}

/** `kept    websocket.freshnessUs.p99 < 250ms: 7.03 ms`, a line for each. */
export function describeThreshold({ contender, threshold, isKept, because }: ThresholdResult): string {
  const whose = threshold.startsWith(`${contender}.`) ? '' : ` with ${contender}`;
  return `${isKept ? 'kept  ' : 'BROKEN'}  ${threshold}${whose}: ${because}`;
}

function judge(contender: Contender, threshold: Threshold): ThresholdResult {
  const figure = contender.figures[threshold.metric];
  const quantile = threshold.quantile ?? 0.5;
  const value = figure?.kind === 'distribution' ? quantileOf(figure, quantile) : (figure?.value ?? null);
  const below = figure?.kind === 'scalar' ? figure.below : null;
  return {
    contender: contender.label,
    threshold: spellThreshold(threshold),
    isKept: value === null ? below !== null && isKeptBelow(below, threshold) : isWithin(value, threshold),
    because:
      value === null
        ? `${below === null ? 'not measured' : `under ${formatWithUnit(below, figure?.unit ?? '')}`} (${reasonOf(figure, quantile)})`
        : formatWithUnit(value, figure?.unit ?? ''),
  };
}

/** Whether all that is less than `below` keeps the limit. */
function isKeptBelow(below: number, { operator, limit }: Threshold): boolean {
  return (operator === '<' || operator === '<=') && below <= limit;
}
