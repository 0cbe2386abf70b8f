// Simulated storms → tables of text: what each strategy did, and how far simulation and measurement are apart.
import { formatFigure } from '../../reports/figures.ts';
import { padText, textWidth } from '../../reports/table/text-width.ts';
import { isDistribution, scalarOf, type TrialRecord } from '../contract/record.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import type { Storm, StormModel } from '../model/storm.ts';

export interface SimulatedRow {
  readonly name: string;
  readonly model: StormModel;
  readonly storm: Storm;
}

const heads = [
  'strategy',
  'attempts',
  'a client',
  'peak/s down',
  'peak/s after',
  'lower by',
  'back p50',
  'p95',
  'p99',
  'last',
  'gave up',
];

/** `plainPeak` is the peak a second after return without jitter. */
export function stormTable(rows: readonly SimulatedRow[], plainPeak: number): string[] {
  return alignRows([heads, ...rows.map((row) => describeRow(row, plainPeak))]);
}

function describeRow({ name, model, storm }: SimulatedRow, plainPeak: number): string[] {
  const attempts = storm.attempted.total;
  const peak = storm.attempted.busiestPerSecond(model.downUs, Number.POSITIVE_INFINITY);
  const back = backAfter(storm);
  return [
    name,
    formatNumber(attempts),
    formatNumber(attempts / model.clients),
    formatNumber(storm.attempted.busiestPerSecond(0, model.downUs)),
    formatNumber(peak),
    peak === 0 ? formatFigure(null, 'ratio') : `${formatNumber(plainPeak / peak)}×`,
    ...[0.5, 0.95, 0.99, 1].map((share) => durationText(back(share))),
    formatNumber(storm.gaveUp),
  ];
}

/** The storms that were simulated as they were measured. */
export function compareTable(rows: readonly (SimulatedRow & { readonly trial: TrialRecord })[]): string[] {
  const columns = ['measured', 'simulated', 'apart'];
  return alignRows([
    ['', 'peak/s after', '', '', 'back p99', '', '', 'last', '', ''],
    ['contender', ...columns, ...columns, ...columns],
    ...rows.map(({ name, model, storm, trial }) => {
      const recovery = trial.metrics['storm.recoveryUs'];
      const [p99, last] = isDistribution(recovery) ? [recovery.p99, recovery.max] : [null, null];
      const peak = storm.attempted.busiestPerSecond(model.downUs, Number.POSITIVE_INFINITY);
      const back = backAfter(storm);
      return [
        name,
        ...compare(scalarOf(trial.metrics['storm.peakAttemptsPerSecond']), peak, formatNumber),
        ...compare(p99, back(0.99), durationText),
        ...compare(last, back(1), durationText),
      ];
    }),
  ]);
}

/** Apart: the simulation's deviation from the measurement. */
function compare(measured: number | null, simulated: number, format: (value: number) => string): string[] {
  if (measured === null || measured === 0) return [formatFigure(null, 'count'), format(simulated), ''];
  const percent = Math.round((simulated / measured - 1) * 100);
  return [format(measured), format(simulated), Number.isFinite(percent) ? `${percent > 0 ? '+' : ''}${percent} %` : ''];
}

function backAfter(storm: Storm): (share: number) => number {
  const ordered = storm.recoveryUs.toSorted();
  return (share) => ordered[Math.ceil(share * ordered.length) - 1] ?? Number.POSITIVE_INFINITY;
}

function durationText(us: number): string {
  return us === Number.POSITIVE_INFINITY ? 'never' : formatDurationUs(us);
}

/** The first column to the left, figures to the right. */
function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => textWidth(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0, column === 0 ? 'right' : 'left'))
      .join('  ')
      .trimEnd(),
  );
}
