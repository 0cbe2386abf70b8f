// What the parts of a server process share, and what a transport has to offer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Actions } from './actions.ts';
import type { Admission, Admitted, Refusal } from './admission.ts';
import type { ConnectionLog } from './connection-log.ts';
import type { FeedHandlers } from './feed/feed.ts';
import type { Metrics } from './metrics.ts';
import type { ServerSettings } from './settings.ts';
import type { Store } from './store.ts';

/** Takes one line about something that went wrong and was dealt with. */
export type Report = (problem: string) => void;

export interface App {
  readonly settings: ServerSettings;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly admission: Admission;
  readonly report: Report;
  /** `null` where clients only watch. */
  readonly actions: Actions | null;
  /** `null` while nobody wants it. */
  readonly log: ConnectionLog | null;
}

/** One of the four ways to bring a dashboard to its clients. */
export interface Transport {
  /** The one path it serves, of `protocol.paths`. */
  readonly path: string;
  /** The class node:http makes responses of: what a transport remembers of a client lives there, not in closures. */
  readonly Response: typeof ServerResponse;
  /** What listens to the feed; `null` for polling, which asks Postgres. */
  readonly listener: FeedHandlers | null;
  /** Answers a GET that was admitted. */
  handle(request: IncomingMessage, response: ServerResponse, admitted: Admitted): void | Promise<void>;
  /** Takes over a socket that asks for a WebSocket; absent where there are none. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer, verdict: Admitted | Refusal): void;
  /** Beats all connections so many times, ending none; absent where there are no heartbeats. */
  beat?(rounds: number): Promise<void>;
  /** Tells every client that this server goes away. */
  drain(): void;
  /** Ends what is left after the drain, and stops its timers. */
  close(): void;
}
