// `report`: draws records anew, of this version or an older one; several stand on one page.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FreshetError } from '../contract/errors.ts';
import type { RunRecord } from '../contract/record.ts';
import { wrapDiskErrors } from '../record/disk-errors.ts';
import { readRecord } from '../record/store.ts';
import { printRun, renderRuns } from './render.ts';

export interface ReportOptions {
  readonly out?: string;
  /** What the screen needs, in the place of what the run was asked; none keeps that. */
  readonly require: readonly string[];
}

/** Draws records on one page, beside the first unless told where; returns the exit code. */
export async function runReport(
  [first, ...others]: readonly [string, ...string[]],
  { out, require }: ReportOptions,
): Promise<number> {
  const records: [RunRecord, ...RunRecord[]] = [await readWhole(first, require)];
  for (const path of others) records.push(await readWhole(path, require));
  const directory = out ?? dirname(first);
  await wrapDiskErrors(directory, async () => {
    await mkdir(directory, { recursive: true });
    const paths = await renderRuns(records, directory);
    const last = records.length - 1;
    for (const [index, record] of records.entries())
      printRun(record, { json: false, paths: index === last ? paths : [] });
  });
  return 0;
}

async function readWhole(path: string, require: readonly string[]): Promise<RunRecord> {
  const measured = await readRecord(path);
  if (measured.trials.length === 0)
    throw new FreshetError('input', `${path} holds no finished trial; expected at least one to draw`);
  return require.length > 0 ? { ...measured, require: [...require] } : measured;
}
