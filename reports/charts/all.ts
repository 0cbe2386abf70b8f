// A run → its charts, in the order in which a report shows them. A new chart is one file and one line here.
import type { Run } from '../run.ts';
import type { Chart, ChartMaker } from './chart.ts';
import { connectedChart } from './connected.ts';
import { costChart } from './cost.ts';
import { crossoverChart } from './crossover.ts';
import { figureCharts } from './figures.ts';
import { freshnessChart } from './freshness.ts';
import { memoryChart, waitingChart } from './memory.ts';
import { poolWaitsChart } from './pool-waits.ts';
import { queriesChart } from './queries.ts';
import { scaledFiguresChart } from './scaled-figures.ts';
import { staleChart } from './stale.ts';
import { stormChart } from './storm.ts';
import { timelineChart } from './timeline.ts';
import { unnoticedChart } from './unnoticed.ts';

/** By what each draws, so that a report can name what its record does not hold. */
const makers = {
  'freshness by percentile': freshnessChart,
  'database queries': queriesChart,
  'stale screens over time': staleChart,
  'cost of each client': costChart,
  'database queries over time': timelineChart,
  'waits for a database connection over time': poolWaitsChart,
} as const satisfies Record<string, ChartMaker>;

/** Of what happens in some scenarios only. */
const occasionalMakers: readonly ChartMaker[] = [connectedChart, unnoticedChart, memoryChart, waitingChart];

const sweepMakers: readonly ChartMaker[] = [scaledFiguresChart, crossoverChart];

const stormMakers: readonly ChartMaker[] = [stormChart];

/** All charts that the run has figures for. */
export function chartsOf(run: Run): Chart[] {
  return [...comparisonChartsOf(run), ...sweepChartsOf(run), ...stormChartsOf(run)];
}

/** Those of the comparison. */
export function comparisonChartsOf(run: Run): Chart[] {
  return [
    ...makeCharts(occasionalMakers, run),
    ...quotable(figureCharts(run), run),
    ...makeCharts(Object.values(makers), run),
  ];
}

/** What charts of the comparison cannot be drawn, since the record has no figures for them. */
export function absentCharts(run: Run): string[] {
  return Object.entries(makers)
    .filter(([, make]) => make(run) === null)
    .map(([what]) => what);
}

/** Those of a sweep over several scales. */
export function sweepChartsOf(run: Run): Chart[] {
  return makeCharts(sweepMakers, run);
}

/** Those of the reconnect storms. */
export function stormChartsOf(run: Run): Chart[] {
  return makeCharts(stormMakers, run);
}

function makeCharts(some: readonly ChartMaker[], run: Run): Chart[] {
  return quotable(
    some.map((make) => make(run)).filter((chart) => chart !== null),
    run,
  );
}

function quotable(charts: readonly Chart[], run: Run): Chart[] {
  return run.valid ? [...charts] : charts.map(withoutFinding);
}

/** A picture travels without its report: that of an invalid run must not carry a finding. */
function withoutFinding(chart: Chart): Chart {
  const [what = ''] = chart.subtitle.split(' · ');
  const title = `Invalid run, not to be quoted: ${what.charAt(0).toLowerCase()}${what.slice(1)}`;
  return { ...chart, title, alternative: chart.alternative.replace(chart.title, () => title) };
}
