import { describe, expect, test } from 'vitest';
import { aboveIdle } from './above-idle.ts';

describe('CPU above the idle control', () => {
  test('is the difference where it stands out of the noise', () => {
    expect(aboveIdle('db.cpuMsPerSecond', { busy: 9, idle: 2, noise: 5 })).toEqual({ unit: 'ms/s', value: 7 });
  });

  test('is unknown within the noise, but known to be below it', () => {
    expect(aboveIdle('db.cpuMsPerSecond', { busy: 5, idle: 2, noise: 5.25 })).toEqual({
      unit: 'ms/s',
      value: null,
      reason:
        'hidden by the noise of its idle control (5.00 against 2.00 ms/s; under 5.3 shows only with a longer one, --set control=10s)',
      below: 5.25,
    });
  });
});
