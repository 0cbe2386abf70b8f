// A fault, as data: what is done to the system, when, and for how long.
import type { RollingPlan } from './rolling.ts';
import { type ServiceFaultKind, serviceFaults } from './service-fault.ts';

const serverFaultKinds = ['kill', 'cut', 'drain', 'stall', 'half-open', 'rolling'] as const;
export const faultKinds = [...serverFaultKinds, ...(Object.keys(serviceFaults) as ServiceFaultKind[])] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What each does, in words. */
export const faultMeanings: Readonly<Record<FaultKind, string>> = {
  kill: 'server killed',
  cut: 'all connections reset',
  drain: 'server drained and restarted',
  stall: 'server stopped, then continued',
  'half-open': 'all clients vanished without a FIN',
  rolling: 'servers restarted one after another',
  'redis-kill': serviceFaults['redis-kill'].meaning,
  'postgres-fast': serviceFaults['postgres-fast'].meaning,
  'postgres-immediate': serviceFaults['postgres-immediate'].meaning,
};

export interface FaultPlan {
  readonly kind: FaultKind;
  /** After the window's start. */
  readonly atUs: number;
  /** How long the server or the service is away, for those faults that take it away. */
  readonly downUs: number;
  /** For how long nothing changes once it is there again: who has lost a change by then shows an old screen until this is over. */
  readonly quietUs: number;
  /** Of a rolling deploy. */
  readonly rolling?: RollingPlan;
}

/** How long the fault lasts: of a rolling deploy, the turns of all nodes, of which no two overlap. */
export function lastsUs({ downUs, rolling }: FaultPlan, nodes: number): number {
  return rolling === undefined ? downUs : nodes * Math.max(rolling.everyUs, rolling.spreadUs + downUs);
}

/** Whether the servers answer nobody for a while. */
export function takesServersAway(kind: FaultKind): boolean {
  return restartsServers(kind) || kind === 'stall';
}

/** Whether it replaces the server processes by new ones. */
export function restartsServers(kind: FaultKind): boolean {
  return kind === 'kill' || kind === 'drain' || kind === 'rolling';
}
