// The client side's transport contract: a transport runs ONE session against a target and tells what happens.
// It never retries and never records; the virtual client does both, so that the same code judges all four.
import type { Address, Target } from '../contract/target.ts';
import type { ConnectionContext, Loss } from './connection.ts';
import type { Requests } from './requests.ts';
import type { Scheduler } from './scheduler.ts';

export type { Traffic } from './connection.ts';

/** Why a session is over. */
export type EndReason =
  /** We ended it. */
  | { readonly kind: 'stopped' }
  /** The connection could not be opened. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** It broke, or the peer ended it without a word. */
  | { readonly kind: 'broken'; readonly detail: string }
  /** No connection, or no answer, in time. */
  | { readonly kind: 'timeout'; readonly detail: string }
  /** An HTTP answer other than what was asked for. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterUs: number | null }
  /** A WebSocket close frame; 1005 when it had no code. */
  | { readonly kind: 'closed'; readonly code: number }
  /** The peer broke the protocol. */
  | { readonly kind: 'protocol'; readonly detail: string };

/** Whoever owns a session: the virtual client. Times are µs of the monotonic clock. */
export interface SessionListener {
  /** The client can use it: connected (pollings), 200 (sse), 101 (websocket). */
  onOpen(atUs: number): void;
  /** `intendedUs` as the message told it, 0 when it did not. */
  onVersion(kind: 'snapshot' | 'update', version: number, atUs: number, intendedUs: number): void;
  /** An answer that says there is nothing new: 304, 204. */
  onUnchanged(atUs: number): void;
  /** A poll was answered. `dueUs` is its intended time. */
  onPolled(dueUs: number, sentUs: number, atUs: number): void;
  /** A poll that was due has no answer of use: it failed, or the streak ended with it still in flight or waiting. */
  onPollFailed(dueUs: number): void;
  /** A poll was answered by a status of failure, and the streak goes on. */
  onPollRefused(dueUs: number): void;
  /** A poll was due while the last one was outstanding, and is not made. */
  onSkipped(dueUs: number): void;
  /** A poll is sent more than 10 ms after it was due, though nothing was in its way. */
  onSentLate(dueUs: number): void;
  /** The server asked for this delay before reconnecting (`retry:`). */
  onRetryDelay(delayUs: number): void;
  /** A message of the client's, by its id, is answered: it made this version, or, `null`, none. `frameBytes`: of the answer. */
  onActed(id: number, version: number | null, frameBytes: number): void;
  onEnd(reason: EndReason, atUs: number): void;
}

export interface Session {
  /** Opens it; `dueUs` is its intended time, and a polling session's first tick. */
  open(dueUs: number): void;
  /** No new requests from here on; push sessions go on listening. */
  quiesce(): void;
  /** The trial is over: polls that are still unanswered are told as failed. */
  settle(): void;
  /** Ends it politely where the protocol has a way; `onEnd` follows with `stopped`. */
  close(): void;
  /** Its connection is taken away by the network; `onEnd` follows. */
  lose(how: Loss): void;
  /** Ends it if a deadline has passed. Called about once a second. */
  expire(nowUs: number): void;
  /** Sends a text of the client's; false when the socket is not open. Absent where there is no such way up. */
  say?(text: string): boolean;
  /** Requests that await an answer. */
  readonly outstanding: number;
}

/** What the sessions of one shard share. */
export interface SessionContext extends ConnectionContext {
  readonly target: Target;
  readonly scheduler: Scheduler;
  readonly requests: Requests;
  readonly connectTimeoutUs: number;
  readonly requestTimeoutUs: number;
  readonly pollIntervalUs: number;
  readonly late: 'skip' | 'queue' | 'overlap';
  /** Seeded; for masking keys. */
  readonly random: () => number;
}

/** The client whose session it is. */
export interface SessionPlace {
  readonly rank: number;
  readonly audience: number;
  readonly address: Address;
  /** The version the client holds, `null` before the first. */
  readonly held: number | null;
}

/** Begins nothing yet: `open` does. */
export type SessionMaker = (place: SessionPlace, listener: SessionListener, context: SessionContext) => Session;

/** The end of a session whose connection the network took away. */
export const lost: EndReason = { kind: 'broken', detail: 'the network took the connection away' };

/** The end of a session that the peer ended with an HTTP status. A Retry-After that is no number of seconds is not heeded. */
export function endedByStatus(head: { status: number; retryAfter: string | null }): EndReason {
  const seconds = head.retryAfter !== null && /^\d{1,6}$/.test(head.retryAfter) ? Number(head.retryAfter) : null;
  return { kind: 'status', status: head.status, retryAfterUs: seconds === null ? null : seconds * 1_000_000 };
}
