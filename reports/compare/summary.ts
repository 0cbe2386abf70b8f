// A comparison and its thresholds → summary.md, as a pull request or a step summary shows it.
import { escapeMarkdown } from '../escape.ts';
import { renderMarkdownTable } from '../table/markdown.ts';
import { describeThreshold, type ThresholdResult } from '../thresholds.ts';
import { type Comparison, failuresOf } from './comparison.ts';
import { comparisonTables } from './table.ts';
import { concludeComparison, describeFailure, spellRun } from './words.ts';

/** Failures first, then a table for each contender, folded where nothing failed. */
export function renderComparisonSummary(comparison: Comparison, thresholds: readonly ThresholdResult[]): string {
  const failures = failuresOf(comparison);
  const failing = new Set(failures.map(({ label }) => label));
  const tables = comparisonTables(comparison).map((table) => {
    const text = renderMarkdownTable(table);
    const heading = escapeMarkdown(table.rowHeading);
    return failing.has(table.rowHeading)
      ? `### ${heading}\n\n${text}`
      : `<details><summary>${heading}</summary>\n\n${text}\n</details>\n`;
  });
  return [
    '## Freshet: candidate against baseline\n',
    `**${concludeComparison(comparison).map(escapeMarkdown).join(' ')}**\n`,
    `${escapeMarkdown(`Baseline ${spellRun(comparison.baseline)}, candidate ${spellRun(comparison.candidate)}`)}\n`,
    listOf(failures.map(describeFailure)),
    listOf(thresholds.map(describeThreshold)),
    ...tables,
    listOf(comparison.remarks),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function listOf(lines: readonly string[]): string {
  return lines.map((line) => `- ${escapeMarkdown(line)}\n`).join('');
}
