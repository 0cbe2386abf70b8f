// `report`: draws a record anew, of this version or an older one.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FreshetError } from '../contract/errors.ts';
import { wrapDiskErrors } from '../record/disk-errors.ts';
import { readRecord } from '../record/store.ts';
import { printRun, renderRun } from './render.ts';

export interface ReportOptions {
  readonly out?: string;
  /** What the screen needs, in the place of what the run was asked; none keeps that. */
  readonly require: readonly string[];
}

/** Returns the exit code. */
export async function runReport(path: string, { out, require }: ReportOptions): Promise<number> {
  const measured = await readRecord(path);
  const record = require.length > 0 ? { ...measured, require: [...require] } : measured;
  if (record.trials.length === 0)
    throw new FreshetError('input', `${path} holds no finished trial; expected at least one to draw`);
  const directory = out ?? dirname(path);
  await wrapDiskErrors(directory, async () => {
    await mkdir(directory, { recursive: true });
    const paths = await renderRun(record, directory);
    printRun(record, { json: false, paths });
  });
  return 0;
}
