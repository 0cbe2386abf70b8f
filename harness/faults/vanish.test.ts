import { expect, test } from 'vitest';
import { nowUs } from '../contract/clock.ts';
import { vanish } from './vanish.ts';

test('clients vanish when they fall silent, however long their link takes to go down', async () => {
  const order: string[] = [];
  let cutUs = 0;
  const vanishing = await vanish(
    { percent: 40, atUs: 20_000, by: 'auto', watchUs: 1e6 },
    {
      swarm: { vanish: () => order.push('silent') },
      cut: async () => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        cutUs = nowUs();
        order.push('cut');
      },
      readHeldBytes: async () => {
        order.push('read');
        return 42;
      },
    },
    nowUs(),
  );
  expect(order).toEqual(['read', 'silent', 'cut']);
  expect(vanishing).toMatchObject({ by: 'namespace', heldBeforeBytes: 42 });
  expect(cutUs - vanishing.atUs).toBeGreaterThan(50_000);
});
