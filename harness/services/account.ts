// Who the services run as. Postgres refuses root, so a run of root's hands it to `nobody`,
// who needs every directory on the way to be traversable. An ordinary user needs none of this.
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const nobody: Account = { uid: 65534, gid: 65534 };

/** The account for processes that refuse root, or `null` when we are not root and they run as we do. */
export function unprivilegedAccount(): Account | null {
  return process.getuid?.() === 0 ? nobody : null;
}

/** True when a stranger may pass through `path` and all its parents. False for what does not exist. */
export async function isTraversable(path: string): Promise<boolean> {
  const executableByOthers = 0o001;
  for (let at = resolve(path); ; at = dirname(at)) {
    const mode = await stat(at).then(
      (found) => found.mode,
      () => 0,
    );
    if ((mode & executableByOthers) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
