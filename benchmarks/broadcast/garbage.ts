// Has a server collect its garbage, so that its resident memory tells what its connections hold. Node opens its inspector on SIGUSR1
// (https://nodejs.org/api/process.html#signal-events), so the server is started exactly as for a trial.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { sleepUs } from '../../harness/contract/clock.ts';
import { FreshetError } from '../../harness/contract/errors.ts';
import type { Child } from '../../harness/services/child.ts';

/** For the environment of the servers: several listen at once, and the default port may be taken. */
export const inspectorOptions = '--inspect-port=0';

const patienceMs = 10_000;
const lookEveryMs = 20;

/** Resolves when it is done. Throws `environment` when the server has no inspector. */
export async function collectGarbage(server: Child): Promise<void> {
  const socket = new WebSocket(await inspectorOf(server));
  await once(socket, 'open');
  // Twice: the first frees what only finalisers still held.
  for (const id of [1, 2]) {
    socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    await once(socket, 'message');
  }
  socket.close();
  await once(socket, 'close');
}

async function inspectorOf(server: Child): Promise<string> {
  process.kill(server.pid, 'SIGUSR1');
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookEveryMs) {
    const url = /Debugger listening on (ws:\S+)/.exec(server.stderrTail())?.[1];
    if (url !== undefined) return url;
    await sleepUs(lookEveryMs * 1000);
  }
  throw new FreshetError(
    'environment',
    `${server.name} opened no inspector within ${patienceMs / 1000} s; expected "Debugger listening on" on its stderr; run it on Node 20 or newer`,
  );
}
