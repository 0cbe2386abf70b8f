// The contract of what is measured, as a shard sees it: where it is, how to ask it, and how its bytes yield a version.
import type { Transport } from './record.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** What a certificate must call it, where `host` is only a number. */
  readonly name?: string;
  /** The address a client comes from, where it has one of its own. */
  readonly from?: string;
}

/** Who asks for what. */
export interface Asking {
  readonly address: Address;
  readonly audience: number;
  /** The version the client has, `null` at first; streams use it to resume. */
  readonly held: number | null;
  /** Cookies it was given, as in `Cookie: a=1; b=2`. */
  readonly cookies?: string;
  /** Which client it is, told where the target `asksByRank`. */
  readonly rank?: number;
}

/** What one message told. Reused between calls: the shard decodes thousands a second. */
export interface Decoded {
  /** `acted`: the answer to a message; its version is −1 when the action was refused. */
  kind: 'snapshot' | 'update' | 'ping' | 'acted' | 'other';
  version: number;
  /** Of an answer: the message's. */
  id?: number;
  /** µs of the monotonic clock; 0 when the message does not say. */
  intendedUs: number;
}

/** How a client acts. A body and a message are Latin-1. */
export interface ActionWay {
  /** By a message on the client's WebSocket; otherwise by a POST. */
  readonly isMessage: boolean;
  /** The message, to be answered by its id. */
  message(id: number, intendedUs: number): string;
  /** What to POST. */
  body(intendedUs: number): string;
  /** The whole request that posts it. */
  request(asking: Asking, body: string): string;
  /** The version that an answer of status 200 tells; `null` when it tells none. */
  versionOf(bytes: Buffer, start: number, end: number): number | null;
}

export interface Target {
  readonly transport: Transport;
  /** Somebody's own server: what arrives is counted, whether or not it tells a version. */
  readonly isForeign?: boolean;
  /** The client of rank r uses address r mod n. */
  readonly addresses: readonly Address[];
  /** Where the client of this rank comes from, if something in front of the servers looks at that. */
  sourceOf?(rank: number): string;
  /** The whole head of a request, with the blank line that ends it. Equal arguments give equal text, so the caller may keep the bytes. */
  request(asking: Asking): string;
  /** True when `request` depends on `held`. */
  readonly asksAfterVersion: boolean;
  /** True when `request` depends on who asks. */
  readonly asksByRank?: boolean;
  /** websocket: what is asked for and must be chosen (RFC 6455 §1.9). */
  readonly subprotocol?: string;
  /** websocket: the text messages to send on opening, e.g. for authentication. */
  firstMessages(client: { readonly rank: number; readonly audience: number }): readonly string[];
  /** Absent where clients only watch. */
  readonly action?: ActionWay;
  /** websocket: the answer to the message that was last decoded as `ping`. */
  readonly pong: string | null;
  /** Whoever connects is told the state. Otherwise a new client shows version 0 from the moment it is connected. */
  readonly greets: boolean;
  /** Reads one message; `other` when it carries no version. Never throws. */
  decode(bytes: Buffer, start: number, end: number, into: Decoded): void;
}

/** The program that commits changes: reads commands on stdin, answers on stdout. */
export interface PublishProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment: what only its user may see, such as passwords. */
  readonly env: Readonly<Record<string, string>>;
}

/** The processes of the system under test, by part. A part that is not ours to see has no pids. */
export interface SystemProcesses {
  readonly servers: readonly number[];
  /** Servers may be whole families, such as a shell and what it started: all of each counts. */
  readonly areFamilies?: boolean;
  readonly relay: readonly number[];
  readonly redis: readonly number[];
  readonly postgres: readonly number[];
  readonly nginx?: readonly number[];
}
