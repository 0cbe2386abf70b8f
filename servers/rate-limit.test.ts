import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RateLimit } from './rate-limit.ts';

it('lets through, in any span of time, no more than its rate and a tenth of a second’s worth', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 300 }),
      (perSecond, gapsUs) => {
        const limit = new RateLimit(perSecond, 0);
        let atUs = 0;
        const passed = gapsUs.flatMap((gapUs) => {
          atUs += gapUs;
          return limit.take(atUs) ? [atUs] : [];
        });
        passed.forEach((fromUs, first) => {
          const bucket = Math.max(1, perSecond / 10);
          for (let last = first; last < passed.length; last++) {
            const spanUs = (passed[last] as number) - fromUs;
            expect(last - first + 1).toBeLessThanOrEqual(bucket + (spanUs * perSecond) / 1e6 + 1e-6);
          }
        });
      },
    ),
  );
});

it('loses nothing of its rate to who asks more often than it may', () => {
  const limit = new RateLimit(100, 0);
  let passed = 0;
  for (let atUs = 0; atUs < 10_000_000; atUs += 100) if (limit.take(atUs)) passed += 1;
  expect(passed).toBe(1_009);
});
