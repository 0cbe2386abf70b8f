import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StaleLog, staleStepUs } from './stale-log.ts';

const spans = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 3_000_000 }), fc.integer({ min: 1, max: 2_000_000 }))
    .map(([fromUs, lengthUs]) => ({ fromUs, toUs: fromUs + lengthUs })),
  { maxLength: 20 },
);

it('gives each step what the spans cover of it, by cutting every span', () => {
  fc.assert(
    fc.property(spans, (all) => {
      const log = new StaleLog();
      for (const { fromUs, toUs } of all) log.add(fromUs, toUs);
      const reported = log.report();
      for (let step = 0; step < 52; step++) {
        const covered = all.map(({ fromUs, toUs }) =>
          Math.max(0, Math.min(toUs, (step + 1) * staleStepUs) - Math.max(fromUs, step * staleStepUs)),
        );
        expect(reported[step] ?? 0).toBe(covered.reduce((sum, us) => sum + us, 0));
      }
    }),
  );
});
