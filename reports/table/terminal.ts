// A comparison table → lines for a terminal, never wider than asked. Colour is the caller's decision (NO_COLOR, no TTY).
import type { Transport } from '../../harness/contract/record.ts';
import type { Cell, Table } from '../table.ts';
import { superscript } from './superscript.ts';
import { padText, textWidth, wrapText } from './text-width.ts';

export interface TerminalStyle {
  /** ANSI colours and weights. */
  readonly color: boolean;
  /**
   * Columns of the terminal; 80 by default. A label that has no room beside its figures stands above them; where the figures alone
   * do not fit, each contender becomes a block of lines.
   */
  readonly width?: number;
}

const gap = '  ';
const narrowestLabel = 12;
/** Of figures whose row begins in the line above. */
const indent = 2;
const transportColours: Readonly<Record<Transport, string>> = {
  polling: '38;5;202',
  'long-polling': '38;5;162',
  sse: '38;5;36',
  websocket: '38;5;63',
};

/** The table with its footnotes, a line break after each line. */
export function renderTerminalTable(table: Table, style: TerminalStyle): string {
  const width = style.width ?? 80;
  const paint = (text: string, code: string) => (style.color && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  const widths = table.columns.map((column, index) =>
    Math.max(
      textWidth(headAbove(table, index)),
      textWidth(column.below),
      ...table.rows.map((row) => textWidth(cellText(row.cells[index]))),
    ),
  );
  const room = width - widths.reduce((total, each) => total + each + gap.length, 0);
  if (room < indent)
    return blockLines(table, width)
      .map((text) => `${text}\n`)
      .join('');
  const labelWidth = room < narrowestLabel ? indent : labelWidthOf(table, room);
  const line = (label: string, cells: readonly string[]) =>
    (
      padText(label, labelWidth, 'right') +
      cells.map((cell, index) => gap + padText(cell, widths[index] ?? 0, 'left')).join('')
    ).trimEnd();
  const rows = table.rows.flatMap((row) => {
    const colour = transportColours[row.transport];
    const figures = row.cells.map(cellText);
    if (widestPiece(row.label) > labelWidth)
      return [...wrapText(row.label, width).map((text) => paint(text, colour)), line('', figures)];
    const [first = '', ...others] = wrapText(row.label, labelWidth);
    return [
      paint(first, colour) + line(first, figures).slice(first.length),
      ...others.map((other) => paint(other, colour)),
    ];
  });
  return [
    paint(
      line(
        '',
        table.columns.map((_, index) => headAbove(table, index)),
      ),
      '2',
    ),
    paint(
      line(
        textWidth(table.rowHeading) > labelWidth ? '' : table.rowHeading,
        table.columns.map((column) => column.below),
      ),
      '1',
    ),
    ...rows,
    ...footnoteLines(table, width).map((text) => paint(text, '2')),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

/** A heading that two neighbours share is written once, over the first. */
function headAbove(table: Table, index: number): string {
  const above = table.columns[index]?.above ?? '';
  return above === table.columns[index - 1]?.above ? '' : above;
}

/** Labels break before a `+`: in the middle of a setting they cannot be read. */
function widestPiece(label: string): number {
  return Math.max(...label.split(/(?=[+ ])/).map(textWidth));
}

function labelWidthOf(table: Table, room: number): number {
  const longest = Math.max(table.rowHeading.length, ...table.rows.map((row) => textWidth(row.label)));
  return Math.min(longest, room);
}

function blockLines(table: Table, width: number): string[] {
  const blocks = table.rows.flatMap((row) => [
    ...wrapText(row.label, width),
    ...row.cells.flatMap((cell, index) =>
      wrapText(`${table.columns[index]?.heading ?? ''} ${cellText(cell)}`, width - 2).map((text) => `  ${text}`),
    ),
  ]);
  return [...blocks, ...footnoteLines(table, width)];
}

function cellText(cell: Cell | undefined): string {
  return cell === undefined ? '' : cell.text + superscript(cell.note);
}

function footnoteLines(table: Table, width: number): string[] {
  const footnotes = table.footnotes.flatMap((footnote, index) => {
    const mark = `${superscript(index + 1)} `;
    return wrapText(footnote, width - mark.length).map(
      (text, row) => (row === 0 ? mark : ' '.repeat(mark.length)) + text,
    );
  });
  return [...footnotes, ...table.remarks.flatMap((remark) => wrapText(remark, width))];
}
