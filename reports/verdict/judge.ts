// Contenders and requirements → who meets what: met, missed, or open where the run cannot tell. An open one is never called met.
import { capabilityOf } from '../../harness/contract/capabilities.ts';
import { isWithin, type Operator } from '../../harness/contract/comparison.ts';
import { type MetricName, metricOf } from '../../harness/contract/metrics.ts';
import type { CapabilityRequirement, FigureRequirement, Requirement } from '../../harness/contract/requirement.ts';
import { joinWords } from '../charts/extremes.ts';
import { formatWithUnit } from '../figures.ts';
import type { Contender, Run } from '../run.ts';
import { stormsOf } from '../storm.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { isSameSystem } from './same-system.ts';
import { traitsOf } from './traits.ts';

export interface Judgement {
  readonly requirement: Requirement;
  readonly outcome: 'met' | 'missed' | 'open';
  /** The figure in its metric's unit, where there is one, and as it is shown. */
  readonly value: number | null;
  readonly shown: string | null;
  /** Where another run may have it. */
  readonly range: { readonly low: number; readonly high: number } | null;
  /** What must be said of it besides: why it is open, or who it is true of. */
  readonly remark: string | null;
}

/** One contender before all requirements. */
export interface Candidate {
  /** The contender; the first of those that differ by conditions only. */
  readonly contender: Contender;
  readonly judgements: readonly Judgement[];
  readonly outcome: 'meets' | 'misses' | 'open' | 'overloaded';
}

/** Signs in a trial that its system was asked for more than it could do. */
const overloadCode = 'SYSTEM_SATURATED';

/** Every contender of the comparison, or of the storms where there is no other, in the order of the record. */
export function judgeAll(run: Run, requirements: readonly Requirement[]): Candidate[] {
  const contenders = run.contenders.length > 0 ? run.contenders : run.storms;
  const names = [...new Set(contenders.map(({ name }) => name))];
  const settings = new Set(contenders.map(conditionKey));
  return names.map((name) => {
    const alike = contenders.filter((contender) => contender.name === name);
    const lacking = settings.size - new Set(alike.map(conditionKey)).size;
    const judgements = requirements.map((requirement) => {
      const each = alike.map((contender) => judge(run, contender, requirement));
      return worstOf(each, lacking);
    });
    return candidateOf(alike, judgements, run);
  });
}

/** What some judgements come to. */
export function outcomeOf(judgements: readonly Judgement[]): 'meets' | 'misses' | 'open' {
  if (judgements.some(({ outcome }) => outcome === 'missed')) return 'misses';
  return judgements.every(({ outcome }) => outcome === 'met') ? 'meets' : 'open';
}

function candidateOf(alike: readonly Contender[], judgements: readonly Judgement[], run: Run): Candidate {
  const [contender] = alike;
  if (contender === undefined) throw new RangeError('a candidate without a contender');
  const outcome = outcomeOf(judgements);
  return { contender, judgements, outcome: outcome !== 'misses' && isOverloaded(alike, run) ? 'overloaded' : outcome };
}

/** A storm overloads every system for a while: that is what it is for. */
function isOverloaded(alike: readonly Contender[], run: Run): boolean {
  if (run.contenders.length === 0) return false;
  return alike.some(({ trials }) => trials.some(({ health }) => health.some(({ code }) => code === overloadCode)));
}

/** Under every condition it was measured in: the worst counts, and a condition that it lacks is open. */
function worstOf(judgements: readonly Judgement[], lacking: number): Judgement {
  const worst = (['missed', 'open', 'met'] as const).flatMap((wanted) =>
    judgements.filter(({ outcome }) => outcome === wanted),
  )[0];
  if (worst === undefined) throw new RangeError('a contender without a judgement');
  if (worst.outcome !== 'met' || lacking === 0) return worst;
  return { ...worst, outcome: 'open', remark: 'not measured under all conditions of the run' };
}

function conditionKey({ trials: [first] }: Contender): string {
  return JSON.stringify([first.scenario, first.clients, first.audiences]);
}

