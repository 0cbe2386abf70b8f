// A comparison table → HTML that becomes a stack of cards on a phone.
import { escapeBreakable, escapeHtml } from '../escape.ts';
import { renderDataTable } from '../page/data-table.ts';
import type { Table } from '../table.ts';

/** The table with its footnotes; `key` gives the mark of a row's colour (already HTML), where it has one. */
export function renderHtmlTable(table: Table, key: (row: number) => string = () => ''): string {
  const body = renderDataTable({
    caption: table.caption,
    columns: [
      { heading: table.rowHeading },
      ...table.columns.map(({ heading, meaning }) => ({ heading, meaning, numeric: true })),
    ],
    rows: table.rows.map((row, index) => [
      { html: `${key(index)}${escapeBreakable(row.label)}` },
      ...row.cells.map((cell) => ({
        html: `${escapeHtml(cell.text)}${cell.note === null ? '' : noteMark(cell.note)}`,
      })),
    ]),
  });
  const notes = table.footnotes.map((footnote) => `<li>${escapeHtml(footnote)}</li>`);
  const footnotes = notes.length === 0 ? '' : `<ol class="footnotes">${notes.join('')}</ol>`;
  return body + footnotes + table.remarks.map((remark) => `<p class="remark">${escapeHtml(remark)}</p>`).join('');
}

function noteMark(note: number): string {
  return `<sup aria-label="footnote ${note}">${note}</sup>`;
}
