// What a run can leave when it and its watchdog were killed together: a later run of the same user ends it.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runIdOfDead } from './owner.ts';
import { startWatchdog } from './watchdog.ts';

/** Does for every dead run under `root` what its own watchdog would have done. A few ms when there is none. */
export async function sweepDeadRuns(root: string): Promise<void> {
  const sweeping = readdirSync(root).flatMap((name) => {
    const runId = runIdOfDead(name);
    if (runId === null || !isOurs(join(root, name))) return [];
    const watchdog = startWatchdog(runId, join(root, name));
    watchdog.release();
    return watchdog.ended;
  });
  await Promise.all(sweeping);
}

/** Programs in it will be run, and everybody may write to the system's temporary directory: never touch a stranger's. */
function isOurs(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}
