// What `bench:broadcast` compares: each row one server, beside the floor of the same exchange.
import type { FloorKind } from './floor.ts';

export interface Row {
  readonly name: string;
  /** The contender, or the one whose protocol a floor speaks, as the command line spells it. */
  readonly contender: string;
  /** `null` for a reference server. */
  readonly floor: FloorKind | null;
  /** The floor that the row is set against. */
  readonly against: FloorKind;
  readonly connectsPerSecond: number;
  /** How far changes are apart, in µs for each client: what servers and swarm need for one, and then some. */
  readonly usPerClient: number;
  /** Polls of all clients together. */
  readonly pollsPerSecond: number;
  /** Measured with every number of clients, and by `--quick`; the others with the smallest number only. */
  readonly isMain: boolean;
}

const push = {
  floor: null,
  against: 'push',
  connectsPerSecond: 2_500,
  usPerClient: 50,
  pollsPerSecond: 500,
  isMain: true,
} as const;
const hold = {
  floor: null,
  against: 'hold',
  connectsPerSecond: 1_000,
  usPerClient: 120,
  pollsPerSecond: 500,
  isMain: true,
} as const;
const answer = {
  floor: null,
  against: 'answer',
  connectsPerSecond: 2_500,
  usPerClient: 0,
  pollsPerSecond: 2_500,
  isMain: true,
} as const;

/** Connecting is not measured here, so streams get their snapshot from memory; a connect storm is another benchmark. */
export const rows: readonly Row[] = [
  { ...push, name: 'floor: push', contender: 'websocket', floor: 'push' },
  { ...push, name: 'websocket', contender: 'websocket+snapshot=cached' },
  { ...push, name: 'websocket+postgres', contender: 'websocket+postgres+snapshot=cached', isMain: false },
  { ...push, name: 'sse', contender: 'sse+snapshot=cached' },
  { ...push, name: 'sse+redis', contender: 'sse+redis+snapshot=cached', isMain: false },
  { ...hold, name: 'floor: hold', contender: 'long-polling', floor: 'hold', connectsPerSecond: 2_500 },
  { ...hold, name: 'long-polling', contender: 'long-polling' },
  { ...answer, name: 'floor: answer', contender: 'polling', floor: 'answer' },
  { ...answer, name: 'polling+cache=1s', contender: 'polling+cache=1s' },
  { ...answer, name: 'polling', contender: 'polling', pollsPerSecond: 500, isMain: false },
];
