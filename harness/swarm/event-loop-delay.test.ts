import { expect, test } from 'vitest';
import { sleepUs } from '../contract/clock.ts';
import { sampleEventLoopDelay } from './event-loop-delay.ts';

/** Holds the event loop, as a long computation would. */
function blockMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('a stall weighs as much as the time it takes: every tick that came due in it is a sample', async () => {
  const sampler = sampleEventLoopDelay();
  await sleepUs(250_000);
  sampler.take();
  blockMs(1_000);
  await sleepUs(250_000);
  sampler.stop();
  const delays = sampler.take();
  expect(delays.totalCount).toBeGreaterThanOrEqual(9);
  expect(delays.getValueAtPercentile(100)).toBeGreaterThan(800_000);
  // As a stall's ticks come due at even distances, the one in the middle waits for half of it.
  expect(delays.getValueAtPercentile(50)).toBeGreaterThan(200_000);
});
