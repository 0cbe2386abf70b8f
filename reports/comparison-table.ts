// A run → its comparisons: a table for each set of columns that its scenarios name, a row a contender, in record order.
import { type ContenderColumn, columnNames, columnsOf, usualColumns } from './columns.ts';
import type { Contender, Run } from './run.ts';
import { fillTable, missingRemarks, type Table } from './table.ts';

/** Contenders that are compared by the same figures. */
export interface Comparison {
  /** The scenarios they belong to, each with its question where the record tells it. */
  readonly scenarios: readonly { readonly name: string; readonly question: string | null }[];
  readonly contenders: readonly Contender[];
  readonly columns: readonly ContenderColumn[];
  /** True where the scenario names the figures itself. */
  readonly named: boolean;
}

/** The comparisons, in record order; one without rows where nothing was measured. */
export function comparisonsOf({ record, contenders }: Run): Comparison[] {
  const groups = new Map<string, Contender[]>();
  for (const contender of contenders) {
    const key = JSON.stringify(columnNames(record, scenarioOf(contender)));
    groups.set(key, [...(groups.get(key) ?? []), contender]);
  }
  if (groups.size === 0) return [{ scenarios: [], contenders: [], columns: usualColumns, named: false }];
  return [...groups.values()].map((some) => {
    const names = [...new Set(some.map(scenarioOf))];
    const [first = ''] = names;
    return {
      scenarios: names.map((name) => ({ name, question: record.scenarios?.[name]?.question ?? null })),
      contenders: some,
      columns: columnsOf(record, first),
      named: columnNames(record, first) !== null,
    };
  });
}

/** The table of each comparison. What was not run stands below the last, where no storm's table follows. */
export function comparisonTablesOf(run: Run): Table[] {
  const comparisons = comparisonsOf(run);
  return comparisons.map(({ contenders, columns, scenarios }, index) => {
    const isLast = index === comparisons.length - 1 && run.storms.length === 0;
    const names = scenarios.map(({ name }) => name).join(', ');
    return fillTable(
      contenders.map((contender) => ({
        label: contender.label,
        transport: contender.transport,
        subject: contender,
      })),
      columns,
      {
        caption: comparisons.length === 1 ? 'Contenders compared' : `Contenders compared: ${names}`,
        rowHeading: 'contender',
        remarks: isLast ? missingRemarks(run) : [],
      },
    );
  });
}

/** What the contenders of several runs are compared by: what all of them share, else the usual. */
export function sharedColumns(runs: readonly Run[]): readonly ContenderColumn[] {
  const comparisons = runs.flatMap((run) => (run.contenders.length > 0 ? comparisonsOf(run) : []));
  const [first] = comparisons;
  const headings = (columns: readonly ContenderColumn[]) => columns.map(({ heading }) => heading).join('\n');
  return first !== undefined && comparisons.every(({ columns }) => headings(columns) === headings(first.columns))
    ? first.columns
    : usualColumns;
}

function scenarioOf({ trials: [trial] }: Contender): string {
  return trial.scenario;
}
