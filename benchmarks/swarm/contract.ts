// What the benchmark tells a generator process and what it answers: plain JSON over Node's IPC channel.
import type { Transport } from '../../harness/contract/record.ts';
import type { Update } from '../../harness/plan/arrivals.ts';
import type { ReferenceTargetPlan } from '../../harness/targets/reference.ts';

/** Who does the client's work. */
export type ClientName =
  | 'freshet'
  | 'ws'
  | 'undici WebSocket'
  | 'undici EventSource'
  | 'eventsource'
  | 'undici Client'
  | 'undici fetch';

/** The clients that are compared. Ours comes first: ratios are to it. */
export const candidates: Readonly<Record<Transport, readonly ClientName[]>> = {
  websocket: ['freshet', 'ws', 'undici WebSocket'],
  sse: ['freshet', 'undici EventSource', 'eventsource'],
  polling: ['freshet', 'undici Client', 'undici fetch'],
  'long-polling': ['freshet', 'undici Client', 'undici fetch'],
};

/** Below so many clients, memory that comes in pages and portions tells nothing of one. */
export const fewestForMemory = 1_000;

/** What one generator process measures: one kind of client, one number of them. */
export interface SwarmJob {
  readonly client: ClientName;
  readonly target: ReferenceTargetPlan;
  readonly clients: number;
  /** Clients begun a second. */
  readonly connectRate: number;
  readonly pollIntervalUs: number;
}

export type GeneratorCommand =
  | { readonly type: 'prepare'; readonly job: SwarmJob }
  | { readonly type: 'connect' }
  /** These changes will be published: count what comes of them. */
  | { readonly type: 'receive'; readonly updates: readonly Update[] }
  /** Count the polls of so many µs. */
  | { readonly type: 'poll'; readonly windowUs: number }
  /** Closed loop, for so many µs: each answer is followed by the next request. */
  | { readonly type: 'loop'; readonly loop: LoopJob };

export interface LoopJob {
  readonly client: 'freshet' | 'autocannon';
  readonly target: ReferenceTargetPlan;
  readonly connections: number;
  readonly durationUs: number;
}

/** What connecting cost. */
export interface Connected {
  readonly type: 'connected';
  /** CPU (user and system) of all, the first message included. */
  readonly cpuUs: number;
  /** What resident memory and V8's heap gained by all, garbage collected before and after. */
  readonly residentBytes: number;
  readonly heapBytes: number;
}

/** What messages or polls cost. */
export interface Received {
  readonly type: 'received';
  readonly cpuUs: number;
  readonly count: number;
  /** Median of what was recorded, in µs: proof that it was. */
  readonly medianUs: number | null;
}

export type GeneratorReport =
  | { readonly type: 'prepared' }
  /** The changes are known; publish them. */
  | { readonly type: 'expecting' }
  | Connected
  | Received
  | { readonly type: 'failed'; readonly problem: string };
