// CPU of a busy window and of its idle control → the figure above idle, or that it is hidden in the control's noise and below what.
import { type MetricName, metricOf } from '../contract/metrics.ts';
import type { MetricValue } from '../contract/record.ts';
import { scalar } from './values.ts';

/** Rates of one part of the system, and what one reading may differ from the next by chance, all in ms/s. */
interface CpuRates {
  readonly busy: number;
  readonly idle: number;
  readonly noise: number;
}

/** One garbage collection more or less between two readings. */
export const collectionUs = 5_000;

/** What the rate of a window and that of a control may differ by chance, ms/s. */
export function idleNoise({ controlUs, windowUs }: { controlUs: number; windowUs: number }): number {
  return collectionUs * (1e3 / controlUs + 1e3 / windowUs);
}

/** What is hardly above idle is lost in its noise, which is not the same as nothing. */
export function aboveIdle(name: MetricName, { busy, idle, noise }: CpuRates): MetricValue {
  if (busy - idle >= noise) return scalar(name, busy - idle, '');
  const reason = `hidden by the noise of its idle control (${busy.toFixed(2)} against ${idle.toFixed(2)} ms/s; under ${noise.toFixed(1)} shows only with a longer one, --set control=10s)`;
  return { unit: metricOf(name).unit, value: null, reason, below: noise };
}
