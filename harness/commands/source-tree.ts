// A git ref or a directory → the root of a source tree whose servers can be bundled, with the packages they need.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FreshetError, messageOf } from '../contract/errors.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceTree {
  readonly root: string;
  /** Its commit where it came from git; `null` for a directory. */
  readonly git: string | null;
}

/** What of a version is needed: servers import nothing else. */
const needed = ['servers', 'package.json', 'package-lock.json'];

/** The flag and its value, as `--baseline main`. Throws `input` when it is neither; a ref is unpacked into `directory`. */
export async function openSourceTree(flag: string, text: string, directory: string): Promise<SourceTree> {
  if (text !== '' && existsSync(join(text, 'servers/main.ts'))) return { root: resolve(text), git: null };
  const git = await commitOf(text);
  if (git === null)
    throw new FreshetError(
      'input',
      `${flag} is '${text}'; expected a git ref, such as main, or a directory with servers/main.ts (a shallow clone lacks refs: fetch them)`,
    );
  const root = join(directory, flag.replace('--', ''));
  await mkdir(root);
  try {
    await run('git', ['archive', '--output', `${root}.tar`, git, ...needed], { cwd: repository });
    await run('tar', ['-xf', `${root}.tar`, '-C', root]);
  } catch (error) {
    throw new FreshetError('environment', `cannot unpack ${text}: ${messageOf(error)}; expected git and tar`);
  }
  await install(root, text);
  return { root, git: git.slice(0, 12) };
}

async function commitOf(ref: string): Promise<string | null> {
  if (ref === '' || ref.startsWith('-')) return null;
  try {
    const { stdout } = await run('git', ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { cwd: repository });
    return stdout.trim();
  } catch {
    return null; // No such ref, no git, or no checkout: the caller says what was expected.
  }
}

/** Our own packages where the version wants the same, else its own from the registry. */
async function install(root: string, name: string): Promise<void> {
  if ((await productionPackages(root)) === (await productionPackages(repository))) {
    await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));
    return;
  }
  try {
    await run('npm', ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: root,
    });
  } catch (error) {
    throw new FreshetError(
      'environment',
      `cannot install the packages of ${name}: ${messageOf(error)}; expected npm ci to work; pass a directory where it was done`,
    );
  }
}

async function productionPackages(root: string): Promise<string> {
  const lock: unknown = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const packages = (lock as { packages?: Record<string, { dev?: boolean; optional?: boolean; version?: string }> })
    .packages;
  return Object.entries(packages ?? {})
    .filter(([path, { dev, optional }]) => path !== '' && dev !== true && optional !== true)
    .map(([path, { version }]) => `${path} ${version}`)
    .join('\n');
}
