// A sweep → what each contender costs at each scale, and the line that goes through it: arithmetic where it is exact, else a fit.
import { parseDurationUs } from '../../harness/contract/units.ts';
import type { Contender, Sweep } from '../run.ts';
import { type Reading, readBytesPerClientMinute, readScalar } from '../table.ts';
import { type BreakEven, breakEvenOf, exactLine, type Fit, fitLine, type Line } from './line.ts';

/** A cost that can grow with the load, over all clients together. */
export interface CostMetric {
  readonly heading: string;
  /** In a sentence. */
  readonly noun: string;
  /** The catalogue's. */
  readonly unit: '1/min' | 'ms/s' | 'bytes/min';
  /** What else moves a break-even in it. */
  readonly dependsOn: readonly string[];
  readonly read: (contender: Contender) => Reading;
  /** What arithmetic gives at this scale, or `null`. */
  readonly expected: (contender: Contender) => number | null;
  /** What it cannot exceed, however large the load. */
  readonly atMost: (contender: Contender, sweep: Sweep) => number;
}

const unbounded = () => Number.POSITIVE_INFINITY;

export const costMetrics: readonly CostMetric[] = [
  {
    heading: 'Database queries a minute',
    noun: 'database queries',
    unit: '1/min',
    dependsOn: ['clients', 'poll interval', 'update interval', 'audiences'],
    read: (contender) => readScalar(contender, 'db.queriesPerMinute'),
    expected: (contender) => contender.figures['db.queriesPerMinute']?.expected ?? null,
    atMost: cacheBound,
  },
  {
    heading: 'System CPU, ms a second',
    noun: 'CPU',
    unit: 'ms/s',
    dependsOn: ['clients', 'poll interval', 'update interval', 'audiences', 'what a query costs', 'the machine'],
    read: (contender) => readScalar(contender, 'system.cpuMsPerSecond'),
    expected: () => null,
    atMost: unbounded,
  },
  {
    heading: 'Bytes a minute, all clients',
    noun: 'bytes',
    unit: 'bytes/min',
    dependsOn: ['clients', 'poll interval', 'update interval', 'payload and headers'],
    read: readBytesOfAll,
    expected: () => null,
    atMost: unbounded,
  },
];

function readBytesOfAll(contender: Contender): Reading {
  const reading = readBytesPerClientMinute(contender);
  return reading.value === null ? reading : { ...reading, value: reading.value * contender.clients };
}

/** A cache asks once for its time to live at most, for each dashboard and node; more dashboards are more caches. */
function cacheBound({ trials: [first] }: Contender, { axis }: Sweep): number {
  const { cache, nodes } = first.settings;
  const cacheUs = typeof cache === 'string' ? parseDurationUs(cache) : null;
  if (cacheUs === null || cacheUs === 0 || axis.varied === 'audiences') return Number.POSITIVE_INFINITY;
  return (first.audiences * Number(nodes ?? 1) * 60e6) / cacheUs;
}

/** A cost as measured at one scale. */
export interface CostPoint {
  readonly load: number;
  readonly reading: Reading;
  readonly expected: number | null;
  /** Why it is shown but not fitted. */
  readonly excluded: string | null;
}

/** One contender's cost over the scales. */
export interface Cost {
  readonly contender: Contender;
  readonly points: readonly CostPoint[];
  /** The line of arithmetic, where it is exact; `null` where it says nothing or is none. */
  readonly theory: Line | null;
  readonly fit: Fit | null;
}

/** How a contender's cost goes on, and how sure that is. */
export interface Trend extends Fit {
  readonly basis: 'theory' | 'fit';
  /** The largest load it rests on: beyond it, it is extrapolated. */
  readonly to: number;
  /** The largest load for which it may stand. */
  readonly end: number;
}

