// A sweep → its tables: each cost at each scale and how it goes on, the lines behind that, and where polling and push cost the same.
import { formatFigure, formatWithUnit } from '../figures.ts';
import type { Contender, Sweep } from '../run.ts';
import { type Cell, type ColumnSource, fillTable, type Reading, readQuantile, type Table } from '../table.ts';
import {
  type ComparedCosts,
  type Cost,
  type CostMetric,
  compareCosts,
  costMetrics,
  costsOf,
  dependenciesOf,
  exclusionOf,
  rangeOf,
  trendOf,
} from './costs.ts';
import { type BreakEven, costAt } from './line.ts';

/** A contender with its row at every scale. */
export interface ScaledRow {
  readonly contender: Contender;
  readonly readings: ReadonlyMap<number, Reading>;
  readonly cost: Cost | null;
}

/** What every report shows: costs and freshness by scale, and where polling and push cost the same. */
export function sweepTablesOf(sweep: Sweep): Table[] {
  const breakEvens = breakEvenTableOf(sweep);
  return [...scaleTablesOf(sweep), ...(breakEvens === null ? [] : [breakEvens])];
}

/** Each cost and the freshness, contenders by scales. */
export function scaleTablesOf(sweep: Sweep): Table[] {
  const costs = costMetrics.map((metric) => {
    const rows = costsOf(sweep, metric).map((cost) => ({
      contender: cost.contender,
      readings: new Map(cost.points.map(({ load, reading, excluded }) => [load, noted(reading, excluded)])),
      cost,
    }));
    return scaleTable(sweep, rows, { caption: metric.heading, unit: metric.unit });
  });
  return [...costs, freshnessTable(sweep)];
}

function freshnessTable(sweep: Sweep): Table {
  const rows = sweep.names.flatMap((name) => {
    const found = sweep.scales.flatMap(({ load, contenders }) =>
      contenders.filter((contender) => contender.name === name).map((contender) => ({ load, contender })),
    );
    const [first] = found;
    if (first === undefined) return [];
    const readings = new Map(
      found.map(({ load, contender }) => [
        load,
        noted(readQuantile(contender, 'freshnessUs', 0.99), exclusionOf(contender)),
      ]),
    );
    return [{ contender: first.contender, readings, cost: null }];
  });
  return scaleTable(sweep, rows, { caption: 'Freshness p99', unit: 'us' });
}

function noted(reading: Reading, excluded: string | null): Reading {
  return excluded === null || reading.value === null ? reading : { ...reading, caveat: excluded };
}

/** A figure at each scale, a row a contender. */
export function scaleTable(
  sweep: Sweep,
  rows: readonly ScaledRow[],
  { caption, unit }: { caption: string; unit: string },
): Table {
  const { axis, scales } = sweep;
  const column = (load: number): ColumnSource<ScaledRow> => ({
    above: axis.heading,
    below: axis.valueText(load),
    heading: axis.say(load),
    meaning: `Measured with ${axis.say(load)}`,
    unit,
    read: ({ readings }) => readings.get(load) ?? { value: null, reason: 'not run at this scale' },
  });
  const goesOn = rows.some(({ cost }) => cost !== null && trendOf(cost, sweep) !== null);
  return fillTable(
    rows.map((row) => ({ label: row.contender.name, transport: row.contender.transport, subject: row })),
    [...scales.map(({ load }) => column(load)), ...(goesOn ? trendColumns(sweep, unit) : [])],
    { caption, rowHeading: 'contender', remarks: [] },
  );
}

function trendColumns(sweep: Sweep, unit: string): ColumnSource<ScaledRow>[] {
  const { axis } = sweep;
  const { limit } = rangeOf(sweep);
  const missing = { value: null, reason: 'measured at fewer than two scales that can be fitted' };
  return [
    {
      above: 'each',
      below: 'adds',
      heading: `each ${axis.unit} adds`,
      meaning: 'By arithmetic where it is exact, else by least squares over the measured points',
      unit,
      read: ({ cost }) => {
        const trend = cost === null ? null : trendOf(cost, sweep);
        if (trend === null) return missing;
        const { perLoad, atMost } = trend.line;
        const level = `levels off at ${formatWithUnit(atMost, unit)} by arithmetic`;
        return { value: perLoad, reason: '', ...(Number.isFinite(atMost) && { caveat: level }) };
      },
    },
    {
      above: 'extrapol.',
      below: axis.valueText(limit),
      heading: `${axis.say(limit)}, extrapolated`,
      meaning: 'Beyond what was measured: the line goes on as if nothing gave out',
      unit,
      read: ({ cost }) => {
        const trend = cost === null ? null : trendOf(cost, sweep);
        if (trend === null) return missing;
        const value = trend.end < limit ? null : costAt(trend.line, limit);
        return { value, reason: `more than ten times ${axis.say(trend.to)}, the most that could be fitted` };
      },
    },
  ];
}

