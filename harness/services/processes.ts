// What the kernel says of a process: CPU time, resident memory; and of all sockets together. From proc(5), so on Linux only:
// elsewhere, and for a process that is gone, the answer is `null`, never 0.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';

export interface CpuOptions {
  /** Add all its descendants, those that have ended included. */
  readonly children?: boolean;
  /**
   * Descendants that do not count, such as the samplers' Postgres backends, by the pids they know themselves by: in a container those are
   * others than ours. They must live at both ends of the measurement.
   */
  readonly exclude?: ReadonlySet<number>;
}

/** proc(5) counts in ticks of 10 ms on every platform that Node runs on (USER_HZ is 100). */
const tickUs = 10_000;
const consistentReads = 5;

/**
 * CPU time (user and system) of a process since its start, in µs; the difference of two readings is what it used between them.
 *
 * With `children`, a descendant that ends in between moves from its own account to that of the parent that waits for it
 * (cutime), so nothing is lost or counted twice; that account is rounded down to 10 ms, so two readings close together
 * may differ by a few ms less than nothing.
 */
export function cpuUs(pid: number, options: CpuOptions = {}): number | null {
  const stat = readStat(pid);
  if (stat === null) return null;
  if (options.children !== true) return ownCpuUs(pid, stat);
  // A child that is reaped between two of our reads would be on both accounts or on none: read again.
  let total: number | null = null;
  let reapedUs = stat.reapedUs;
  for (let attempt = 0; attempt < consistentReads; attempt++) {
    total = treeCpuUs(pid, options.exclude ?? new Set());
    const reapedNowUs = readStat(pid)?.reapedUs;
    if (reapedNowUs === undefined || reapedNowUs === reapedUs) break;
    reapedUs = reapedNowUs;
  }
  return total;
}

/** The pid by which a process knows itself: in a container another than ours. `null` when it is gone, or none of our system's. */
export function namespacedPid(pid: number): number | null {
  const pids = /^NSpid:\s+(.+)$/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1];
  return pids === undefined ? null : Number(pids.split(/\s+/).at(-1));
}

/** Whether it runs: one that has ended and waits to be reaped, which may be for ever, does not. */
export function isRunning(pid: number): boolean {
  const text = readText(`/proc/${pid}/stat`);
  if (text !== null) return !/\) [ZX]/.test(text.slice(text.lastIndexOf(')')));
  if (existsSync('/proc/self/stat')) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The process and all its descendants. */
export function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)];
}

/** Resident memory of a process and all its descendants, in bytes; what they share is counted for each. */
export function familyRssBytes(pid: number): number | null {
  const own = rssBytes(pid);
  if (own === null) return null;
  const descendants = familyOf(pid).slice(1);
  return descendants.reduce((sum, each) => sum + (rssBytes(each) ?? 0), own);
}

/** Resident memory in bytes. */
export function rssBytes(pid: number): number | null {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

/**
 * Kernel memory of all TCP sockets of the machine, in bytes. Each core may hold back up to 1 MB of it before it shows,
 * so it tells something of thousands of sockets and nothing of ten.
 */
export function socketMemoryBytes(): number | null {
  const pages = /^TCP:.* mem (\d+)$/m.exec(readText('/proc/net/sockstat') ?? '')?.[1];
  const pageBytes = readPageBytes();
  return pages === undefined || pageBytes === null ? null : Number(pages) * pageBytes;
}

/** Connections of the whole machine that found a server's queue full, since it booted (TcpExt ListenOverflows). */
export function listenOverflows(): number | null {
  const [names = '', values = ''] = (readText('/proc/net/netstat') ?? '')
    .split('\n')
    .filter((row) => row.startsWith('TcpExt:'));
  const place = names.split(' ').indexOf('ListenOverflows');
  return place < 1 ? null : Number(values.split(' ')[place]);
}

function treeCpuUs(pid: number, exclude: ReadonlySet<number>): number | null {
  const stat = readStat(pid);
  if (stat === null) return null;
  let totalUs = ownCpuUs(pid, stat) + stat.reapedUs;
  for (const child of childrenOf(pid)) {
    if (exclude.size === 0 || !exclude.has(namespacedPid(child) ?? child)) totalUs += treeCpuUs(child, exclude) ?? 0;
  }
  return totalUs;
}

/** The scheduler's account is exact to the nanosecond but forgets threads that ended; the ticks are coarse but keep them. */
function ownCpuUs(pid: number, stat: Stat): number {
  let scheduledNs = 0;
  for (const task of listNames(`/proc/${pid}/task`)) {
    scheduledNs += Number(readText(`/proc/${pid}/task/${task}/schedstat`)?.split(' ')[0] ?? 0);
  }
  return Math.max(Math.round(scheduledNs / 1_000), stat.ownUs);
}

interface Stat {
  readonly parent: number;
  readonly ownUs: number;
  /** Of descendants that ended and were waited for. */
  readonly reapedUs: number;
}

function readStat(pid: number): Stat | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The second field is a name in brackets that may hold spaces and brackets; the third follows the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return { parent: field(4), ownUs: (field(14) + field(15)) * tickUs, reapedUs: (field(16) + field(17)) * tickUs };
}

/** Its children; none where the kernel does not tell. */
export function childrenOf(pid: number): number[] {
  const lists = listNames(`/proc/${pid}/task`).map((task) => readText(`/proc/${pid}/task/${task}/children`));
  // Kernels without CONFIG_PROC_CHILDREN have no such file.
  if (lists.every((list) => list === null)) return scanForChildren(pid);
  return lists.flatMap((list) => (list ?? '').split(' ').filter((word) => word !== '')).map(Number);
}

function scanForChildren(parent: number): number[] {
  const pids = listNames('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => readStat(pid)?.parent === parent);
}

/** AT_PAGESZ of the auxiliary vector (getauxval(3)): pairs of machine words. */
function readPageBytes(): number | null {
  const pageSizeEntry = 6n;
  const wordBytes = 8;
  let vector: Buffer;
  try {
    vector = readFileSync('/proc/self/auxv');
  } catch {
    return null;
  }
  const word = (at: number) => (endianness() === 'LE' ? vector.readBigUInt64LE(at) : vector.readBigUInt64BE(at));
  for (let at = 0; at + 2 * wordBytes <= vector.length; at += 2 * wordBytes) {
    if (word(at) === pageSizeEntry) return Number(word(at + wordBytes));
  }
  return null;
}

/** `null` when there is no such file (any more), which is the answer and no failure. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function listNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
