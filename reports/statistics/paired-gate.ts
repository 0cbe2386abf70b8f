// Log ratios of interleaved pairs, candidate to baseline → pass, fail or inconclusive for each metric, in two stages: pairs that look
// worse are asked for as many again before anything fails. Rates by simulation: paired-gate.test.ts.
import { pairedShift } from './hodges-lehmann.ts';
import { adjustHolm } from './holm.ts';
import { testSignedRank } from './signed-rank.ts';

export interface GateRules {
  /** Of a stage. */
  readonly pairs: number;
  /** The ratio up to which worse is no matter. */
  readonly limit: number;
  /** Chance of the first stage's pairs at which a second is asked for. */
  readonly suspicion: number;
  /** Chance of all pairs, corrected for the number of metrics, at which the gate fails. */
  readonly certainty: number;
}

export const usualRules: GateRules = { pairs: 10, limit: 1.05, suspicion: 0.1, certainty: 0.005 };

export interface GateSample {
  readonly name: string;
  /** A log ratio a pair, in order; above 0 the candidate is worse. */
  readonly worsening: readonly number[];
}

export interface GateFinding {
  readonly name: string;
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  /** It looks worse, and only a second stage can tell. */
  readonly needsMore: boolean;
  readonly pairs: number;
  /** How many times as bad the candidate is, with bounds that hold with 95 % each. */
  readonly ratio: number;
  readonly lower: number;
  readonly upper: number;
  /** The chance of this if the candidate were no worse, corrected after Holm. */
  readonly p: number;
  /** Noise floor: the standard deviation between pairs, as a share. */
  readonly noise: number;
  /** The smallest worsening that these pairs would have failed in four of five runs, as a share. */
  readonly smallest: number;
}

/** Each bound of the ratio is passed with this chance. */
const boundAlpha = 0.05;
/** Quantiles of the normal distribution: of 0.88, which each of several hurdles needs so that all are taken in four of five runs, and of the certainty. */
const power = 1.2;
const quantileOfCertainty = 2.576;
/** The rank test needs this many times the normal test's pairs for normal noise: π / 3. */
const rankCost = Math.PI / 3;
/** Fewer cannot reach the suspicion of one in ten with any margin. */
export const fewestPairs = 5;

/** Judges all metrics of a gate together. Each needs the same pairs, but for those in which it was not measured. */
export function judgePairs(samples: readonly GateSample[], rules: GateRules = usualRules): GateFinding[] {
  const chances = adjustHolm(samples.map(({ worsening }) => testSignedRank(worsening).pGreater));
  return samples.map((sample, index) => judgeSample(sample, chances[index] ?? 1, rules));
}

function judgeSample({ name, worsening }: GateSample, p: number, rules: GateRules): GateFinding {
  const shift = pairedShift(worsening, boundAlpha);
  const [ratio, lower, upper] = [shift.estimate, shift.lower, shift.upper].map(Math.exp) as [number, number, number];
  const isOver = worsening.length > rules.pairs;
  const isSuspicious = looksWorse(worsening.slice(0, rules.pairs), rules);
  const fails = isOver && isSuspicious && p <= rules.certainty && ratio > rules.limit;
  const isClear = worsening.length >= fewestPairs && upper <= rules.limit && !(isSuspicious && !isOver);
  const noise = deviationOf(worsening);
  return {
    name,
    outcome: fails ? 'fail' : isClear ? 'pass' : 'inconclusive',
    needsMore: isSuspicious && !isOver,
    pairs: worsening.length,
    ratio,
    lower,
    upper,
    p,
    noise: Math.exp(noise) - 1,
    smallest: smallestWorsening(noise, { limit: rules.limit, pairs: Math.min(rules.pairs, worsening.length) }),
  };
}

function looksWorse(worsening: readonly number[], { suspicion, limit }: GateRules): boolean {
  return (
    testSignedRank(worsening).pGreater <= suspicion && pairedShift(worsening, boundAlpha).estimate > Math.log(limit)
  );
}

/** Both hurdles of the end: significant over two stages, and the estimate beyond the limit in each of them. */
function smallestWorsening(noise: number, { pairs, limit }: Pick<GateRules, 'pairs' | 'limit'>): number {
  const significant = (quantileOfCertainty + power) * noise * Math.sqrt(rankCost / (2 * pairs));
  const beyond = Math.log(limit) + power * noise * Math.sqrt(rankCost / pairs);
  return Math.exp(Math.max(significant, beyond)) - 1;
}

function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return values.length < 2 ? Number.NaN : Math.sqrt(squares / (values.length - 1));
}
