// A run → its charts, in the order in which a report shows them. A new chart is one file and one line here.
import type { Run } from '../run.ts';
import type { Chart, ChartMaker } from './chart.ts';
import { costChart } from './cost.ts';
import { freshnessChart } from './freshness.ts';
import { queriesChart } from './queries.ts';
import { timelineChart } from './timeline.ts';

const makers: readonly ChartMaker[] = [freshnessChart, queriesChart, costChart, timelineChart];

/** The charts that the run has figures for. */
export function chartsOf(run: Run): Chart[] {
  return makers.map((make) => make(run)).filter((chart) => chart !== null);
}
