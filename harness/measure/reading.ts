// One reading of every source at once, taken at the edges of the control and of the window, and at rest.

import { nowUs } from '../contract/clock.ts';
import type { SystemProcesses } from '../contract/target.ts';
import { cpuUs, familyRssBytes, listenOverflows, rssBytes, socketMemoryBytes } from '../services/processes.ts';
import { type PrometheusReading, readPrometheus, sumOf } from './prometheus.ts';
import type { StatementCounts, StatementReader } from './statements.ts';

export const systemParts = [
  'servers',
  'relay',
  'redis',
  'postgres',
  'nginx',
] as const satisfies readonly (keyof SystemProcesses)[];
export type SystemPart = (typeof systemParts)[number];

export interface CpuReading {
  readonly cpuAtUs: number;
  /** CPU time so far; `null` where it cannot be read. */
  readonly cpuUs: Readonly<Record<SystemPart, number | null>>;
  /** The same of each server node. */
  readonly serversUs: readonly (number | null)[];
}

export interface Reading {
  readonly statements: StatementCounts;
  /** Of the servers, then the relay. */
  readonly metrics: readonly PrometheusReading[];
  /**
   * Before and after the rest was read, which costs a server some ms: an interval lasts from the last reading's `after` to the
   * next one's `before`, or a short control would seem busier than a long window.
   */
  readonly cpu: { readonly before: CpuReading; readonly after: CpuReading };
  readonly rssBytes: number | null;
  readonly socketBytes: number | null;
  /** Of the machine, since it booted. */
  readonly listenOverflows: number | null;
}

export interface Sources {
  readonly statements: StatementReader;
  readonly metricsUrls: readonly string[];
  /** The certificate to trust where they are https. */
  readonly authority: string | null;
  readonly processes: SystemProcesses;
}

/** Reads everything; statements and CPU first, since they are set against time. */
export async function takeReading(sources: Sources): Promise<Reading> {
  const [statements, before] = await Promise.all([sources.statements.read(), readCpu(sources)]);
  const [metrics, memory, socketBytes] = await Promise.all([
    readMetrics(sources),
    sources.processes.servers.map(sources.processes.areFamilies === true ? familyRssBytes : rssBytes),
    socketMemoryBytes(),
  ]);
  const after = await readCpu(sources);
  const told = sources.processes.servers.length > 0 ? null : toldByServers(metrics);
  return {
    statements,
    metrics,
    cpu: told === null ? { before, after } : { before: withServers(before, told), after: withServers(after, told) },
    rssBytes: told === null ? addUp(memory) : told.rssBytes,
    socketBytes,
    listenOverflows: listenOverflows(),
  };
}

/** What a process that cannot be seen says of itself, by the usual names of Prometheus clients. */
function toldByServers(metrics: readonly PrometheusReading[]) {
  const sum = (name: string) => addUp(metrics.map((reading) => sumOf(reading, name)));
  return {
    atUs: nowUs(),
    cpuSeconds: sum('process_cpu_seconds_total'),
    rssBytes: sum('process_resident_memory_bytes'),
  };
}

function withServers(cpu: CpuReading, { atUs, cpuSeconds }: ReturnType<typeof toldByServers>): CpuReading {
  return { ...cpu, cpuAtUs: atUs, cpuUs: { ...cpu.cpuUs, servers: cpuSeconds === null ? null : cpuSeconds * 1e6 } };
}

/** /metrics of the servers, then the relay. */
export function readMetrics(sources: Sources): Promise<PrometheusReading[]> {
  return Promise.all(sources.metricsUrls.map((url) => readPrometheus(url, authorityFor(url, sources))));
}

/** The relay speaks in the clear even where the servers do not. */
function authorityFor(url: string, { authority }: Sources): string | null {
  return url.startsWith('https:') ? authority : null;
}

/** CPU ms a second of a part between two readings; `null` where it cannot be seen. */
export function cpuMsPerSecond(from: Reading, to: Reading, part: SystemPart): number | null {
  const [start, end] = [from.cpu.after, to.cpu.before];
  const [startUs, endUs] = [start.cpuUs[part], end.cpuUs[part]];
  return startUs === null || endUs === null ? null : ((endUs - startUs) / (end.cpuAtUs - start.cpuAtUs)) * 1_000;
}

/** CPU ms a second of each server node between two readings; `null` where one cannot be seen. */
export function serverCpuMsPerSecond(from: Reading, to: Reading): readonly number[] | null {
  const [start, end] = [from.cpu.after, to.cpu.before];
  const rates = end.serversUs.map((endUs, node) => {
    const startUs = start.serversUs[node] ?? null;
    return startUs === null || endUs === null ? null : ((endUs - startUs) / (end.cpuAtUs - start.cpuAtUs)) * 1_000;
  });
  return rates.every((rate) => rate !== null) ? rates : null;
}

type Where = Readonly<Record<string, string>>;

/** The sum over the servers (the relay too) of a counter with labels; 0 when none of them has counted any yet. */
export function sumOverServers(reading: Pick<Reading, 'metrics'>, name: string, where?: Where): number {
  return gaugeOverServers(reading, name, where) ?? 0;
}

/** The sum over those servers that have it of a gauge, or of a counter that begins with 0; `null` when none has. */
export function gaugeOverServers({ metrics }: Pick<Reading, 'metrics'>, name: string, where?: Where): number | null {
  const known = metrics.map((each) => sumOf(each, name, where)).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** CPU time so far, by part. */
export async function readCpu({ statements, processes }: Sources): Promise<CpuReading> {
  const rig = await statements.rigBackends();
  const read = (part: SystemPart) => {
    const options = part === 'postgres' ? { children: true, exclude: rig } : { children: isFamily(part, processes) };
    return addUp((processes[part] ?? []).map((pid) => cpuUs(pid, options)));
  };
  const byPart = Object.fromEntries(systemParts.map((part) => [part, read(part)])) as Record<SystemPart, number | null>;
  return { cpuAtUs: nowUs(), cpuUs: byPart, serversUs: processes.servers.map((pid) => cpuUs(pid)) };
}

/** Postgres and nginx are families of processes; the reference servers and Redis are single ones. */
function isFamily(part: SystemPart, { areFamilies = false }: SystemProcesses): boolean {
  return part === 'nginx' || (part === 'servers' && areFamilies);
}

/** The sum, or `null` when there is nothing or a part is missing. */
function addUp(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return values.length === 0 ? null : sum;
}
