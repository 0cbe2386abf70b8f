// A run → the text at its top: the verdict on what was required, then what the figures say besides, and what speaks against them.

import type { MetricName } from '../harness/contract/metrics.ts';
import type { Verdict } from '../harness/contract/record.ts';
import { formatNumber } from '../harness/contract/units.ts';
import { comparisonSentences } from './comparison-headline.ts';
import { isLetIn } from './population-headline.ts';
import type { Contender, Run } from './run.ts';
import { stormsOf } from './storm.ts';
import { stormSentences } from './storm-headline.ts';
import { type Conclusion, concludeRun } from './verdict/verdict.ts';

export interface Headline {
  readonly kind: 'finding' | 'warning';
  readonly sentences: readonly string[];
  /** What they hold for, as short phrases: without them they must not be quoted. */
  readonly conditions: readonly string[];
  /** What a reader must know before quoting it. */
  readonly caveats: readonly string[];
}

/** The headline of a run. */
export function headlineOf(run: Run, conclusion: Conclusion = concludeRun(run)): Headline {
  const { sentences, conditions, kind } = conclusion.verdict;
  const caveats = caveatsOf(run, conclusion.verdict);
  if (kind === 'withheld') return { kind: 'warning', sentences, conditions, caveats };
  return { kind: 'finding', sentences: [...sentences, ...besides(run, conclusion)], conditions, caveats };
}

/** What the figures say that the verdict does not. */
function besides(run: Run, { verdict, requirements }: Conclusion): string[] {
  const storms = stormSentences(stormsOf(run.storms));
  if (verdict.kind === 'trade-offs') return storms;
  const told = requirements.flatMap((each): MetricName[] => (each.kind === 'figure' ? [each.metric] : []));
  return [...comparisonSentences(run.contenders, told), ...storms];
}

function caveatsOf(run: Run, { kind, simplest }: Verdict): string[] {
  const { record } = run;
  const planned = record.trials.length + record.missing.length;
  const warnings = run.findings.filter(({ severity }) => severity === 'warn').length;
  return [
    record.status === 'interrupted'
      ? `The run was interrupted: ${record.trials.length} of ${planned} trials were made.`
      : '',
    run.contenders.length + run.storms.length === 1 ? 'Only one contender was measured, so nothing is compared.' : '',
    ...run.contenders.map(unseenText),
    ...simplest.map((name) => doubtText(run, name)),
    warnings > 0
      ? `${warnings === 1 ? 'One warning speaks' : `${warnings} warnings speak`} against parts of it; see the findings.`
      : '',
    kind === 'trade-offs'
      ? `No requirement was stated, so these are trade-offs and not a winner; state what the screen needs, such as --require '${run.contenders.length > 0 ? 'freshness<3s' : 'recovery<30s'}'.`
      : '',
  ].filter((caveat) => caveat !== '');
}

/** Nothing of those that nobody was let in to: what was said of them says why. */
function unseenText(contender: Contender): string {
  const { label, figures } = contender;
  const figure = figures.freshnessUs;
  if (figure?.kind !== 'distribution' || figure.censored === 0 || !isLetIn(contender)) return '';
  return `With ${label}, ${formatNumber((figure.censored / figure.count) * 100)} % of the changes were not seen by the end of the drain.`;
}

/** A warning against the answer itself weighs more than one against what lost to it. */
function doubtText({ contenders }: Run, name: string): string {
  const trials = contenders.filter((each) => each.name === name).flatMap((each) => each.trials);
  const codes = new Set(trials.flatMap(({ health }) => health.map(({ code }) => code)));
  return codes.size === 0 ? '' : `Against the figures of ${name} speaks: ${[...codes].join(', ')}.`;
}
