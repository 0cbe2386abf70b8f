// Reads what this machine allows, and raises what may be raised. From proc(5): on Linux, elsewhere mostly `null`.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import type { Limits } from '../contract/limits.ts';

export function readLimits(): Limits {
  const [first, last] = numbers('/proc/sys/net/ipv4/ip_local_port_range');
  const reuse = number('/proc/sys/net/ipv4/tcp_tw_reuse');
  return {
    openFiles: openFiles().hard,
    outgoingPorts: first === undefined || last === undefined ? null : { first, last },
    hasManySources: process.platform === 'linux',
    reusesPorts: reuse === null ? null : reuse > 0,
    listenBacklog: number('/proc/sys/net/core/somaxconn'),
    trackedConnections: number('/proc/sys/net/netfilter/nf_conntrack_max'),
    cores: os.availableParallelism(),
    memoryAvailableBytes: memoryAvailableBytes(),
  };
}

/**
 * Lets this process and its later children have this many file descriptors, where the system permits it (prlimit(1), as root beyond the hard limit).
 * Returns what they may have now.
 */
export async function raiseOpenFiles(needed: number): Promise<number | null> {
  const { soft, hard } = openFiles();
  if (hard === null || soft === null || needed <= soft) return hard;
  const limit = `${needed}:${Math.max(needed, hard)}`;
  try {
    await promisify(execFile)('prlimit', ['--pid', String(process.pid), `--nofile=${limit}`]);
  } catch {
    // Not allowed, or no such program: the caller compares what it needs with what there is.
  }
  return openFiles().hard;
}

function openFiles(): { soft: number | null; hard: number | null } {
  const row = /^Max open files\s+(\w+)\s+(\w+)/m.exec(readText('/proc/self/limits') ?? '');
  const limit = (text: string | undefined) =>
    text === undefined ? null : text === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(text);
  return { soft: limit(row?.[1]), hard: limit(row?.[2]) };
}

/** What the kernel would hand out without swapping; elsewhere what is free. */
function memoryAvailableBytes(): number {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readText('/proc/meminfo') ?? '')?.[1];
  return kibibytes === undefined ? os.freemem() : Number(kibibytes) * 1024;
}

function number(path: string): number | null {
  return numbers(path)[0] ?? null;
}

function numbers(path: string): number[] {
  return (readText(path) ?? '').split(/\s+/).filter(Boolean).map(Number);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // Not on this system.
  }
}
