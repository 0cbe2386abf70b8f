// The only writer of run records: `results/<time>-<scenario>/run.json`, whole and valid after every trial, and `results/latest`.
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { type RunRecord, runRecord } from '../contract/record.ts';
import { wrapDiskErrors } from './disk-errors.ts';

export interface RecordStore {
  readonly directory: string;
  /** Replaces run.json by this record, or leaves the last one whole. Throws `environment` when it cannot be written. */
  write(record: RunRecord): Promise<string>;
}

/** Makes the run's directory, before anything is measured. Throws `environment` when that is not possible. */
export async function openStore(options: {
  root: string;
  startedAt: Date;
  scenario: string;
  /** Called once when `latest` cannot be had: a convenience, which stops no run. */
  warn: (line: string) => void;
}): Promise<RecordStore> {
  const time = options.startedAt.toISOString().slice(0, 19).replaceAll(':', '-');
  const directory = await makeDirectory(options.root, `${time}-${options.scenario}`);
  let isWarned = false;
  return {
    directory,
    async write(record) {
      const path = join(directory, 'run.json');
      await wrapDiskErrors(directory, async () => {
        await writeFile(`${path}.part`, `${JSON.stringify(runRecord.parse(record), null, 2)}\n`);
        await rename(`${path}.part`, path);
      });
      const problem = await pointLatest(options.root, directory);
      if (problem !== null && !isWarned) options.warn(problem);
      isWarned ||= problem !== null;
      return path;
    },
  };
}

/** Reads a record of any past run. Throws `input` when it is none. */
export async function readRecord(path: string): Promise<RunRecord> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new FreshetError(
      'input',
      `cannot read ${path}: ${messageOf(error)}; expected the run.json of a run; such as results/latest/run.json`,
    );
  }
  const parsed = runRecord.safeParse(parseJson(path, text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new FreshetError(
    'input',
    `${path} is no run record: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}; expected schema freshet.run/1`,
  );
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FreshetError('input', `${path} is not JSON: ${messageOf(error)}; expected the run.json of a run`);
  }
}

/** Two runs within one second each get a directory of their own. */
async function makeDirectory(root: string, name: string): Promise<string> {
  await wrapDiskErrors(root, () => mkdir(root, { recursive: true }));
  for (let attempt = 1; ; attempt++) {
    const directory = join(root, attempt === 1 ? name : `${name}-${attempt}`);
    try {
      await mkdir(directory);
      return directory;
    } catch (error) {
      const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!exists || attempt === 100) await wrapDiskErrors(directory, () => Promise.reject(error));
    }
  }
}

/** Returns what went wrong, in a line. */
async function pointLatest(root: string, directory: string): Promise<string | null> {
  const link = join(root, 'latest');
  const fresh = `${link}.${process.pid}`;
  try {
    await rm(fresh, { force: true });
    await symlink(basename(directory), fresh);
    await rename(fresh, link);
    return null;
  } catch (error) {
    await rm(fresh, { force: true });
    return `${link} cannot be pointed at this run: ${messageOf(error)}; expected a link or nothing there; the run is in ${directory}`;
  }
}
