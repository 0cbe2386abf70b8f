// A comparison and its thresholds → lines for a terminal.
import { renderTerminalTable, type TerminalStyle } from '../table/terminal.ts';
import { wrapText } from '../table/text-width.ts';
import { describeThreshold, type ThresholdResult } from '../thresholds.ts';
import { type Comparison, failuresOf } from './comparison.ts';
import { comparisonTables } from './table.ts';
import { concludeComparison, describeFailure, spellRun } from './words.ts';

/** What it comes to first, then a table a contender, then thresholds, remarks and the files written. */
export function renderComparison(
  comparison: Comparison,
  {
    thresholds,
    paths,
    style,
  }: { thresholds: readonly ThresholdResult[]; paths: readonly string[]; style: TerminalStyle },
): string {
  const width = style.width ?? 80;
  const failures = failuresOf(comparison).map(describeFailure);
  const blocks = [
    wrapText(concludeComparison(comparison).join(' '), width).join('\n'),
    wrapText(`Baseline ${spellRun(comparison.baseline)}, candidate ${spellRun(comparison.candidate)}`, width).join(
      '\n',
    ),
    failures.length > 1 ? wrapLines(failures, width) : '',
    ...comparisonTables(comparison).map((table) => renderTerminalTable(table, style).trim()),
    wrapLines(thresholds.map(describeThreshold), width),
    wrapLines(comparison.remarks, width),
    wrapLines(paths, Number.POSITIVE_INFINITY),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function wrapLines(lines: readonly string[], width: number): string {
  return lines.flatMap((line) => (Number.isFinite(width) ? wrapText(line, width) : [line])).join('\n');
}
