// Servers that lie to their WebSocket clients: versions that reach nobody, one that reaches the first client twice, and one that
// reaches it after its successor. Their own counters know nothing of it.
import { appendFileSync } from 'node:fs';
import { DashboardSocket } from '../../servers/dashboard-socket.ts';
import { messagePrefix } from '../../servers/protocol.ts';
import { lateVersion, twiceVersion, withheldEvery } from './deeds.ts';

const write = DashboardSocket.prototype.writeFrame;
/** A line for each frame that was withheld. */
const withheldFile = new URL('withheld', import.meta.url);
let first: DashboardSocket | null = null;
let heldBack: Buffer | null = null;

DashboardSocket.prototype.writeFrame = function lie(this: DashboardSocket, frame: Buffer): void {
  const version = versionOf(frame);
  if (version === null) write.call(this, frame);
  else if (version % withheldEvery === 0) appendFileSync(withheldFile, `${version}\n`);
  else send(this, version, frame);
};

function send(socket: DashboardSocket, version: number, frame: Buffer): void {
  first ??= socket;
  if (socket === first && version === lateVersion) {
    heldBack = frame;
    return;
  }
  write.call(socket, frame);
  if (socket !== first) return;
  if (version === twiceVersion) write.call(socket, frame);
  if (heldBack !== null) write.call(socket, heldBack);
  heldBack = null;
}

/** Of an update; `null` for everything else. */
function versionOf(frame: Buffer): number | null {
  const at = frame.indexOf(messagePrefix.update);
  return at === -1 ? null : Number.parseInt(frame.toString('latin1', at + messagePrefix.update.length), 10);
}

void import('../../servers/main.ts');
