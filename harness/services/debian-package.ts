// A program of a Debian package for a user who may not install it: fetched with apt's own state kept aside, unpacked without
// root into the cache, run with its libraries beside it. About 12 s the first time, then nothing.
import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { findCacheDirectory } from './cache.ts';
import { describeExit, startChild } from './child.ts';
import type { Guard } from './guard.ts';

/** A program, and what it needs in its environment to run from where it lies. */
export interface Program {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

interface PackageOptions {
  readonly guard: Guard;
  readonly package: string;
  /** A file of its usr/bin or usr/sbin. */
  readonly program: string;
  /** What makes it exit with 0; `--version` by default. */
  readonly versionFlag?: string;
  readonly progress?: ((what: string) => void) | undefined;
}

/** The program, ready to start. Throws `environment` with the step that failed. */
export async function unpackDebianPackage(options: PackageOptions): Promise<Program> {
  const cached = join(await findCacheDirectory(), `${options.package}-${await describeDistribution()}`);
  const kept = await findWorking(cached, options);
  if (kept !== null) return kept;
  options.progress?.(`fetching Debian's ${options.package} into ${cached}, once`);
  const aside = `${cached}.${randomBytes(4).toString('hex')}`;
  options.guard.addDirectory(aside);
  try {
    await fetchAndUnpack(aside, options);
    return await moveIntoPlace(join(aside, 'root'), cached, options);
  } catch (error) {
    throw new FreshetError('environment', `Debian's package could not be unpacked privately (${messageOf(error)})`, {
      cause: error,
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** The libraries a host already has are not fetched, so what is kept fits one release of one distribution only. */
async function describeDistribution(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}="?([\\w.-]+)"?$`, 'm').exec(release)?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}-${process.arch}`;
}

async function fetchAndUnpack(aside: string, options: PackageOptions): Promise<void> {
  const { guard } = options;
  const folder = (name: string) => join(aside, name);
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'packages', 'root']) {
    await mkdir(folder(name), { recursive: true });
  }
  await writeFile(folder('status'), await readHostStatus(options.package));
  const settings = [
    `Dir::State=${folder('state')}`,
    `Dir::Cache=${folder('cache')}`,
    `Dir::State::status=${folder('status')}`,
    `APT::Sandbox::User=${userInfo().username}`,
    'Acquire::Retries=1',
    'Acquire::http::Timeout=10',
    'Acquire::https::Timeout=10',
    // Translations and file indexes are most of the download.
    'Acquire::Languages=none',
  ];
  const apt = (...args: string[]) =>
    runCommand({
      guard,
      command: 'apt-get',
      args: [...settings.flatMap((s) => ['-o', s]), ...args],
      cwd: folder('packages'),
    });
  const said = await apt('update');
  // It calls that a success when no archive could be reached.
  if (!(await readdir(folder('state/lists'))).some((name) => name.includes('Packages'))) {
    throw new FreshetError(
      'environment',
      `apt-get update fetched nothing: ${said.filter((line) => /^[WE]:/.test(line)).at(-1) ?? 'it knows no archive'}`,
    );
  }
  const plan = await apt('--simulate', '--no-install-recommends', 'install', options.package);
  const missing = plan.flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? []);
  if (missing.length === 0)
    throw new FreshetError('environment', `apt-get has nothing to install for ${options.package}`);
  await apt('download', ...missing);
  for (const file of await readdir(folder('packages'))) {
    await runCommand({
      guard,
      command: 'dpkg',
      args: ['-x', join(folder('packages'), file), folder('root')],
      cwd: aside,
    });
  }
}

/** What the host has, which need not be fetched; but for the package itself and its siblings: installed, they are out of reach. */
async function readHostStatus(name: string): Promise<string> {
  const status = await readFile('/var/lib/dpkg/status', 'utf8');
  const field = (stanza: string, key: string) => new RegExp(`^${key}: (\\S+)`, 'm').exec(stanza)?.[1];
  const sourceOf = (stanza: string) => field(stanza, 'Source') ?? field(stanza, 'Package');
  const stanzas = status.split(/\n\n+/);
  const installed = stanzas.find((stanza) => field(stanza, 'Package') === name);
  if (installed === undefined) return status;
  return `${stanzas.filter((stanza) => sourceOf(stanza) !== sourceOf(installed)).join('\n\n')}\n`;
}

/** Renamed in one step, so that two runs at once never see half of it; the slower one throws its own away. */
async function moveIntoPlace(root: string, cached: string, options: PackageOptions): Promise<Program> {
  if ((await findWorking(root, options)) === null) {
    throw new FreshetError('environment', `the unpacked ${options.program} does not run`);
  }
  try {
    await rename(root, cached);
  } catch {
    const others = await findWorking(cached, options);
    if (others !== null) return others;
    // Something is there that does not work, such as one whose libraries an upgrade of the host took away.
    await rm(cached, { recursive: true, force: true });
    await rename(root, cached);
  }
  const program = await findWorking(cached, options);
  if (program === null) throw new FreshetError('environment', `${options.program} does not run from ${cached}`);
  return program;
}

/** The program under `root`, if it is there and runs. */
async function findWorking(root: string, options: PackageOptions): Promise<Program | null> {
  const { versionFlag = '--version' } = options;
  const env = { LD_LIBRARY_PATH: (await findLibraries(root)).join(':') };
  for (const directory of ['usr/bin', 'usr/sbin']) {
    const command = join(root, directory, options.program);
    if (!(await access(command).then(yes, no))) continue;
    const works = await runCommand({ guard: options.guard, command, args: [versionFlag], cwd: root, env }).then(
      yes,
      no,
    );
    if (works) return { command, env };
  }
  return null;
}

const yes = () => true;
const no = () => false;

/** usr/lib/x86_64-linux-gnu and the like. */
async function findLibraries(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const parent of ['usr/lib', 'lib']) {
    const names = await readdir(join(root, parent)).catch(() => []);
    for (const name of names) if (name.includes('-linux-')) found.push(join(root, parent, name));
  }
  return found;
}

interface CommandOptions {
  readonly guard: Guard;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Its lines on stdout, and after them those on stderr. Throws `environment` with its last words when it fails. */
async function runCommand(options: CommandOptions): Promise<string[]> {
  const env = { LC_ALL: 'C', ...options.env };
  const child = await startChild({ ...options, env, name: options.command });
  const lines: string[] = [];
  child.onLine((line) => lines.push(line));
  child.stdin.end();
  const exit = await child.closed;
  const words = child.stderrTail().trim().split('\n');
  if (exit.code === 0) return [...lines, ...words];
  throw new FreshetError('environment', `${options.command} ended with ${describeExit(exit)}: ${words.at(-1)}`);
}
