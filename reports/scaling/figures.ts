// A run at several scales → the figures that its scenario names, at each scale: a table a figure. Without such names, its costs.
import { type ContenderColumn, columnNames, columnsOf } from '../columns.ts';
import type { Contender, Run, Sweep } from '../run.ts';
import type { Reading, Table } from '../table.ts';
import { scaleTable, sweepTablesOf } from './tables.ts';

/** One contender's figure at the scales at which it was run. */
export interface ScaledFigure {
  /** At the lightest of them. */
  readonly contender: Contender;
  readonly readings: ReadonlyMap<number, Reading>;
}

/** The tables of a run's other scales; none where nothing was varied. */
export function scaledTablesOf(run: Run): Table[] {
  const { sweep } = run;
  if (sweep === null) return [];
  const columns = namedFigures(run);
  return columns === null ? sweepTablesOf(sweep) : columns.map((column) => figureTable(sweep, column));
}

/** The figures that the swept scenario names, or `null`. */
export function namedFigures({ record, contenders }: Run): readonly ContenderColumn[] | null {
  const scenario = contenders[0]?.trials[0].scenario ?? '';
  return columnNames(record, scenario) === null ? null : columnsOf(record, scenario);
}

/** A figure of every contender over the scales, in record order. */
export function scaledFigures({ names, scales }: Sweep, { read }: ContenderColumn): ScaledFigure[] {
  return names.flatMap((name) => {
    const found = scales.flatMap(({ load, contenders }) =>
      contenders.filter((contender) => contender.name === name).map((contender) => ({ load, contender })),
    );
    const [first] = found;
    const readings = new Map(found.map(({ load, contender }) => [load, read(contender)]));
    return first === undefined ? [] : [{ contender: first.contender, readings }];
  });
}

function figureTable(sweep: Sweep, column: ContenderColumn): Table {
  const rows = scaledFigures(sweep, column).map((figure) => ({ ...figure, cost: null }));
  return scaleTable(sweep, rows, { caption: column.heading, unit: column.unit });
}
