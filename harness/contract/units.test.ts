import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBytes, formatDurationUs, formatNumber, parseDurationUs, spellDurationUs } from './units.ts';

describe('durations', () => {
  test.each([
    ['500ms', 500_000],
    ['2s', 2_000_000],
    ['1.5m', 90_000_000],
    ['1h', 3_600_000_000],
    ['250us', 250],
    ['0ms', 0],
  ])('reads %s', (text, us) => {
    expect(parseDurationUs(text)).toBe(us);
  });

  test.each(['5', '', 's', '-1s', '2 s', '1e3ms', '2sec', '٢s', 'Infinitys'])('refuses %j', (text) => {
    expect(parseDurationUs(text)).toBeNull();
  });

  test('are spelled so that they read back exactly', () => {
    fc.assert(fc.property(fc.nat(10_000_000_000), (us) => parseDurationUs(spellDurationUs(us)) === us));
  });

  test.each([
    [0, '0 µs'],
    [850, '850 µs'],
    [4_213, '4.21 ms'],
    [999_600, '1 s'],
    [1_006_875, '1.01 s'],
    [60_000_000, '60 s'],
    [125_000_000, '2 min 5 s'],
    [3_600_000_000, '60 min'],
  ])('shows %d µs as %s', (us, text) => {
    expect(formatDurationUs(us)).toBe(text);
  });
});

test.each([
  [0, '0'],
  [0.4217, '0.422'],
  [999.4, '999'],
  [15_003.2, '15,003'],
])('shows the number %d as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [512, '512 B'],
  [4_100, '4.1 kB'],
  [82_000_000, '82 MB'],
  [1_500_000_000, '1.5 GB'],
])('shows %d bytes as %s', (value, text) => {
  expect(formatBytes(value)).toBe(text);
});
