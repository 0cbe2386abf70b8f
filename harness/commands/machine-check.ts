// What a machine's limits mean for a run, as rows of words. Pure; `doctor` reads the machine and prints.
import type { Limits } from '../contract/limits.ts';
import { formatBytes, formatDurationUs, formatNumber } from '../contract/units.ts';
import { otherDescriptors, usablePorts } from '../plan/capacity.ts';

/** `note`: it works, within a bound worth knowing. `lacking`: the main job cannot run. */
export interface MachineRow {
  readonly verdict: 'ok' | 'note' | 'lacking';
  readonly what: string;
  readonly says: string;
}

/** What was measured in a second of doing nothing. */
export interface Stillness {
  /** Share of all cores that was busy, 0 to 1; `null` when unknown. */
  readonly busyShare: number | null;
  /** The latest of the second's timers. */
  readonly timerLateUs: number;
  /** One reading of the clock. */
  readonly clockReadNs: number;
}

/** Server, swarm and kernel together, for the dearest transport (sse). */
const bytesPerClient = 30_000;
const defaultPool = 10;

export function describeLimits(limits: Limits): MachineRow[] {
  return [cores(limits), memory(limits), descriptors(limits), ports(limits), backlog(limits), tracking(limits)].flat();
}

function cores({ cores }: Limits): MachineRow {
  return cores < 4
    ? note('cores', `${cores}: swarm and servers share them; the canaries of every trial show what that costs`)
    : ok('cores', `${cores}`);
}

function memory({ memoryAvailableBytes }: Limits): MachineRow {
  const clients = Math.floor((0.7 * memoryAvailableBytes) / bytesPerClient / 1000) * 1000;
  const says = `${formatBytes(memoryAvailableBytes)} available, enough for some ${formatNumber(clients)} clients`;
  return memoryAvailableBytes < 1e9 ? note('memory', `${says}; 1 GB or more is comfortable`) : ok('memory', says);
}

function descriptors({ openFiles }: Limits): MachineRow {
  const what = 'file descriptors';
  if (openFiles === null) return note(what, 'not known on this system; see ulimit -n');
  if (openFiles > 2 ** 40) return ok(what, 'not limited');
  const clients = openFiles - otherDescriptors - defaultPool;
  const says = `${formatNumber(openFiles)} a process, so ${formatNumber(clients)} clients a server; +nodes=N multiplies that`;
  return clients >= 1_000
    ? ok(what, says)
    : note(
        what,
        `${says}; raise it with ulimit -n 65536 as root, or LimitNOFILE / --ulimit nofile of what started this shell`,
      );
}

function ports(limits: Limits): MachineRow {
  const what = 'outgoing ports';
  if (limits.outgoingPorts === null) return note(what, 'not known on this system; 16,000 clients a server are safe');
  const usable = formatNumber(usablePorts(limits.outgoingPorts));
  return limits.hasManySources
    ? ok(
        what,
        `${usable} clients a server from one address; beyond that each shard takes an address of its own, 127.0.1.1 and up`,
      )
    : note(what, `${usable} clients a server; +nodes=N multiplies that`);
}

function backlog({ listenBacklog }: Limits): MachineRow[] {
  if (listenBacklog === null) return [];
  const says = `${formatNumber(listenBacklog)} connections may wait to be accepted; of more at once, some wait a second for a retransmission`;
  return [
    listenBacklog >= 1_024
      ? ok('listen backlog', says)
      : note('listen backlog', `${says}; raise it with sysctl -w net.core.somaxconn=4096`),
  ];
}

function tracking({ trackedConnections }: Limits): MachineRow[] {
  if (trackedConnections === null) return [];
  const says = `${formatNumber(trackedConnections)} at most, where firewall rules track them (those of loopback too)`;
  return [
    trackedConnections >= 65_536
      ? ok('tracked connections', says)
      : note('tracked connections', `${says}; raise it with sysctl -w net.netfilter.nf_conntrack_max=262144`),
  ];
}

export function describeStillness({ busyShare, timerLateUs, clockReadNs }: Stillness): MachineRow[] {
  const clock = `${formatNumber(clockReadNs)} ns a reading`;
  const busy = busyShare === null ? 'not known how busy' : `${formatNumber(100 * busyShare)} % busy with other things`;
  const idle = `${busy}; timers up to ${formatDurationUs(timerLateUs)} late`;
  return [
    clockReadNs > 1_000
      ? note('clock', `${clock}: each message is stamped, so that is dear; is the clock source tsc?`)
      : ok('clock', clock),
    (busyShare ?? 0) > 0.15 || timerLateUs > 10_000
      ? note('idle', `${idle}; latencies will be noisy, so end what else runs, or repeat with --repeat`)
      : ok('idle', idle),
  ];
}

export function ok(what: string, says: string): MachineRow {
  return { verdict: 'ok', what, says };
}

export function note(what: string, says: string): MachineRow {
  return { verdict: 'note', what, says };
}

export function lacking(what: string, says: string): MachineRow {
  return { verdict: 'lacking', what, says };
}
