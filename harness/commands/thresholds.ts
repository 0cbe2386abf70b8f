// A finished run and its thresholds → a line for each on stderr, junit.xml beside the record, and whether all were kept.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { thresholdChecks } from '../../reports/compare/checks.ts';
import { renderJunit } from '../../reports/exports/junit.ts';
import { readRun } from '../../reports/run.ts';
import { describeThreshold, judgeThresholds } from '../../reports/thresholds.ts';
import type { RunRecord } from '../contract/record.ts';
import type { Threshold } from '../contract/threshold.ts';
import { wrapDiskErrors } from '../record/disk-errors.ts';

/** True when there are none, too. Throws `environment` when the file cannot be written. */
export async function keepsThresholds(
  record: RunRecord,
  thresholds: readonly Threshold[],
  directory: string,
): Promise<boolean> {
  if (thresholds.length === 0) return true;
  const results = judgeThresholds(readRun(record), thresholds);
  process.stderr.write(results.map((result) => `${describeThreshold(result)}\n`).join(''));
  const text = renderJunit('freshet thresholds', thresholdChecks(results));
  await wrapDiskErrors(directory, () => writeFile(join(directory, 'junit.xml'), text));
  return results.every(({ isKept }) => isKept);
}
