// One line of JSON (pino) when a client's connection opens and one when it is closed: who, how long, how many messages and bytes, and
// the close code. Counts only: no URL, header or message is ever looked at here, so neither a token nor a payload can get in.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { nowUs } from './clock.ts';
import type { EndReason } from './metrics.ts';
import type { ServerSettings } from './settings.ts';

/** What is remembered of a connection while it is open. */
interface Entry {
  readonly client: number;
  readonly openedUs: number;
  requests: number;
  sent: number;
  received: number;
  /** Why the server ended it; `client` where it did not. */
  reason: EndReason;
  /** A WebSocket, whose end is told with its close code. */
  isWebSocket: boolean;
}

/** A connection as node:net has it; with TLS the bytes are those inside. */
interface Wire extends Duplex {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** A response has none before its turn and after its end. */
type Known = Wire | null | undefined;

export class ConnectionLog {
  readonly #logger: Pick<Logger, 'info'>;
  readonly #entries = new Map<Wire, Entry>();
  #clients = 0;

  constructor(logger: Pick<Logger, 'info'>) {
    this.#logger = logger;
  }

  /** A request for the dashboard came in, by a connection that may be known already. */
  requested(wire: Wire): void {
    const entry = this.#entries.get(wire) ?? this.#open(wire);
    entry.requests++;
  }

  sent(wire: Known): void {
    const entry = this.#entryOf(wire);
    if (entry !== undefined) entry.sent++;
  }

  received(wire: Known): void {
    const entry = this.#entryOf(wire);
    if (entry !== undefined) entry.received++;
  }

  /** It has become a WebSocket, of which `closed` will tell. */
  upgraded(wire: Known): void {
    const entry = this.#entryOf(wire);
    if (entry !== undefined) entry.isWebSocket = true;
  }

  /** The server is about to end it. */
  ending(wire: Known, reason: EndReason): void {
    const entry = this.#entryOf(wire);
    if (entry !== undefined) entry.reason = reason;
  }

  /** `code` is that of a WebSocket's end (1006: without a word), `null` for all others. */
  closed(wire: Known, code: number | null): void {
    const entry = this.#entryOf(wire);
    if (entry === undefined || !wire) return;
    this.#entries.delete(wire);
    const { client, requests, sent, received, reason, openedUs } = entry;
    const counts = { requests, sent, received, bytesIn: wire.bytesRead ?? 0, bytesOut: wire.bytesWritten ?? 0 };
    const durationMs = Math.round((nowUs() - openedUs) / 1000);
    this.#logger.info({ client, ...(code !== null && { code }), reason, durationMs, ...counts }, 'closed');
  }

  /** The server has ended whatever was open. */
  stop(): void {
    for (const wire of this.#entries.keys()) {
      this.ending(wire, 'drain');
      this.closed(wire, null);
    }
  }

  #entryOf(wire: Known): Entry | undefined {
    return wire ? this.#entries.get(wire) : undefined;
  }

  #open(wire: Wire): Entry {
    const client = ++this.#clients;
    const counts = { requests: 0, sent: 0, received: 0 };
    const entry: Entry = { client, openedUs: nowUs(), ...counts, reason: 'client', isWebSocket: false };
    this.#entries.set(wire, entry);
    this.#logger.info({ client, from: `${wire.remoteAddress}:${wire.remotePort}` }, 'opened');
    wire.once('close', () => {
      if (!entry.isWebSocket) this.closed(wire, null);
    });
    return entry;
  }
}

/** As the settings say: `null` when off, and then not even loaded. Rejects when the file cannot be written; `stop` writes what is not written yet. */
export async function openConnectionLog(
  settings: Pick<ServerSettings, 'log' | 'logFile' | 'transport'>,
  report: (problem: string) => void,
): Promise<{ log: ConnectionLog; stop(): void } | null> {
  if (settings.log === 'off') return null;
  const { pino } = await import('pino');
  const standardError = 2;
  const destination = pino.destination({ dest: settings.logFile ?? standardError, sync: false });
  await once(destination, 'ready');
  destination.on('error', (error: Error) => report(`the log of connections could not be written: ${error.message}`));
  const base = { transport: settings.transport };
  const logger = pino({ base, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const log = new ConnectionLog(logger);
  const stop = (): void => {
    log.stop();
    destination.flushSync();
  };
  return { log, stop };
}
