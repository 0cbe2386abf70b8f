// A run → the entries that github-action-benchmark stores and draws over time, for its tool `customSmallerIsBetter`.
import { spellSubject } from '../../harness/contract/comparison.ts';
import { type MetricName, metricNames, metricOf } from '../../harness/contract/metrics.ts';
import { quantileOf } from '../merge.ts';
import { headerConditions, type Run } from '../run.ts';

/** https://github.com/benchmark-action/github-action-benchmark: `value` is a number, the rest is text. */
export interface BenchmarkEntry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly extra: string;
}

/** Every measured figure of which less is better, but for the rig's own. A chart knows its series by the name: it holds no figure. */
export function benchmarkEntries(run: Run): BenchmarkEntry[] {
  const extra = headerConditions(run).join(' · ');
  return [...run.contenders, ...run.storms].flatMap(({ label, trials: [first], figures }) =>
    metricNames.filter(isDrawn).flatMap((metric) => {
      const figure = figures[metric];
      if (figure === undefined) return [];
      const quantiles = figure.kind === 'distribution' ? [0.5, 0.99] : [null];
      return quantiles.flatMap((quantile): BenchmarkEntry[] => {
        const value = figure.kind === 'distribution' ? quantileOf(figure, quantile ?? 0.5) : figure.value;
        const subject = spellSubject({ metric, quantile });
        const where = label.startsWith(`${first.scenario}: `) ? label : `${first.scenario}: ${label}`;
        return value === null ? [] : [{ name: `${where} ${subject}`, unit: metricOf(metric).unit, value, extra }];
      });
    }),
  );
}

function isDrawn(metric: MetricName): boolean {
  return metricOf(metric).better === 'lower' && !metric.startsWith('generator.');
}