/** The lines that the costs follow, with what they rest on. */
export function lineTableOf(sweep: Sweep): Table {
  const rows = costMetrics.flatMap((metric) =>
    costsOf(sweep, metric).map((cost) => ({
      label: `${cost.contender.name}: ${metric.noun}`,
      transport: cost.contender.transport,
      cells: lineCells(cost, metric, sweep),
    })),
  );
  const column = (heading: string, meaning: string) => ({ above: '', below: heading, heading, meaning });
  return {
    caption: 'The lines that the costs follow',
    rowHeading: 'cost',
    columns: [
      column('fixed', 'The part that does not grow'),
      column(`each ${sweep.axis.unit}`, 'What one more adds'),
      column('basis', 'Arithmetic where it is exact, else least squares over the measured points'),
      column('residual', 'Root of the mean squared distance of the measured points from the fitted line'),
      column('fitted', 'Fixed part and growth by the measured points alone'),
    ],
    rows,
    footnotes: [],
    remarks: [],
  };
}

function lineCells(cost: Cost, { unit }: CostMetric, sweep: Sweep): Cell[] {
  const trend = trendOf(cost, sweep);
  const { fit } = cost;
  const number = (value: number | null | undefined) => formatFigure(value ?? null, unit);
  const texts = [
    number(trend?.line.fixed),
    number(trend?.line.perLoad),
    trend === null ? 'too few points' : trend.basis === 'theory' ? 'arithmetic' : 'fit',
    fit !== null && fit.residual === null ? 'two points' : number(fit?.residual),
    fit === null ? number(null) : `${number(fit.line.fixed)} + ${number(fit.line.perLoad)}`,
  ];
  return texts.map((text) => ({ text, note: null }));
}

/** For each cost and kind of polling: from where on it costs more, or less, than what is told of changes. */
export function breakEvenTableOf(sweep: Sweep): Table | null {
  const footnotes: string[] = [];
  const compared = costMetrics.map((metric) => ({ metric, pairs: compareCosts(sweep, costsOf(sweep, metric)) }));
  const pushes = [...new Set(compared.flatMap(({ pairs }) => pairs.map(({ push }) => push.contender.name)))];
  const rows = compared.flatMap(({ metric, pairs }) => {
    const pollings = [...new Map(pairs.map(({ polling }) => [polling.contender.name, polling])).values()];
    return pollings.map(({ contender }) => ({
      label: `${contender.name}: ${metric.noun}`,
      transport: contender.transport,
      cells: pushes.map((name) => {
        const pair = pairs.find(
          ({ polling, push }) => polling.contender.name === contender.name && push.contender.name === name,
        );
        return breakEvenCell(sweep, pair, footnotes);
      }),
    }));
  });
  if (rows.length === 0) return null;
  const { from, limit } = rangeOf(sweep);
  return {
    caption: `What polling costs beside what is told of changes, by ${sweep.axis.name}`,
    rowHeading: 'cost',
    columns: pushes.map((name) => ({
      above: 'than',
      below: name,
      heading: `than ${name}`,
      meaning: `Where polling and ${name} cost the same`,
    })),
    rows,
    footnotes,
    remarks: [
      `“always”: up to ${sweep.axis.say(limit)}; measured from ${sweep.axis.say(from)} to ${sweep.axis.say(rangeOf(sweep).to)}.`,
      ...dependencyRemarks(sweep),
    ],
  };
}

/** One sentence for all costs that depend on the same. */
function dependencyRemarks(sweep: Sweep): string[] {
  return costMetrics.map(
    (metric) => `A break-even in ${metric.noun} also moves with ${dependenciesOf(metric, sweep).join(', ')}.`,
  );
}

function breakEvenCell(sweep: Sweep, pair: ComparedCosts | undefined, footnotes: string[]): Cell {
  const found = pair?.found ?? null;
  if (found === null || pair === undefined)
    return {
      text: formatFigure(null, ''),
      note: noteOf('measured at fewer than two scales that can be fitted', footnotes),
    };
  if (found.kind !== 'at') return { text: standing[found.kind], note: null };
  const { axis } = sweep;
  const text = `${found.beyond === 'higher' ? 'more' : 'less'} from ${axis.valueText(found.load)}`;
  return { text, note: noteOf(groundsOf(sweep, pair, found), footnotes) };
}

const standing = { higher: 'always more', lower: 'always less', alike: 'alike' } as const;

/** What a break-even rests on. */
function groundsOf(sweep: Sweep, pair: ComparedCosts, found: BreakEven & { kind: 'at' }): string {
  const { axis } = sweep;
  const { from, to } = rangeOf(sweep);
  const isExact = pair.measured !== null;
  const grounds = [
    isExact ? 'by arithmetic' : 'by the fitted lines',
    isExact && pair.measured?.kind === 'at' ? `by the measured points alone ${axis.valueText(pair.measured.load)}` : '',
    found.high > found.low * 1.02
      ? `within the residuals anywhere ${found.low === 0 ? 'up' : `from ${axis.valueText(found.low)}`} to ${axis.valueText(found.high)}`
      : '',
    found.load > to ? `extrapolated beyond ${axis.say(to)}` : '',
    found.load < from ? `below the lightest load that was measured, ${axis.say(from)}` : '',
  ];
  return grounds.filter((each) => each !== '').join('; ');
}

function noteOf(text: string, footnotes: string[]): number {
  const known = footnotes.indexOf(text);
  return known >= 0 ? known + 1 : footnotes.push(text);
}
