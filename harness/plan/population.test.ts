import { describe, expect, it } from 'vitest';
import { zombies } from '../../scenarios/zombies.ts';
import { type Contender, parseContender } from './contender.ts';
import { dealRanks, noticedWithinUs } from './population.ts';
import { planTrials, settingsOf } from './trial-plan.ts';

function contender(text: string): Contender {
  const parsed = parseContender(text);
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
  return parsed.contender;
}

const ranks = Array.from({ length: 100 }, (_, rank) => rank);
const vanishing = { percent: 40, atUs: 1e6, by: 'auto', watchUs: 15e6 } as const;

describe('clients unlike the others', () => {
  it('are as many as asked, each in one group, spread over the connect order', () => {
    const dealt = dealRanks(ranks, { vanishing, slow: { percent: 10, pauseUs: 1e6 } });
    expect([dealt.vanishing.length, dealt.slow.length, dealt.others.length]).toEqual([40, 10, 50]);
    expect(
      Object.values(dealt)
        .flat()
        .toSorted((a, b) => a - b),
    ).toEqual(ranks);
    for (const half of [0, 50])
      expect(dealt.vanishing.filter((rank) => rank >= half && rank < half + 50)).toHaveLength(20);
  });

  it('are none where none are asked for', () => {
    expect(dealRanks(ranks, { vanishing: null, slow: null }).others).toEqual(ranks);
  });
});

describe('the time a contender may take to notice', () => {
  it('is an interval and a time-out, two intervals where answers are looked at in the next round, and one where nobody answers', () => {
    expect(noticedWithinUs(contender('websocket'))).toBe(42.5e6);
    expect(noticedWithinUs(contender('websocket+heartbeat=next-round'))).toBe(62.5e6);
    expect(noticedWithinUs(contender('websocket+heartbeat=none+tcp-keep-alive=10s'))).toBe(21e6);
    expect(noticedWithinUs(contender('websocket+heartbeat=none'))).toBe(0);
    expect(noticedWithinUs(contender('sse'))).toBe(32.5e6);
    expect(noticedWithinUs(contender('sse+heartbeat-interval=1s'))).toBe(2.05e6);
    expect(noticedWithinUs(contender('sse+heartbeat=none'))).toBe(0);
    expect(noticedWithinUs(contender('polling'))).toBe(0);
  });

  it('makes the window as long as each contender needs, and all of them less than five minutes', () => {
    const contenders = zombies.contenders.map(contender);
    const plans = planTrials(zombies, { settings: settingsOf(zombies, {}), contenders, repeat: 1, seed: 1 });
    expect(plans.map(({ windowUs }) => windowUs)).toEqual([16e6, 22e6, 63.5e6, 43.5e6, 43.5e6, 16e6, 33.5e6]);
    expect(plans.reduce((sum, { windowUs }) => sum + windowUs, 0)).toBeLessThan(240e6);
  });
});
