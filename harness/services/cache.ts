// Where programs are kept between runs that would take long to get again. The only thing a run leaves behind, and on purpose.
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isTraversable, unprivilegedAccount } from './account.ts';

/** `$XDG_CACHE_HOME/freshet` or `~/.cache/freshet`. Root's home is closed to the services' account; then `/var/cache/freshet`. */
export async function findCacheDirectory(): Promise<string> {
  const configured = process.env.XDG_CACHE_HOME ?? '';
  const preferred = join(configured === '' ? join(homedir(), '.cache') : configured, 'freshet');
  await mkdir(preferred, { recursive: true });
  if (unprivilegedAccount() === null || (await isTraversable(preferred))) return preferred;
  const shared = '/var/cache/freshet';
  await mkdir(shared, { recursive: true, mode: 0o755 });
  return shared;
}
