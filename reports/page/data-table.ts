// Columns and rows → an HTML table that a phone shows as one card a row, with every cell's heading beside it.
import { escapeBreakable, escapeHtml } from '../escape.ts';

interface DataColumn {
  readonly heading: string;
  /** One sentence, shown on hover. */
  readonly meaning?: string;
  readonly numeric?: boolean;
}

/** Plain text, or HTML that is already escaped. */
export type DataCell = string | { readonly html: string };

export interface DataTable {
  /** Read by screen readers only. */
  readonly caption: string;
  readonly columns: readonly DataColumn[];
  readonly rows: readonly (readonly DataCell[])[];
}

/** The first cell of a row is its heading. The roles keep it a table when styled as cards. */
export function renderDataTable(table: DataTable): string {
  const head = table.columns.map((column) => {
    const meaning = column.meaning === undefined ? '' : ` title="${escapeHtml(column.meaning)}"`;
    return `<th scope="col" role="columnheader"${numericClass(column)}${meaning}>${breakUnits(escapeBreakable(column.heading))}</th>`;
  });
  const rows = table.rows.map(
    (cells) =>
      `<tr role="row">${cells.map((cell, index) => renderCell(table.columns[index], cell, index)).join('')}</tr>`,
  );
  return `<div class="table" role="group" aria-label="${escapeHtml(table.caption)}"><table class="stack" role="table"><caption>${escapeHtml(table.caption)}</caption><thead role="rowgroup"><tr role="row">${head.join('')}</tr></thead><tbody role="rowgroup">${rows.join('')}</tbody></table></div>`;
}

function renderCell(column: DataColumn | undefined, cell: DataCell, index: number): string {
  const content = typeof cell === 'string' ? escapeBreakable(cell) : cell.html;
  if (index === 0) return `<th scope="row" role="rowheader">${content}</th>`;
  const heading = escapeHtml(column?.heading ?? '');
  return `<td role="cell"${numericClass(column)} data-heading="${heading}"><span>${content}</span></td>`;
}

function numericClass(column: DataColumn | undefined): string {
  return column?.numeric === true ? ' class="number"' : '';
}

/** `bytes/client/min` may break after each stroke, so that its column is as wide as its figures. */
function breakUnits(html: string): string {
  return html.replace(/(?<=\w)\/(?=\w)/g, '/<wbr>');
}
