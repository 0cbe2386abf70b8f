// A figure's number → the text every report shows for it, by its unit.
import { formatBytes, formatDurationUs, formatNumber } from '../harness/contract/units.ts';

/** What stands where a figure was not measured. */
export const unmeasuredMark = '–';

/** `1.01 s`, `41.2 kB`, `15,003`, `0.52`; `–` for `null`. Rates leave their denominator to the column's heading. */
export function formatFigure(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return unmeasuredMark;
  if (unit === 'us') return formatDurationUs(value);
  return unit.startsWith('bytes') ? formatBytes(value) : formatNumber(value);
}

/** The same for a table's cell, where a share is a percentage: no heading tells of it. */
export function formatCell(value: number | null, unit: string): string {
  return unit === 'ratio' ? formatWithUnit(value, unit) : formatFigure(value, unit);
}

/** The same with the unit spelled out, for prose and cells of mixed metrics: `15,003/min`, `355 ms/s`, `94.2 %`. */
export function formatWithUnit(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return unmeasuredMark;
  if (unit === 'ratio') return `${formatNumber(value * 100)} %`;
  if (unit === '1/min') return `${formatNumber(value)}/min`;
  if (unit === 'bytes/min') return `${formatBytes(value)}/min`;
  return unit === 'ms/s' ? `${formatNumber(value)} ms/s` : formatFigure(value, unit);
}

/** `+3.2 %`, `−0.1 %`, `0 %`: the deviation of a value from what was expected; from 0, the plain difference. */
export function formatDeviation(value: number, expected: number, unit: string): string {
  if (value === expected) return '0 %';
  const sign = value > expected ? '+' : '−';
  if (expected === 0) return `${sign}${formatWithUnit(Math.abs(value), unit)}`;
  const percent = Math.abs((value / expected - 1) * 100);
  if (percent < 0.005) return '0 %';
  return `${sign}${percent >= 10 ? formatNumber(Math.round(percent)) : percent.toFixed(percent < 0.1 ? 2 : 1)} %`;
}

/** The text, with no line break between a number and its unit. */
export function keepUnits(text: string): string {
  return text.replace(/(\d) (?=(?:µs|ms|s|min|B|kB|MB|GB|%)(?:\W|$))/g, '$1\u00a0');
}
