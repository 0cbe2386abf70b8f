// The only writer of run records: `results/<time>-<scenario>/run.json`, whole and valid after every trial, and `results/latest`.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { type RunRecord, runRecord } from '../contract/record.ts';
import { wrapDiskErrors } from './disk-errors.ts';

export interface RecordStore {
  readonly directory: string;
  /** Where files are written before they are renamed into their place: the only thing that a kill may leave half. Absolute. */
  readonly scratch: string;
  /** Replaces run.json by this record, or leaves the last one whole. Throws `environment` when it cannot be written. */
  write(record: RunRecord): Promise<string>;
  /** For when that failed: a file in the system's temporary directory, or `null` when there is no room either. */
  writeElsewhere(record: RunRecord): Promise<string | null>;
  /** Keeps a file beside the record, in place of an earlier one of the name. Throws `environment` when it cannot be written. */
  keep(name: string, text: string): Promise<void>;
  /** Takes back a directory in which nothing was measured. */
  discard(): Promise<void>;
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
  const path = join(directory, 'run.json');
  const scratch = resolve(directory, '.part');
  const kept = new Set<string>();
  let isWarned = false;
  return {
    directory,
    scratch,
    async write(record) {
      await wrapDiskErrors(directory, async () => {
        // Makes the directory anew if someone removed it: what was measured comes first.
        await mkdir(scratch, { recursive: true });
        await writeFile(join(scratch, 'run.json'), textOf(record));
        await rename(join(scratch, 'run.json'), path);
      });
      // Who looks there looks for figures.
      const problem = record.trials.length === 0 ? null : await pointLatest({ root: options.root, directory, scratch });
      if (problem !== null && !isWarned) options.warn(problem);
      isWarned ||= problem !== null;
      return path;
    },
    async writeElsewhere(record) {
      const elsewhere = join(tmpdir(), `${record.id}-${randomUUID().slice(0, 8)}.run.json`);
      try {
        await writeFile(elsewhere, textOf(record), { flag: 'wx' });
        return elsewhere;
      } catch {
        await rm(elsewhere, { force: true });
        return null;
      }
    },
    async keep(name, text) {
      kept.add(name);
      await wrapDiskErrors(directory, () => writeFile(join(directory, name), text));
    },
    async discard() {
      for (const name of kept) await rm(join(directory, name), { force: true });
      await rm(scratch, { recursive: true, force: true });
      await rm(path, { force: true });
      // Unless it is gone, or someone has put something there.
      await rmdir(directory).catch(() => {});
    },
  };
}

function textOf(record: RunRecord): string {
  return `${JSON.stringify(runRecord.parse(record), null, 2)}\n`;
}

/** Reads a record of any past run. Throws `input` when it is none. */
export async function readRecord(path: string): Promise<RunRecord> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new FreshetError(
      'input',
      `cannot read ${path}: ${messageOf(error)}; expected the run.json of a run, such as results/latest/run.json`,
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

/** In one step, so that of two runs at once the later one's stays and nobody ever finds none. Returns what went wrong, in a line. */
async function pointLatest(place: { root: string; directory: string; scratch: string }): Promise<string | null> {
  const link = join(place.root, 'latest');
  const fresh = join(place.scratch, 'latest');
  try {
    await rm(fresh, { force: true });
    await symlink(basename(place.directory), fresh);
    await rename(fresh, link);
    return null;
  } catch (error) {
    await rm(fresh, { force: true });
    return `${link} cannot be pointed at this run: ${messageOf(error)}; expected a link or nothing there; the run is in ${place.directory}`;
  }
}
