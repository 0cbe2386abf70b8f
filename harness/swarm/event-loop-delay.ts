// How late a 100 ms timer fires: what anything else in this process waits for the event loop.
import { nowUs } from '../contract/clock.ts';
import { createHistogram, type Histogram, recordUs } from '../contract/histogram.ts';

/** Each wake of an idle process costs some 0.1 ms of CPU on a virtual machine: often enough to see, seldom enough not to matter. */
const periodMs = 100;
const periodUs = periodMs * 1000;

/** Samples from now on. `take` hands over what was seen so far and begins anew; `stop` ends it. */
export function sampleEventLoopDelay(): { take(): Histogram; stop(): void } {
  let histogram = createHistogram();
  let expectedUs = nowUs() + periodUs;
  const timer = setInterval(() => {
    const atUs = nowUs();
    recordDelay(histogram, atUs - expectedUs);
    expectedUs = atUs + periodUs;
  }, periodMs);
  timer.unref();
  return {
    take() {
      const taken = histogram;
      histogram = createHistogram();
      return taken;
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * A tick that is late stands for those that came due meanwhile: each would have waited one period less. Without them a
 * stall of any length is one sample (coordinated omission; HdrHistogram corrects by the expected interval likewise).
 */
function recordDelay(histogram: Histogram, delayUs: number): void {
  recordUs(histogram, delayUs);
  for (let missedUs = delayUs - periodUs; missedUs > 0; missedUs -= periodUs) recordUs(histogram, missedUs);
}
