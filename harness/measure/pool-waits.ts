// What the servers logged of their pools → a series of the timeline: the longest wait for a connection, a value a step.
import { metricNames } from '../../servers/protocol.ts';
import type { PrometheusReading } from './prometheus.ts';
import { sumOf } from './prometheus.ts';

/**
 * µs, 0 where no query was sent; over all servers, from `startUs` (monotonic clock) on. `null` from servers that sent queries and
 * kept no such log, as older ones do.
 */
export function poolWaitSeries(
  metrics: readonly PrometheusReading[],
  { startUs, stepUs, steps }: { readonly startUs: number; readonly stepUs: number; readonly steps: number },
): number[] | null {
  const series = Array.from({ length: steps }, () => 0);
  for (const reading of metrics) {
    const logged = reading.get(metricNames.poolWaitLongest);
    if (logged === undefined && (sumOf(reading, metricNames.queries) ?? 0) > 0) return null;
    for (const { labels, value } of logged ?? []) {
      const step = Math.floor((Number(labels.at) * 1e6 - startUs) / stepUs);
      if (step >= 0 && step < steps) series[step] = Math.max(series[step] ?? 0, Math.round(value * 1e6));
    }
  }
  return series;
}
