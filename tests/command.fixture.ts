// A command of ours as a user runs it, from its arguments to its exit code and its record.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunRecord, runRecord } from '../harness/contract/record.ts';

export interface Ended {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const mebibyte = 2 ** 20;

/** Runs `npm run <args>` without npm, in this tree and environment. Never throws: how it ended is the answer. */
export function runCommand(...args: readonly string[]): Promise<Ended> {
  const words = ['--import', 'tsx', 'harness/cli.ts', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: root, maxBuffer: 100 * mebibyte }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr });
    });
  });
}

/** The record of the run in this results folder that was the last to begin. Throws when there is none, or it is none. */
export function readRun(out: string): RunRecord {
  return runRecord.parse(JSON.parse(readFileSync(join(out, 'latest', 'run.json'), 'utf8')));
}
