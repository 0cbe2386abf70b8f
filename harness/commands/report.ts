// `report`: draws a record anew, of this version or an older one.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { readRecord } from '../record/store.ts';
import { printRun, renderRun } from './render.ts';

/** Returns the exit code. */
export async function runReport(path: string, out: string | undefined): Promise<number> {
  const record = await readRecord(path);
  if (record.trials.length === 0)
    throw new FreshetError('input', `${path} holds no finished trial; expected at least one to draw`);
  const directory = out ?? dirname(path);
  try {
    await mkdir(directory, { recursive: true });
    const paths = await renderRun(record, directory);
    printRun(record, { json: false, paths });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new FreshetError(
      'environment',
      `cannot write to ${directory}: ${messageOf(error)}; expected a directory with room in it; choose another with --out`,
    );
  }
  return 0;
}
