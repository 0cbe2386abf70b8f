// A run → what a terminal shows of it: the text at the top with its conditions, what the verdict rests on, and the tables.
import { comparisonTablesOf } from './comparison-table.ts';
import { headlineOf } from './headline.ts';
import { isEmpty, type Run } from './run.ts';
import { scaledTablesOf } from './scaling/figures.ts';
import { stormTableOf } from './storm-table.ts';
import { renderTerminalTable, type TerminalStyle } from './table/terminal.ts';
import { wrapText } from './table/text-width.ts';
import type { Table } from './table.ts';
import { renderVerdictTerminal } from './verdict/dialects.ts';
import { concludeRun } from './verdict/verdict.ts';

const defaultWidth = 80;

/** The whole run, ending in a line break. Sentences are lines of their own, for the terminal to wrap. */
export function renderTerminal(run: Run, style: TerminalStyle): string {
  const conclusion = concludeRun(run);
  const { sentences, conditions, caveats } = headlineOf(run, conclusion);
  const parts = [
    sentences,
    wrapText(conditions.join(' · '), style.width ?? defaultWidth),
    caveats,
    [renderVerdictTerminal(conclusion, style).trimEnd()],
    [renderTerminalTables(run, style).trimEnd()],
  ].map((lines) => lines.join('\n'));
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The tables that the run has rows for, each ending in a line break, an empty line between them. */
export function renderTerminalTables(run: Run, style: TerminalStyle): string {
  const under = (heading: string, table: Table) =>
    [...wrapText(heading, style.width ?? defaultWidth), renderTerminalTable(table, style)].join('\n');
  const scales = scaledTablesOf(run).map((table) => under(table.caption, table));
  const storm = `Reconnect storm: ${run.stormConditions.join(' · ')}`;
  return [
    ...(run.contenders.length > 0 || isEmpty(run)
      ? comparisonTablesOf(run).map((table) => renderTerminalTable(table, style))
      : []),
    ...scales,
    ...(run.storms.length > 0 ? [under(storm, stormTableOf(run))] : []),
  ].join('\n');
}
