// Where programs are kept between runs that would take long to get again. The only thing a run leaves behind, and on purpose.
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isTraversable } from './account.ts';

/** `$XDG_CACHE_HOME/freshet` or `~/.cache/freshet`. */
export async function findCacheDirectory(): Promise<string> {
  const configured = process.env.XDG_CACHE_HOME ?? '';
  return makeDirectory(join(configured === '' ? join(homedir(), '.cache') : configured, 'freshet'));
}

/** The same where other accounts can get at it, otherwise `/var/cache/freshet`. For root, whose home is closed to others. */
export async function findSharedCacheDirectory(): Promise<string> {
  const preferred = await findCacheDirectory();
  return (await isTraversable(preferred)) ? preferred : makeDirectory('/var/cache/freshet');
}

async function makeDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return path;
}
