// Measured pairs → gates: how often they fail. Pure; the pairs are log ratios as `samplePairs` makes them.
import { seededRandom } from '../../harness/plan/random.ts';
import { judgePairs, usualRules } from '../../reports/statistics/paired-gate.ts';

/** A log ratio a metric, `null` where the pair has none; above 0 the candidate is worse. */
export type PairRatios = readonly (number | null)[];

export interface Rate {
  /** Failed gates in all gates. */
  readonly share: number;
  readonly gates: number;
  /** 95 % of what other pairs of the same machine would have given: percentile bootstrap over the pairs. */
  readonly lower: number;
  readonly upper: number;
}

const needed = 2 * usualRules.pairs;

/** Whether a gate of these pairs fails: two stages, all metrics together, as the gate does. */
export function failsGate(pairs: readonly PairRatios[], names: readonly string[]): boolean {
  const judge = (some: readonly PairRatios[]) =>
    judgePairs(
      names.map((name, index) => ({ name, worsening: some.flatMap((ratios) => ratios[index] ?? []) })),
      usualRules,
    );
  if (!judge(pairs.slice(0, usualRules.pairs)).some(({ needsMore }) => needsMore)) return false;
  return judge(pairs.slice(0, needed)).some(({ outcome }) => outcome === 'fail');
}

/**
 * Consecutive pairs of one version as gates, each taken both ways: drift of the machine stays in them. A gate begins `step` pairs after
 * the one before it: with the pairs of a gate they are split, with one they overlap as much as they can.
 */
export function consecutiveGates(
  pairs: readonly PairRatios[],
  names: readonly string[],
  step: number = needed,
): { gates: number; failed: number } {
  const count = Math.floor((pairs.length - needed) / step) + 1;
  const gates = Array.from({ length: Math.max(0, count) }, (_, index) => {
    const some = pairs.slice(index * step, index * step + needed);
    return [some, swapped(some)];
  }).flat();
  return { gates: gates.length, failed: gates.filter((gate) => failsGate(gate, names)).length };
}

/** Gates of pairs drawn with replacement. `bothWays`: a coin decides which version is taken for the candidate. */
export function resampledRate(
  pairs: readonly PairRatios[],
  names: readonly string[],
  { gates, replicates, bothWays, seed }: { gates: number; replicates: number; bothWays: boolean; seed: number },
): Rate {
  const random = seededRandom(seed);
  const draw = (from: readonly PairRatios[], count: number) =>
    Array.from({ length: count }, () => from[Math.floor(random() * from.length)] ?? []);
  const shareIn = (from: readonly PairRatios[], count: number) => {
    let failed = 0;
    for (let gate = 0; gate < count; gate++) {
      const drawn = draw(from, needed);
      if (failsGate(bothWays && random() < 0.5 ? swapped(drawn) : drawn, names)) failed++;
    }
    return failed / count;
  };
  const share = shareIn(pairs, gates);
  const others = Array.from({ length: replicates }, () =>
    shareIn(draw(pairs, pairs.length), Math.ceil(gates / 20)),
  ).sort((a, b) => a - b);
  const at = (quantile: number) => others[Math.min(others.length - 1, Math.floor(quantile * others.length))] ?? share;
  return { share, gates, lower: at(0.025), upper: at(0.975) };
}

function swapped(pairs: readonly PairRatios[]): PairRatios[] {
  return pairs.map((ratios) => ratios.map((ratio) => (ratio === null ? null : -ratio)));
}
