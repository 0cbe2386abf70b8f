// What `bench:broadcast` reads of the kernel: CPU time by part, calls that write, memory. `null` is what cannot be seen here.
import { readFileSync } from 'node:fs';
import { nowUs } from '../../harness/contract/clock.ts';
import type { SystemProcesses } from '../../harness/contract/target.ts';
import { type SystemPart, systemParts } from '../../harness/measure/reading.ts';
import type { StatementReader } from '../../harness/measure/statements.ts';
import { cpuUs, rssBytes, socketMemoryBytes } from '../../harness/services/processes.ts';

export interface Sources {
  readonly processes: SystemProcesses;
  readonly statements: StatementReader;
}

export interface Used {
  readonly atUs: number;
  /** CPU time so far, user and system, in µs. */
  readonly cpuUs: Readonly<Record<SystemPart, number | null>>;
  /** write(2) and writev(2) of the servers so far; libuv uses nothing else for TCP. */
  readonly writes: number | null;
}

export async function readUsed({ processes, statements }: Sources): Promise<Used> {
  const exclude = await statements.rigBackends();
  const read = (part: SystemPart) =>
    sum((processes[part] ?? []).map((pid) => cpuUs(pid, part === 'postgres' ? { children: true, exclude } : {})));
  const parts = Object.fromEntries(systemParts.map((part) => [part, read(part)])) as Used['cpuUs'];
  return { atUs: nowUs(), cpuUs: parts, writes: sum(processes.servers.map(writesOf)) };
}

export interface Memory {
  /** Resident memory of the servers, in bytes. */
  readonly rss: number | null;
  /** Kernel memory of the whole machine's sockets, both ends, in bytes: buffers, and slabs with whatever else lies there. */
  readonly kernel: number | null;
}

export function readMemory({ processes }: Sources): Memory {
  return { rss: sum(processes.servers.map(rssBytes)), kernel: sum([socketMemoryBytes(), slabBytes()]) };
}

function slabBytes(): number | null {
  const kibibytes = /^Slab:\s+(\d+) kB$/m.exec(readProc('/proc/meminfo') ?? '')?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

function writesOf(pid: number): number | null {
  const count = /^syscw: (\d+)$/m.exec(readProc(`/proc/${pid}/io`) ?? '')?.[1];
  return count === undefined ? null : Number(count);
}

/** `null` when there is nothing or a part is missing. */
function sum(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // Not Linux, or not ours to see.
  }
}
