// What the kernel keeps for a peer that has not taken it yet: bytes written to open connections and not acknowledged (proc(5), net/tcp).
// In: the ports of ours, and the peer's address if only that counts. Out: bytes, or `null` where the system does not tell.
import { readFileSync } from 'node:fs';

export interface Queues {
  readonly ports: readonly number[];
  /** An IPv4 address; `null`: everyone's. */
  readonly peer: string | null;
}

const established = '01';
const listening = '0A';

export function unacknowledgedBytes(queues: Queues): number | null {
  try {
    return sumQueues(readFileSync('/proc/net/tcp', 'latin1'), queues);
  } catch {
    return null;
  }
}

/** Connections of these ports that a process of ours still has; those that only wait out their time belong to none. */
export function openConnections(ports: readonly number[]): number | null {
  try {
    const rows = rowsOf(readFileSync('/proc/net/tcp', 'latin1'), { ports, peer: null });
    return rows.filter(({ state, inode }) => state !== listening && inode !== '0').length;
  } catch {
    return null;
  }
}

/** The same from the text of /proc/net/tcp. */
export function sumQueues(text: string, queues: Queues): number {
  return rowsOf(text, queues)
    .filter(({ state }) => state === established)
    .reduce((sum, { unacknowledged }) => sum + unacknowledged, 0);
}

function rowsOf(text: string, { ports, peer }: Queues) {
  const ours = new Set(ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')));
  const theirs = peer === null ? '' : hexOf(peer);
  return text
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = '', remote = '']) => ours.has(local.slice(-4)) && remote.startsWith(theirs))
    .map(([, , , state = '', queue = '', , , , , inode = '']) => ({
      state,
      unacknowledged: Number.parseInt(queue, 16) || 0,
      inode,
    }));
}

/** As the kernel prints it: the octets of a little-endian word. */
function hexOf(address: string): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).toUpperCase().padStart(2, '0'));
  return octets.reverse().join('');
}
