// A run that swept one condition → what each contender costs at each scale: measured points joined, theory as a line, dashed where
// it is extrapolated, and where polling and push cost the same. Log scales; a panel a cost.
import { formatFigure, formatWithUnit } from '../figures.ts';
import type { Run, Sweep } from '../run.ts';
import {
  type ComparedCosts,
  type Cost,
  type CostMetric,
  compareCosts,
  costMetrics,
  costsOf,
  rangeOf,
  trendOf,
} from '../scaling/costs.ts';
import { namedFigures } from '../scaling/figures.ts';
import { costAt } from '../scaling/line.ts';
import { type Chart, looksOf } from './chart.ts';
import { type CrossoverPanel, crossoverSpec } from './crossover-panels.ts';
import { capitalise } from './extremes.ts';

/** The chart, or `null` when the run swept nothing, none of its costs was measured, or its scenario asks for other figures. */
export function crossoverChart(run: Run): Chart | null {
  const { sweep } = run;
  if (sweep === null || namedFigures(run) !== null) return null;
  const panels = costMetrics.map((metric) => panelOf(sweep, metric)).filter(isMeasured);
  const title = panels.length === 0 ? null : titleOf(sweep, panels);
  if (title === null) return null;
  const { limit, to } = rangeOf(sweep);
  const shared = run.conditions.filter((phrase) => phrase !== varyingPhrase(run, sweep));
  return {
    name: 'crossover',
    title,
    subtitle: [
      `Costs by ${sweep.axis.name} (log scales), extrapolated beyond ${sweep.axis.valueText(to)}`,
      ...keysOf(panels),
      ...shared,
    ].join(' · '),
    alternative: `${title}. ${panels.map(({ metric, says }) => `${capitalise(metric.noun)}: ${says}`).join('; ')}.`,
    data: {
      columns: [
        'cost',
        ...sweep.scales.map(({ load }) => sweep.axis.say(load)),
        `${sweep.axis.say(limit)}, extrapolated`,
      ],
      rows: panels.flatMap((panel) => panel.costs.map(({ cost }) => dataRow(sweep, panel.metric, cost))),
    },
    specFor: (frame) => crossoverSpec(sweep, panels, frame),
  };
}

/** What is drawn in a way of its own. */
function keysOf(panels: readonly CrossoverPanel[]): string[] {
  const costs = panels.flatMap((panel) => panel.costs.map(({ cost }) => cost));
  const hasTheory = costs.some(({ theory }) => theory !== null);
  const isExcluded = costs.some(({ points }) => points.some(({ excluded }) => excluded !== null));
  return [...(hasTheory ? ['thin: theory'] : []), ...(isExcluded ? ['hollow: could not keep up'] : [])];
}

/** What `conditions` says of the varied condition: it holds for one scale only. */
function varyingPhrase({ conditions }: Run, { axis, compared }: Sweep): string {
  const said = axis.say(compared);
  return conditions.find((phrase) => said.endsWith(phrase) || phrase === said) ?? '';
}

function panelOf(sweep: Sweep, metric: CostMetric): CrossoverPanel {
  const costs = costsOf(sweep, metric);
  const looks = looksOf(costs.map(({ contender }) => contender));
  const breakEvens = compareCosts(sweep, costs).flatMap((pair) =>
    pair.found === null ? [] : [{ pair, found: pair.found }],
  );
  return {
    metric,
    costs: costs.flatMap((cost, index) => {
      const look = looks[index];
      return look === undefined ? [] : [{ cost, look }];
    }),
    breakEvens,
    says: breakEvenWords(sweep, breakEvens),
  };
}

function isMeasured({ costs }: CrossoverPanel): boolean {
  return costs.some(({ cost }) => cost.points.some(({ reading }) => (reading.value ?? 0) > 0));
}

/** The first kind of polling beside what is told of changes: the earliest break-even, or that there is none. */
function breakEvenWords(sweep: Sweep, all: CrossoverPanel['breakEvens']): string {
  const name = all[0]?.pair.polling.contender.name;
  const some = all.filter(({ pair }) => pair.polling.contender.name === name);
  const crossing = some.flatMap(({ pair, found }) => (found.kind === 'at' ? [{ pair, found }] : []));
  const [first] = crossing.sort((a, b) => a.found.load - b.found.load);
  if (first !== undefined) {
    const { pair, found } = first;
    const costs = `${name} costs ${found.beyond === 'higher' ? 'more' : 'less'} than ${pair.push.contender.name}`;
    const { loads, isBorneOut } = measuredBeside(pair, found.beyond);
    if (loads.every((load) => load > found.load))
      return isBorneOut ? `${costs} at every measured scale` : 'no break-even in this range';
    const isBeyond = loads.every((load) => load < found.load);
    return `${costs} from ${sweep.axis.say(found.load)} on${isBeyond ? ', extrapolated' : ''}`;
  }
  if (some.length === 0) return 'no break-even can be told';
  const kinds = new Set(some.map(({ found }) => found.kind));
  if (kinds.size > 1) return 'no break-even in this range';
  const words = { higher: 'costs more', lower: 'costs less', alike: 'costs the same', at: '' };
  return `no break-even: ${name} ${words[some[0]?.found.kind ?? 'at']} throughout`;
}

/** The loads at which both were measured, and whether polling was on that side of the other at each. */
function measuredBeside({ polling, push }: ComparedCosts, side: 'higher' | 'lower') {
  const both = polling.points.flatMap(({ load, reading }) => {
    const other = push.points.find((point) => point.load === load)?.reading.value ?? null;
    return reading.value === null || other === null ? [] : [{ load, difference: reading.value - other }];
  });
  return {
    loads: both.map(({ load }) => load),
    isBorneOut:
      both.length > 0 && both.every(({ difference }) => (side === 'higher' ? difference > 0 : difference < 0)),
  };
}

function titleOf(sweep: Sweep, panels: readonly CrossoverPanel[]): string | null {
  for (const { metric, costs } of panels) {
    const measured = costs.flatMap(({ cost }) => {
      const known = cost.points.filter(({ reading }) => reading.value !== null);
      const [first, last] = [known[0], known.at(-1)];
      return first === undefined || last === undefined || first === last ? [] : [{ cost, first, last }];
    });
    const byLast = measured.toSorted((a, b) => (a.last.reading.value ?? 0) - (b.last.reading.value ?? 0));
    const [least, most] = [byLast[0], byLast.at(-1)];
    if (least === undefined || most === undefined) continue;
    const say = (value: number | null) => formatWithUnit(value, metric.unit);
    const whole = `${metric.noun} of ${most.cost.contender.name}: ${say(most.first.reading.value)} with ${sweep.axis.say(most.first.load)}, ${say(most.last.reading.value)} with ${sweep.axis.say(most.last.load)}`;
    return capitalise(
      least === most
        ? whole
        : `${whole}; of ${least.cost.contender.name}: ${say(least.first.reading.value)} and ${say(least.last.reading.value)}`,
    );
  }
  return null;
}

function dataRow(sweep: Sweep, metric: CostMetric, cost: Cost): string[] {
  const trend = trendOf(cost, sweep);
  const { limit } = rangeOf(sweep);
  const at = (load: number) => cost.points.find((point) => point.load === load)?.reading.value ?? null;
  return [
    `${cost.contender.name}: ${metric.noun}`,
    ...sweep.scales.map(({ load }) => formatFigure(at(load), metric.unit)),
    formatFigure(trend === null || trend.end < limit ? null : costAt(trend.line, limit), metric.unit),
  ];
}
