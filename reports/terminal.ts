// A run → its tables for a terminal: the comparison, and below it the reconnect storm.
import { isEmpty, type Run } from './run.ts';
import { stormTableOf } from './storm-table.ts';
import { renderTerminalTable, type TerminalStyle } from './table/terminal.ts';
import { wrapText } from './table/text-width.ts';
import { tableOf } from './table.ts';

const defaultWidth = 80;

/** The tables that the run has rows for, each ending in a line break, an empty line between them. */
export function renderTerminalTables(run: Run, style: TerminalStyle): string {
  const comparison = run.contenders.length > 0 || isEmpty(run) ? renderTerminalTable(tableOf(run), style) : '';
  if (run.storms.length === 0) return comparison;
  const heading = `Reconnect storm: ${run.stormConditions.join(' · ')}`;
  const lines = wrapText(heading, style.width ?? defaultWidth).map((line) => `${line}\n`);
  const storm = lines.join('') + renderTerminalTable(stormTableOf(run), style);
  return comparison === '' ? storm : `${comparison}\n${storm}`;
}