function judge(run: Run, contender: Contender, requirement: Requirement): Judgement {
  if (requirement.kind === 'capability') {
    // Who comes back after a fault gets a snapshot for what was missed, and may.
    const isQuiet = run.contenders.length > 0;
    return judgeCapability(contender, requirement, isQuiet);
  }
  if (run.contenders.length > 0 && isOfStorms(requirement.metric)) return judgeStorms(run, contender, requirement);
  return judgeFigure(contender, requirement);
}

function isOfStorms(metric: MetricName): boolean {
  return metric.startsWith('storm.');
}

function judgeCapability(contender: Contender, requirement: CapabilityRequirement, isQuiet: boolean): Judgement {
  const { transports, notWithFeeds = [], mustBeZero = [] } = capabilityOf(requirement.capability);
  const { transport, feed } = traitsOf(contender);
  const answer = (outcome: Judgement['outcome'], remark: string | null) => ({ ...bare(requirement), outcome, remark });
  if (!transports.includes(transport)) return answer('missed', null);
  if (feed !== null && notWithFeeds.includes(feed)) return answer('missed', `its feed is ${feed}`);
  const broken = mustBeZero.filter(
    (metric) => (measuredOf(evidenceOf(contender, { metric, quantile: null })) ?? 0) > 0,
  );
  if (isQuiet && broken.length > 0)
    return answer('missed', `${joinWords(broken)} ${broken.length > 1 ? 'are' : 'is'} not 0`);
  return answer('met', null);
}

function bare(requirement: Requirement): Omit<Judgement, 'outcome' | 'remark'> {
  return { requirement, value: null, shown: null, range: null };
}

/** Some strategy of the same system under the same load brings its clients back that well; which one, is part of the answer. */
function judgeStorms(run: Run, contender: Contender, requirement: FigureRequirement): Judgement {
  const like = stormsOf(run.storms).filter((storm) => isSameSystem(storm.contender, contender));
  if (like.length === 0) {
    const remark = 'no reconnect storm of it was measured';
    return { ...bare(requirement), outcome: 'open', remark };
  }
  const each = like.map((storm) => ({ storm, judgement: judgeFigure(storm.contender, requirement) }));
  const best = (['met', 'open', 'missed'] as const).flatMap((wanted) =>
    each.filter(({ judgement }) => judgement.outcome === wanted),
  )[0];
  if (best === undefined) throw new RangeError('a storm without a judgement');
  const remark = [best.judgement.remark, `with ${best.storm.label}`].filter((part) => part !== null).join(', ');
  return { ...best.judgement, remark };
}

function judgeFigure(contender: Contender, requirement: FigureRequirement): Judgement {
  const evidence = evidenceOf(contender, requirement);
  const { unit } = metricOf(requirement.metric);
  if (evidence.kind === 'unseen' || evidence.kind === 'unmeasured') {
    // What was never seen is later than any limit; what was not measured is nothing at all.
    const isMissed = evidence.kind === 'unseen' && isUpper(requirement.operator);
    return { ...bare(requirement), outcome: isMissed ? 'missed' : 'open', remark: evidence.reason };
  }
  const { low, high, doubt } = evidence;
  const holds = [low, high].filter((end) => isWithin(end, requirement)).length;
  const shown =
    evidence.kind === 'hidden' ? `under ${formatWithUnit(evidence.below, unit)}` : formatWithUnit(evidence.value, unit);
  const figure = { requirement, value: measuredOf(evidence), shown, range: { low, high } };
  if (holds === 2) return { ...figure, outcome: 'met', remark: null };
  if (holds === 0) return { ...figure, outcome: 'missed', remark: null };
  return { ...figure, outcome: 'open', remark: doubt };
}

function measuredOf(evidence: Evidence): number | null {
  return evidence.kind === 'measured' ? evidence.value : null;
}

/** Whether a limit bounds from above. */
export function isUpper(operator: Operator): boolean {
  return operator === '<' || operator === '<=';
}
