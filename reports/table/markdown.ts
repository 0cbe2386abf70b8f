// A comparison table → GitHub-flavoured markdown.
import { escapeMarkdown } from '../escape.ts';
import type { Table } from '../table.ts';
import { superscript } from './superscript.ts';

/** The table with its footnotes, ending in a line break. */
export function renderMarkdownTable(table: Table): string {
  const head = [table.rowHeading, ...table.columns.map((column) => column.heading)];
  const rows = table.rows.map((row) => [
    escapeMarkdown(row.label),
    ...row.cells.map((cell) => escapeMarkdown(cell.text) + superscript(cell.note)),
  ]);
  const lines = [head, [':--', ...table.columns.map(() => '--:')], ...rows].map(
    (cells) => `| ${cells.join(' | ')} |\n`,
  );
  const footnotes = table.footnotes.map(
    (footnote, index) => `\n${superscript(index + 1)} ${escapeMarkdown(footnote)}\n`,
  );
  const remarks = table.remarks.map((remark) => `\n${escapeMarkdown(remark)}\n`);
  return [...lines, ...footnotes, ...remarks].join('');
}
