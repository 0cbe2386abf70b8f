// Several runs → one table: a row for each contender of each run, and what must be known before two rows are set against each other.
import { sharedColumns } from '../comparison-table.ts';
import { counted } from '../conditions.ts';
import { escapeHtml } from '../escape.ts';
import { headlineOf } from '../headline.ts';
import type { Run } from '../run.ts';
import { renderHtmlTable } from '../table/html.ts';
import { fillTable, type Table } from '../table.ts';
import { minuteOf } from './environment.ts';
import { runId } from './run-report.ts';
import { seriesKey } from './series-key.ts';

/** Where and when each run was made, with a link to it, and the table; runs are numbered from 1. */
export function renderJointTable(runs: readonly Run[]): string {
  const rows = runs.flatMap((run, index) =>
    run.contenders.map((contender, row) => ({ run, row, contender, name: `${index + 1}: ${contender.label}` })),
  );
  const items = runs.map((run, index) => {
    const about = [minuteOf(run.record.startedAt), ...headlineOf(run).conditions].join(' · ');
    return `<li><a href="#${runId(index + 1)}">Run ${index + 1}</a> <span class="sub">${escapeHtml(about)}</span></li>`;
  });
  const table: Table = fillTable(
    rows.map(({ name, contender }) => ({ label: name, transport: contender.transport, subject: contender })),
    sharedColumns(runs),
    { caption: 'All runs compared', rowHeading: 'run: contender', remarks: remarksOf(runs) },
  );
  const keyOf = (index: number) => {
    const at = rows[index];
    return at === undefined ? '' : seriesKey(at.run, at.row);
  };
  return `<ol class="runs">${items.join('')}</ol>${rows.length === 0 ? '' : renderHtmlTable(table, keyOf)}`;
}

/** Time and machine move what they measure: counts can be set side by side, times hardly. */
function remarksOf(runs: readonly Run[]): string[] {
  const machines = new Set(runs.map(({ record: { environment } }) => `${environment.cpu} ${environment.cores}`)).size;
  const where = machines > 1 ? `on ${counted(machines, 'machine')}` : 'on one kind of machine';
  return [
    `Measured at different times ${where}: counts and bytes can be set side by side; differences of times, CPU and memory are a hint and no proof.`,
  ];
}
