import { describe, expect, test } from 'vitest';
import { cpuAboveIdle } from './connect-metrics.ts';

describe('the CPU time of a connect', () => {
  test('is a client’s share of what stands out of the noise', () => {
    expect(cpuAboveIdle({ busyUs: 60_000, idleUs: 10_000, noiseUs: 10_000 }, { clients: 100 })).toEqual({
      unit: 'us',
      value: 500,
    });
  });

  test('is unknown where a garbage collection more or less could be all of it, but known to be below that', () => {
    expect(cpuAboveIdle({ busyUs: 19_000, idleUs: 10_000, noiseUs: 10_000 }, { clients: 100 })).toEqual({
      unit: 'us',
      value: null,
      reason:
        'hidden by the noise of its idle control (19.00 against 10.00 ms for 100 clients; under 10.00 shows only with more of them)',
      below: 100,
    });
  });
});
