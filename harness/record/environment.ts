// On what a run was measured: machine, system, limits, version of the code.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Limits } from '../contract/limits.ts';
import type { RunRecord } from '../contract/record.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

export async function describeEnvironment(limits: Limits): Promise<RunRecord['environment']> {
  const cpus = os.cpus();
  const { openFiles, outgoingPorts, listenBacklog } = limits;
  return {
    node: process.version,
    cpu: cpus[0]?.model.trim() || 'unknown',
    cores: Math.max(1, cpus.length),
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    git: await gitDescription(),
    limits: {
      openFiles,
      outgoingPorts: outgoingPorts === null ? null : `${outgoingPorts.first}–${outgoingPorts.last}`,
      listenBacklog,
    },
  };
}

/** The version in package.json. */
export async function freshetVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/** The commit, with `-dirty` when the tree was changed; `null` outside a checkout. */
async function gitDescription(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(
      'git',
      ['describe', '--always', '--dirty', '--abbrev=12', '--exclude', '*'],
      { cwd: repository },
    );
    return stdout.trim() || null;
  } catch {
    return null; // No git, or no checkout: the record says null.
  }
}
