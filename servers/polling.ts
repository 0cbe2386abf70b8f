// Short polling: GET /dashboard is one query and one answer. Variants: `etag` answers 304 when nothing changed (bytes are saved,
// the query is not; RFC 9110 §13.1.2), `cache` answers from memory for a while: one query per time-to-live and dashboard.
import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Admitted } from './admission.ts';
import type { App, Transport } from './app.ts';
import { nowUs } from './clock.ts';
import { answer, failures } from './http.ts';
import { Message } from './message.ts';
import { paths } from './protocol.ts';
import type { QueryFailure } from './store.ts';

interface CacheEntry {
  message: Message | null;
  expiresUs: number;
  loading: Promise<Message | QueryFailure> | null;
}

export class Polling implements Transport {
  readonly path = paths.dashboard;
  readonly Response = ServerResponse;
  readonly listener = null;
  readonly #app: App;
  readonly #cache = new Map<number, CacheEntry>();

  constructor(app: App) {
    this.#app = app;
  }

  async handle(request: IncomingMessage, response: ServerResponse, { audience }: Admitted): Promise<void> {
    const { settings, metrics } = this.#app;
    const message = await (settings.cacheMs > 0 ? this.#cached(audience) : this.#query(audience));
    if (typeof message === 'string') return answer(metrics, response, failures[message]);
    const tag = settings.etag ? `"${message.version}"` : null;
    if (tag !== null && holds(request.headers['if-none-match'], tag)) {
      return answer(metrics, response, { status: 304, headers: { ETag: tag, 'Cache-Control': 'no-cache' } });
    }
    metrics.messages.snapshot++;
    const body = message.framed('snapshot', Buffer.from);
    answer(metrics, response, { status: 200, headers: jsonHeaders(body, tag), body });
  }

  drain(): void {
    // A poll in flight is answered; whoever comes next finds the door closed.
  }

  close(): void {
    this.#cache.clear();
  }

  async #query(audience: number): Promise<Message | QueryFailure> {
    const dashboard = await this.#app.store.snapshot(audience);
    return typeof dashboard === 'string' ? dashboard : new Message(dashboard, this.#app.settings.payloadBytes);
  }

  async #cached(audience: number): Promise<Message | QueryFailure> {
    const entry = this.#entryOf(audience);
    if (entry.message !== null && nowUs() < entry.expiresUs) return entry.message;
    entry.loading ??= this.#refill(audience, entry);
    return entry.loading;
  }

  /** The time to live begins when the query is done. A failure is shared by those who waited for it, but not kept. */
  async #refill(audience: number, entry: CacheEntry): Promise<Message | QueryFailure> {
    const message = await this.#query(audience);
    entry.loading = null;
    entry.message = typeof message === 'string' ? null : message;
    entry.expiresUs = nowUs() + this.#app.settings.cacheMs * 1000;
    return message;
  }

  #entryOf(audience: number): CacheEntry {
    let entry = this.#cache.get(audience);
    if (entry === undefined) {
      entry = { message: null, expiresUs: 0, loading: null };
      this.#cache.set(audience, entry);
    }
    return entry;
  }
}

function jsonHeaders(body: Buffer, tag: string | null): OutgoingHttpHeaders {
  const length = { 'Content-Type': 'application/json', 'Content-Length': body.length };
  return tag === null
    ? { ...length, 'Cache-Control': 'no-store' }
    : { ...length, 'Cache-Control': 'no-cache', ETag: tag };
}

/** If-None-Match compares weakly, may hold a list, and `*` matches whatever there is. */
function holds(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((candidate) => {
    const trimmed = candidate.trim();
    return trimmed === '*' || trimmed === tag || trimmed === `W/${tag}`;
  });
}
