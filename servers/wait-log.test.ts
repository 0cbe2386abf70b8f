import { expect, it } from 'vitest';
import { WaitLog } from './wait-log.ts';

it('keeps the longest wait of each step', () => {
  const log = new WaitLog();
  for (const [waitedUs, atUs] of [
    [40, 1_000_000],
    [90, 1_099_999],
    [70, 1_050_000],
    [10, 1_100_000],
    [5, 1_300_000],
  ] as const)
    log.note(waitedUs, atUs);
  expect([...log.steps()]).toEqual([
    [1_000_000, 90],
    [1_100_000, 10],
    [1_300_000, 5],
  ]);
});

it('never grows beyond bounds, and forgets no long wait', () => {
  const log = new WaitLog();
  for (let step = 0; step < 5_000; step++) log.note(step === 777 ? 9_000 : 1, step * 100_000);
  const kept = [...log.steps()];
  expect(kept.length).toBeLessThanOrEqual(1_000);
  const [longest] = kept.filter(([, waitedUs]) => waitedUs === 9_000);
  expect(longest?.[0]).toBeLessThanOrEqual(77_700_000);
  expect(longest?.[0]).toBeGreaterThan(77_700_000 - 800_000);
  expect(kept.every(([atUs], index) => index === 0 || atUs > (kept[index - 1]?.[0] ?? 0))).toBe(true);
});
