// Measured storms and the same storms simulated → both in one panel a strategy: what was measured as steps, the simulation as a line.
import { formatDurationUs, formatNumber } from '../../harness/contract/units.ts';
import { unmeasuredMark } from '../figures.ts';
import { peakOf, recoveryUs, type Storm } from '../storm.ts';
import type { Chart } from './chart.ts';
import { legendOf, subtitleOf } from './storm.ts';
import { panelsSpec } from './storm-panels.ts';
import { pointsOf, timeAxisOf } from './storm-time.ts';

interface Pair {
  readonly measured: Storm;
  readonly simulated: Storm;
}

interface Comparison {
  readonly heading: string;
  /** `null` where it was not measured, or never came. */
  readonly read: (storm: Storm) => number | null;
  readonly format: (value: number) => string;
}

const comparisons: readonly Comparison[] = [
  { heading: 'peak', read: (storm) => peakOf(storm, 'storm.peakAttemptsPerSecond'), format: formatNumber },
  { heading: '99 % back in', read: (storm) => recoveryUs(storm, 0.99), format: formatDurationUs },
  { heading: 'last in', read: (storm) => recoveryUs(storm, 1), format: formatDurationUs },
];

/** The chart of the storms that were both measured and simulated, paired by the contender's spelling; `null` when there are none. */
export function stormModelChart(
  measured: readonly Storm[],
  simulated: readonly Storm[],
  conditions: readonly string[],
): Chart | null {
  const pairs = measured.flatMap((storm): Pair[] => {
    const model = simulated.find(({ contender }) => contender.name === storm.contender.name);
    return storm.attempts === null || model === undefined || model.attempts === null
      ? []
      : [{ measured: storm, simulated: model }];
  });
  if (pairs.length === 0) return null;
  const storms = pairs.map((pair) => pair.measured);
  const axis = timeAxisOf([...storms, ...pairs.map((pair) => pair.simulated)]);
  const panels = pairs.map((pair) => ({
    label: pair.measured.label,
    figures: comparisons.map((comparison) => comparisonText(comparison, pair)),
    outage: pair.measured.outage,
    points: pointsOf(pair.measured, axis),
    simulated: pointsOf(pair.simulated, axis),
  }));
  const title = titleOf(pairs);
  return {
    name: 'reconnect-storm-model',
    title,
    subtitle: subtitleOf(storms, axis, conditions),
    alternative: `${title}. ${panels.map(({ label, figures }) => `${label}: ${figures.join(', ')}`).join('; ')}.`,
    data: {
      columns: ['strategy', ...comparisons.flatMap(({ heading }) => [`${heading}, measured`, `${heading}, simulated`])],
      rows: pairs.map((pair) => [
        pair.measured.label,
        ...comparisons.flatMap((comparison) => [textOf(comparison, pair.measured), textOf(comparison, pair.simulated)]),
      ]),
    },
    specFor: (frame) =>
      panelsSpec(panels, {
        frame,
        axis,
        legend: [...legendOf(storms, frame.narrow), { text: 'simulated', mark: 'line' }],
      }),
  };
}

/** How far apart the peaks are, at the pair where they are farthest. */
function titleOf(pairs: readonly Pair[]): string {
  const factors = pairs.map(({ measured, simulated }) => {
    const [seen, modelled] = [measured, simulated].map((storm) => peakOf(storm, 'storm.peakAttemptsPerSecond') ?? 0);
    return seen && modelled ? Math.max(seen / modelled, modelled / seen) : null;
  });
  const known = factors.filter((factor) => factor !== null);
  if (known.length < pairs.length) return 'Reconnect storms, measured and simulated';
  const percent = Math.ceil((Math.max(...known) - 1) * 100 - 1e-9);
  return percent === 0
    ? 'Measurement and simulation agree on the peak after return'
    : `Measured and simulated peaks after return are ${pairs.length === 1 ? '' : 'at most '}${formatNumber(percent)} % apart`;
}

function comparisonText(comparison: Comparison, { measured, simulated }: Pair): string {
  return `${comparison.heading} ${textOf(comparison, measured)}, simulated ${textOf(comparison, simulated)}`;
}

function textOf({ read, format }: Comparison, storm: Storm): string {
  const value = read(storm);
  return value === null ? unmeasuredMark : format(value);
}
