// A record → files for people, and the words on stdout. Loaded only after the measuring: the chart library is heavy.

import { renderAll } from '../../reports/render.ts';
import { readRun } from '../../reports/run.ts';
import { renderTerminal } from '../../reports/terminal.ts';
import { concludeRun } from '../../reports/verdict/verdict.ts';
import type { RunRecord } from '../contract/record.ts';

/** Writes report.html, summary.md and the charts, several runs on one page; returns their paths. */
export function renderRuns(records: readonly [RunRecord, ...RunRecord[]], directory: string): Promise<string[]> {
  return renderAll(records, directory);
}

/** The record with the verdict that its figures allow. */
export function withVerdict(record: RunRecord): RunRecord {
  return { ...record, verdict: concludeRun(readRun(record)).verdict };
}

/** The verdict or finding first, then the tables, the findings against it, and where the report is. */
export function printRun(record: RunRecord, options: { json: boolean; paths: readonly string[] }): void {
  if (options.json) {
    process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${describeRun(record, options.paths)}\n`);
}

function describeRun(record: RunRecord, paths: readonly string[]): string {
  const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  const report = paths.find((path) => path.endsWith('report.html'));
  const where = report === undefined ? [] : [`Report: ${report}`];
  return ['', renderTerminal(readRun(record), { color }), ...where].join('\n');
}
