// A network that can be taken away: a network namespace with one link to us, kept by a small process. When it and all that runs within
// have ended, the kernel removes namespace and link, so nothing is left behind, however the run ends. Needs CAP_NET_ADMIN, ip(8),
// unshare(1), nsenter(1).
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { type Child, startChild } from './child.ts';
import type { Guard } from './guard.ts';

const run = promisify(execFile);

export interface NetworkLink {
  /** Our address on the link, which servers listen on. */
  readonly host: string;
  /** The address within, as our sockets see their peers. */
  readonly peer: string;
  /** Words that, before a command, run it within. */
  readonly within: readonly string[];
  /** Takes the link down within: what either side sends from now on goes nowhere, and nobody is told. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

const inside = 'laptops';
const insideMac = '02:00:00:00:00:02';
let opened = 0;

/** Opens one. Throws `environment` where that is not allowed. */
export async function openNetworkLink(guard: Guard): Promise<NetworkLink> {
  opened += 1;
  let keeper: Child | null = null;
  try {
    keeper = await startChild({
      guard,
      name: 'network namespace',
      command: 'unshare',
      // It lives until its stdin ends.
      args: ['--net', '--', 'sh', '-c', 'echo "{}"; exec cat'],
      readyLine: true,
    });
    return await linkTo(keeper, guard.runId);
  } catch (error) {
    await keeper?.stop(0);
    throw new FreshetError(
      'environment',
      `a network namespace could not be made (${messageOf(error)}); expected CAP_NET_ADMIN (root) and the programs unshare, nsenter and ip; or use --set vanish-by=freeze`,
      { cause: error },
    );
  }
}

async function linkTo(keeper: Child, runId: string): Promise<NetworkLink> {
  const outside = `f${runId}${opened % 10}`;
  const [host, peer] = addressesOf(runId, opened);
  const within = ['nsenter', `--net=/proc/${keeper.pid}/ns/net`];
  const ip = (...args: string[]) => run('ip', args);
  const ipWithin = (...args: string[]) => run('nsenter', [...within.slice(1), 'ip', ...args]);
  const pair = ['type', 'veth', 'peer', 'name', inside, 'address', insideMac, 'netns', String(keeper.pid)];
  await ip('link', 'add', outside, ...pair);
  await ip('addr', 'add', `${host}/30`, 'dev', outside);
  await ip('link', 'set', outside, 'up');
  await ipWithin('link', 'set', 'lo', 'up');
  await ipWithin('addr', 'add', `${peer}/30`, 'dev', inside);
  await ipWithin('link', 'set', inside, 'up');
  // Connections whose process has ended would keep the namespace for minutes, trying to tell the other side.
  await run('nsenter', [...within.slice(1), 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/tcp_orphan_retries']);
  // Or the kernel would find by ARP that nobody is there, and tell our sockets: on a real network that is not our neighbour's affair.
  await ip('neigh', 'replace', peer, 'lladdr', insideMac, 'dev', outside, 'nud', 'permanent');
  return {
    host,
    peer,
    within,
    async cut() {
      await ipWithin('link', 'set', inside, 'down');
    },
    async close() {
      await ip('link', 'del', outside);
      await keeper.stop(0);
    },
  };
}

/** Two neighbours in 198.18.0.0/15, which is kept for measurements (RFC 2544). */
function addressesOf(runId: string, turn: number): [host: string, peer: string] {
  const network = (Number.parseInt(runId.slice(0, 8), 16) + turn) % 2 ** 15;
  const address = (last: number) => {
    const low = network * 4 + last;
    return `198.${18 + (low >> 16)}.${(low >> 8) & 255}.${low & 255}`;
  };
  return [address(1), address(2)];
}
