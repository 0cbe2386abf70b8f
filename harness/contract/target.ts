// The contract of what is measured, as a shard sees it: where it is, how to ask it, and how its bytes yield a version.
import type { Transport } from './record.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What one message told. Reused between calls: the shard decodes thousands a second. */
export interface Decoded {
  kind: 'snapshot' | 'update' | 'ping' | 'other';
  version: number;
  /** µs of the monotonic clock; 0 when the message does not say. */
  intendedUs: number;
}

export interface Target {
  readonly transport: Transport;
  /** The client of rank r uses address r mod n. */
  readonly addresses: readonly Address[];
  /**
   * The whole head of a request, with the blank line that ends it. `held` is the version the client has, `null` at first;
   * streams use it to resume. Equal arguments give equal text, so the caller may keep the bytes.
   */
  request(address: Address, audience: number, held: number | null): string;
  /** True when `request` depends on `held`. */
  readonly asksAfterVersion: boolean;
  /** websocket: the text message to send on opening, e.g. for authentication. */
  readonly firstMessage: string | null;
  /** websocket: the answer to a message decoded as `ping`. */
  readonly pong: string | null;
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
