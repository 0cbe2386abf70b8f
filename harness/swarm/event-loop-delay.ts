// How late a 100 ms timer fires: what anything else in this process waits for the event loop.
import { nowUs } from '../contract/clock.ts';
import { createHistogram, type Histogram, recordUs } from '../contract/histogram.ts';

/** Each wake of an idle process costs some 0.1 ms of CPU on a virtual machine: often enough to see, seldom enough not to matter. */
const periodMs = 100;

/** Samples from now on. `take` hands over what was seen so far and begins anew; `stop` ends it. */
export function sampleEventLoopDelay(): { take(): Histogram; stop(): void } {
  let histogram = createHistogram();
  let expectedUs = nowUs() + periodMs * 1000;
  const timer = setInterval(() => {
    const atUs = nowUs();
    recordUs(histogram, atUs - expectedUs);
    expectedUs = atUs + periodMs * 1000;
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
