// What a client does when a session ended: a pure function of transport and reason (RFC 6455 §7.4, WHATWG HTML §9.2, design of the article).
import type { Transport } from '../contract/record.ts';
import type { Backoff } from '../plan/backoff.ts';
import type { EndReason } from './session.ts';

export type Reaction =
  /** It was meant to end. */
  | { readonly kind: 'stop' }
  /** It will not come back by itself: wrong credentials, or an EventSource that got an error status. */
  | { readonly kind: 'give-up' }
  /** Backoff decides when; `later` starts one attempt further on. */
  | { readonly kind: 'reconnect'; readonly later: boolean }
  /** An EventSource's reconnection time, or a poll's Retry-After; a poll never comes before its next tick. */
  | { readonly kind: 'wait'; readonly delayUs: number };

const stop: Reaction = { kind: 'stop' };
const giveUp: Reaction = { kind: 'give-up' };

/** How clients of a contender come back. */
export interface Reconnecting {
  readonly backoff: Backoff;
  /** sse: the browser's EventSource reconnects by itself; otherwise an application closes it and opens another by its own backoff. */
  readonly byBrowser: boolean;
  /** sse: an application opens another EventSource where the browser's has given up. */
  readonly retriesOnError: boolean;
}

/** `retryUs` is what the stream's `retry:` field asked for, else the browsers' 3 s. */
export function reactTo(
  reason: EndReason,
  transport: Transport,
  { byBrowser, retriesOnError }: Reconnecting,
  retryUs: number,
): Reaction {
  if (reason.kind === 'stopped') return stop;
  const isForbidden = reason.kind === 'status' && (reason.status === 401 || reason.status === 403);
  // A browser tells nobody the status of a refused WebSocket handshake: it is a 1006 like any other.
  if (isForbidden && transport !== 'websocket') return giveUp;
  switch (transport) {
    case 'polling':
      return { kind: 'wait', delayUs: reason.kind === 'status' ? (reason.retryAfterUs ?? 0) : 0 };
    case 'sse':
      if ((reason.kind === 'status' || reason.kind === 'protocol') && !retriesOnError) return giveUp;
      return byBrowser ? { kind: 'wait', delayUs: retryUs } : { kind: 'reconnect', later: false };
    case 'websocket':
      if (reason.kind === 'closed' && reason.code === 1000) return stop;
      if (reason.kind === 'closed' && reason.code === 1008) return giveUp;
      return { kind: 'reconnect', later: reason.kind === 'closed' && (reason.code === 1011 || reason.code === 1013) };
    case 'long-polling':
      return reason.kind === 'status' && reason.retryAfterUs !== null
        ? { kind: 'wait', delayUs: reason.retryAfterUs }
        : { kind: 'reconnect', later: false };
  }
}
