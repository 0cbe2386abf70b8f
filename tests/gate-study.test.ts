// How gates are made of measured pairs: the study counts what the gate would have said.
import { describe, expect, it } from 'vitest';
import { consecutiveGates, failsGate, type PairRatios, resampledRate } from '../scripts/gate-study/resample.ts';

const names = ['freshnessUs.p50', 'server.cpuMsPerSecond'];
const options = { gates: 200, replicates: 20, bothWays: false, seed: 1 };

/** Pairs around a worsening, with a little noise that is the same each time. */
function pairsAround(worsening: number, count: number): PairRatios[] {
  return Array.from({ length: count }, (_, index) => [0.01 * Math.sin(index), worsening + 0.03 * Math.cos(7 * index)]);
}

describe('gates of measured pairs', () => {
  it('fail when one metric is worse in both stages, and not when it was in one', () => {
    expect(failsGate(pairsAround(0.2, 20), names)).toBe(true);
    expect(failsGate([...pairsAround(0, 10), ...pairsAround(0.4, 10)], names)).toBe(false);
    expect(failsGate(pairsAround(-0.2, 20), names)).toBe(false);
  });

  it('leave out a metric where a pair has none', () => {
    const hidden = pairsAround(0.2, 20).map(([freshness]) => [freshness ?? null, null]);
    expect(failsGate(hidden, names)).toBe(false);
  });

  it('are split without a pair in two of them, or overlap; each is taken both ways', () => {
    expect(consecutiveGates(pairsAround(0.2, 45), names)).toEqual({ gates: 4, failed: 2 });
    expect(consecutiveGates(pairsAround(0, 45), names, 1)).toEqual({ gates: 52, failed: 0 });
    expect(consecutiveGates(pairsAround(0.2, 19), names)).toEqual({ gates: 0, failed: 0 });
  });

  it('fail at the rate of what is in the pairs, with an interval around it', () => {
    expect(resampledRate(pairsAround(0.2, 40), names, options)).toEqual({ share: 1, gates: 200, lower: 1, upper: 1 });
    expect(resampledRate(pairsAround(0, 40), names, options).share).toBe(0);
    const mixed = resampledRate([...pairsAround(0, 20), ...pairsAround(0.25, 20)], names, options);
    expect(mixed.lower).toBeLessThanOrEqual(mixed.share);
    expect(mixed.upper).toBeGreaterThanOrEqual(mixed.share);
    // Half of them taken for the other version: as often better as worse.
    const coin = resampledRate(pairsAround(0.2, 40), names, { ...options, bothWays: true }).share;
    expect(coin).toBeGreaterThan(0.35);
    expect(coin).toBeLessThan(0.65);
  });
});