/** The costs of all contenders of a sweep in one metric, in record order. */
export function costsOf(sweep: Sweep, metric: CostMetric): Cost[] {
  return sweep.names.flatMap((name) => {
    const found = sweep.scales.flatMap(({ load, contenders }) =>
      contenders.filter((contender) => contender.name === name).map((contender) => ({ load, contender })),
    );
    const [first] = found;
    if (first === undefined) return [];
    const points = found.map(({ load, contender }) => ({
      load,
      reading: metric.read(contender),
      expected: metric.expected(contender),
      excluded: exclusionOf(contender),
    }));
    const atMost = metric.atMost(first.contender, sweep);
    const fitted = points.flatMap(({ load, reading, excluded }) =>
      reading.value === null || excluded !== null ? [] : [{ load, cost: reading.value }],
    );
    const expected = points.flatMap(({ load, expected: cost }) => (cost === null ? [] : [{ load, cost }]));
    const theory = expected.length === points.length ? exactLine(expected) : null;
    return [{ contender: first.contender, points, theory, fit: fitLine(fitted, atMost) }];
  });
}

/** Arithmetic where it is exact, else the fit, else `null`. */
export function trendOf({ theory, fit, points }: Cost, sweep: Sweep): Trend | null {
  const { limit } = rangeOf(sweep);
  const measured = points.filter(({ reading }) => reading.value !== null);
  const largest = (some: readonly CostPoint[]) => Math.max(0, ...some.map(({ load }) => load));
  // Arithmetic holds as long as nothing gives out.
  if (theory !== null) return { line: theory, residual: 0, basis: 'theory', to: largest(measured), end: limit };
  const to = largest(measured.filter(({ excluded }) => excluded === null));
  return fit === null ? null : { ...fit, basis: 'fit', to, end: Math.min(limit, furthest * to) };
}

/** Why a scale's figures are shown but tell nothing of how costs grow; `null` where they do. */
export function exclusionOf({ trials }: Contender): string | null {
  const has = (matches: (finding: { severity: string; code: string }) => boolean) =>
    trials.some(({ health }) => health.some(matches));
  if (has(({ severity }) => severity === 'fatal')) return 'the trial is invalid: shown, not fitted';
  return has(({ code }) => code === 'SYSTEM_SATURATED') ? 'the system could not keep up: shown, not fitted' : null;
}

/** Never further than ten times the largest load, and no further again than was measured. */
const furthest = 10;
const nearest = 2;

/** The smallest and largest load that were measured, and the largest up to which lines are drawn. */
export function rangeOf({ scales }: Sweep): { readonly from: number; readonly to: number; readonly limit: number } {
  const from = scales[0]?.load ?? 1;
  const to = scales.at(-1)?.load ?? 1;
  return { from, to, limit: to * Math.min(furthest, Math.max(nearest, to / from)) };
}

export interface ComparedCosts {
  readonly polling: Cost;
  readonly push: Cost;
  /** `null` where one of the two has no line. */
  readonly found: BreakEven | null;
  /** The same from measured points alone, where arithmetic decided. */
  readonly measured: BreakEven | null;
}

/** Each polling contender against each that is told of changes. */
export function compareCosts(sweep: Sweep, costs: readonly Cost[]): ComparedCosts[] {
  const isPolling = ({ contender }: Cost) => contender.transport === 'polling';
  const compare = (one: Fit | null, other: Fit | null, limit: number) =>
    one === null || other === null
      ? null
      : breakEvenOf(one.line, other.line, {
          limit,
          tolerance: Math.hypot(one.residual ?? 0, other.residual ?? 0),
        });
  return costs.filter(isPolling).flatMap((polling) =>
    costs
      .filter((cost) => !isPolling(cost))
      .map((push) => {
        const [one, other] = [trendOf(polling, sweep), trendOf(push, sweep)];
        const limit = Math.min(one?.end ?? 0, other?.end ?? 0);
        const isExact = one?.basis === 'theory' && other?.basis === 'theory';
        return {
          polling,
          push,
          found: compare(one, other, limit),
          measured: isExact ? compare(polling.fit, push.fit, limit) : null,
        };
      }),
  );
}

/** What a break-even in this metric depends on, besides what the sweep varied. */
export function dependenciesOf({ dependsOn }: CostMetric, { axis }: Sweep): string[] {
  return dependsOn.filter((each) => each.replace(' ', '-') !== axis.varied);
}
