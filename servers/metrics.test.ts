import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';
import { metricNames } from './protocol.ts';

test('a stall weighs as much as the time it takes: every tick that came due in it is a sample', async () => {
  const metrics = new Metrics();
  const stop = metrics.watchEventLoop();
  // Holds the event loop, as a long computation would.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  stop();
  const text = await metrics.registry.getSingleMetricAsString(metricNames.eventLoopDelay);
  const [, sum, count] = /_sum ([\d.]+)\n\w+_count (\d+)/.exec(text) ?? [];
  expect(Number(count)).toBeGreaterThanOrEqual(9);
  // Ticks that come due at even distances in a stall wait for half of it in the mean.
  expect(Number(sum) / Number(count)).toBeGreaterThan(0.4);
});
