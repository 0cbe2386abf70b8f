// The gate against simulated pairs: how often it cries wolf, how often it sees the wolf, and what it says of itself.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mulberry32 } from '../fixtures/record.ts';
import { type GateFinding, judgePairs, usualRules } from './paired-gate.ts';

/** Pairs with normal noise around a worsening, both as log ratios. */
function drawPairs(
  random: () => number,
  count: number,
  { worsening, noise }: { worsening: number; noise: number },
): number[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, () => worsening + noise * normal());
}

/** Both stages, as a gate runs them. */
function runGate(random: () => number, truth: { worsening: number; noise: number }): GateFinding {
  const pairs = drawPairs(random, 10, truth);
  const judge = () => judgePairs([{ name: 'freshnessUs.p50', worsening: pairs }])[0] as GateFinding;
  if (!judge().needsMore) return judge();
  pairs.push(...drawPairs(random, 10, truth));
  return judge();
}

function shareOf(outcome: GateFinding['outcome'], truth: { worsening: number; noise: number }, runs = 500): number {
  const random = mulberry32(7);
  const outcomes = Array.from({ length: runs }, () => runGate(random, truth).outcome);
  return outcomes.filter((each) => each === outcome).length / runs;
}

describe('the gate', () => {
  it.each([0.02, 0.05, 0.15, 0.3])(
    'cries wolf in less than 1 % of runs when nothing changed and pairs vary by %d',
    (noise) => {
      expect(shareOf('fail', { worsening: 0, noise })).toBeLessThan(0.01);
    },
  );

  it.each([
    [0.05, 0.98],
    [0.15, 0.68],
  ])('through a noise of %d it sees a worsening by a fifth, in a share of %d of runs or more', (noise, power) => {
    expect(shareOf('fail', { worsening: Math.log(1.2), noise })).toBeGreaterThan(power);
  });

  it('passes what is no worse when the machine is quiet, and is inconclusive when it is not', () => {
    expect(shareOf('pass', { worsening: 0, noise: 0.02 })).toBeGreaterThan(0.99);
    expect(shareOf('inconclusive', { worsening: 0, noise: 0.3 })).toBeGreaterThan(0.85);
  });

  it.each([0.03, 0.1, 0.2])(
    'says the smallest worsening that it sees in about four of five runs, at a noise of %d',
    (noise) => {
      const random = mulberry32(3);
      const smallest = Array.from({ length: 200 }, () => runGate(random, { worsening: 0, noise }).smallest).sort(
        (a, b) => a - b,
      );
      const seen = shareOf('fail', { worsening: Math.log1p(smallest[100] ?? 0), noise });
      expect(seen).toBeGreaterThan(0.7);
      expect(seen).toBeLessThan(0.9);
    },
  );

  it('asks for a second stage before it fails anything', () => {
    const worse = [0.3, 0.31, 0.29, 0.33, 0.27, 0.3, 0.32, 0.28, 0.34, 0.26];
    const judge = (worsening: readonly number[]) => judgePairs([{ name: 'a', worsening }])[0];
    expect(judge(worse)).toMatchObject({ outcome: 'inconclusive', needsMore: true, pairs: 10 });
    expect(judge([...worse, ...worse.map((value) => value + 0.001)])).toMatchObject({
      outcome: 'fail',
      needsMore: false,
    });
    // What looked well in the first stage cannot fail by the second.
    expect(judge([...worse.map((value) => -value), ...worse.map((value) => 3 * value)])).not.toMatchObject({
      outcome: 'fail',
    });
  });

  it('says nothing of a metric that was measured in too few pairs', () => {
    for (const worsening of [[], [0], [0, 0.001, 0.002, 0.001]])
      expect(judgePairs([{ name: 'a', worsening }])[0]).toMatchObject({ outcome: 'inconclusive', needsMore: false });
  });

  it('holds the more metrics to the stricter chance', () => {
    const pairs = (shift: number) => Array.from({ length: 20 }, (_, index) => shift + (index % 7) / 50);
    const alone = judgePairs([{ name: 'a', worsening: pairs(0.1) }])[0];
    const among = judgePairs([
      { name: 'a', worsening: pairs(0.1) },
      { name: 'b', worsening: pairs(-0.06) },
    ])[0];
    expect(among?.p).toBeCloseTo(2 * (alone?.p ?? 0), 9);
  });

  it('never fails the reverse of what it fails, and never by a smaller worsening what it passes by a larger', () => {
    const worsening = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 20, maxLength: 20 });
    const outcome = (values: readonly number[]) => judgePairs([{ name: 'a', worsening: values }])[0]?.outcome;
    fc.assert(
      fc.property(worsening, fc.double({ min: 0, max: 1, noNaN: true }), (values, more) => {
        if (outcome(values) !== 'fail') return;
        expect(outcome(values.map((value) => -value))).not.toBe('fail');
        expect(outcome(values.map((value) => value + more))).toBe('fail');
      }),
    );
    expect(usualRules.pairs).toBe(10);
  });
});
