import { expect, test } from 'vitest';
import { planUpdates } from './arrivals.ts';
import { keepQuiet } from './quiet.ts';

const plan = {
  audiences: 2,
  firstVersion: 4,
  startUs: 1_000,
  windowUs: 100,
  intervalUs: 10,
  kind: 'fixed',
  seed: 1,
} as const;
const fault = { kind: 'redis-kill', atUs: 20, downUs: 20, quietUs: 30 } as const;

test('makes no change in the quiet after an outage, and numbers the others without a gap', () => {
  const kept = keepQuiet(planUpdates(plan), fault, plan.startUs);
  expect(kept.length).toBe(14);
  expect(kept.filter(({ intendedUs }) => intendedUs >= 1_040 && intendedUs < 1_070)).toEqual([]);
  for (const audience of [0, 1]) {
    const versions = kept.filter((update) => update.audience === audience).map(({ version }) => version);
    expect(versions).toEqual([4, 5, 6, 7, 8, 9, 10]);
  }
});

test('leaves a schedule without quiet as it is', () => {
  const updates = planUpdates(plan);
  expect(keepQuiet(updates, null, plan.startUs)).toEqual(updates);
  expect(keepQuiet(updates, { ...fault, quietUs: 0 }, plan.startUs)).toEqual(updates);
});
