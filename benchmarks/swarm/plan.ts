// What is measured, in which order: transports × rounds × numbers of clients × candidates, as data.
import type { Transport } from '../../harness/contract/record.ts';
import { type ClientName, candidates } from './contract.ts';

export interface BenchPlan {
  readonly transports: readonly Transport[];
  /** Numbers of clients. */
  readonly counts: readonly number[];
  /** Rounds: how often each figure is measured. */
  readonly repeat: number;
  /** Without the libraries. */
  readonly isAlone: boolean;
  /** Changes of each push run, and polls of each client. */
  readonly changes: number;
  readonly polls: number;
  readonly pollIntervalUs: number;
  /** The closed loop beside autocannon; `null` leaves it out. */
  readonly loop: { readonly connections: number; readonly durationUs: number } | null;
}

export interface Step {
  readonly client: ClientName;
  readonly clients: number;
}

/** Clients begun a second: as many as the servers here can take with some to spare. */
export const connectRate = 2_000;

/** A process may open 20,000 descriptors on many systems, a server as well. */
const clientsPerNode = 18_000;

export function nodesFor(plan: BenchPlan): number {
  return Math.ceil(Math.max(...plan.counts) / clientsPerNode);
}

/** The steps of one transport's round. Every other round runs backwards, so that drift of the machine meets all alike. */
export function stepsOf(plan: BenchPlan, transport: Transport, round: number): Step[] {
  const clients = candidates[transport].filter((client) => client === 'freshet' || !plan.isAlone);
  const steps = plan.counts.flatMap((count) => clients.map((client): Step => ({ client, clients: count })));
  return round % 2 === 0 ? steps : steps.reverse();
}

/** Time between two changes, in µs: long enough that the slowest client is done with one before the next comes. */
export function changeIntervalUs(clients: number): number {
  return Math.max(100_000, clients * 100);
}
