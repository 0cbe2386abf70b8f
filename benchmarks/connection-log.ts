// What the servers' log of connections costs: `npx tsx benchmarks/connection-log.ts`. CPU time, user and system, of the line that tells of a
// connection's opening with the one of its end, and of one message counted; into a file, as `serve --log FILE` writes them.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openConnectionLog } from '../servers/connection-log.ts';

const connections = 50_000;
const messagesEach = 200;
/** Opened in one turn of the event loop. */
const atOnce = 100;

const directory = await mkdtemp(join(tmpdir(), 'freshet-log-'));
const settings = { log: 'connections', logFile: join(directory, 'log'), transport: 'websocket' } as const;
try {
  await measure('warm-up');
  await measure('measured');
} finally {
  await rm(directory, { recursive: true });
}

async function measure(what: string): Promise<void> {
  const opened = await openConnectionLog(settings, (problem) => process.stderr.write(`${problem}\n`));
  if (opened === null) throw new Error('the log is off');
  const { log, stop } = opened;
  let linesUs = 0;
  let countsUs = 0;
  for (let done = 0; done < connections; done += atOnce) {
    const wires = Array.from({ length: atOnce }, () => new PassThrough());
    linesUs += await cpuUsOf(() => {
      for (const wire of wires) {
        log.requested(wire);
        log.upgraded(wire);
      }
    });
    if (done < connections / 10)
      countsUs += await cpuUsOf(() => {
        for (const wire of wires) for (let sent = 0; sent < messagesEach; sent++) log.sent(wire);
      });
    linesUs += await cpuUsOf(() => {
      for (const wire of wires) log.closed(wire, 1006);
    });
    for (const wire of wires) wire.destroy();
    await Promise.all(wires.map((wire) => wire.closed || once(wire, 'close')));
  }
  stop();
  const perMessageNs = (countsUs * 1_000) / ((connections / 10) * messagesEach);
  process.stdout.write(
    `${what}: ${(linesUs / connections).toFixed(1)} µs a connection (two lines), ${perMessageNs.toFixed(0)} ns a message\n`,
  );
}

/** With the turn that writes what was said. */
async function cpuUsOf(work: () => void): Promise<number> {
  const before = process.cpuUsage();
  work();
  await nextTurn();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
