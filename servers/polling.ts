// Short polling: GET /dashboard is one query and one answer. Variants: `etag` answers 304 when nothing changed (bytes are saved,
// the query is not; RFC 9110 §13.1.2), `cache` answers from memory for a while: one query per time-to-live and dashboard.
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Admitted } from './admission.ts';
import type { App, Transport } from './app.ts';
import { nowUs } from './clock.ts';
import { type Answer, answer, failures } from './http.ts';
import { type Dashboard, encodeMessage } from './message.ts';
import { paths } from './protocol.ts';
import type { ServerSettings } from './settings.ts';
import type { QueryFailure } from './store.ts';

/** One state of a dashboard, and how to answer with it. */
interface State {
  /** `null` without `etag`. */
  tag: string | null;
  whole: Answer;
  /** To whom holds it already. */
  unchanged: Answer;
}

interface CacheEntry {
  state: State | null;
  expiresUs: number;
  loading: Promise<State | QueryFailure> | null;
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
    const state = await (settings.cacheMs > 0 ? this.#cached(audience) : this.#query(audience));
    if (typeof state === 'string') return answer(metrics, response, failures[state]);
    if (state.tag !== null && holds(request.headers['if-none-match'], state.tag))
      return answer(metrics, response, state.unchanged);
    metrics.messages.snapshot++;
    this.#app.log?.sent(response.socket);
    answer(metrics, response, state.whole);
  }

  drain(): void {
    // A poll in flight is answered; whoever comes next finds the door closed.
  }

  close(): void {
    this.#cache.clear();
  }

  async #query(audience: number): Promise<State | QueryFailure> {
    const dashboard = await this.#app.store.snapshot(audience);
    return typeof dashboard === 'string' ? dashboard : stateOf(dashboard, this.#app.settings);
  }

  async #cached(audience: number): Promise<State | QueryFailure> {
    const entry = this.#entryOf(audience);
    if (entry.state !== null && nowUs() < entry.expiresUs) return entry.state;
    entry.loading ??= this.#refill(audience, entry);
    return entry.loading;
  }

  /** The time to live begins when the query is done. A failure is shared by those who waited for it, but not kept. */
  async #refill(audience: number, entry: CacheEntry): Promise<State | QueryFailure> {
    const state = await this.#query(audience);
    entry.loading = null;
    entry.state = typeof state === 'string' ? null : state;
    entry.expiresUs = nowUs() + this.#app.settings.cacheMs * 1000;
    return state;
  }

  #entryOf(audience: number): CacheEntry {
    let entry = this.#cache.get(audience);
    if (entry === undefined) {
      entry = { state: null, expiresUs: 0, loading: null };
      this.#cache.set(audience, entry);
    }
    return entry;
  }
}

function stateOf(dashboard: Dashboard, { etag, payloadBytes }: ServerSettings): State {
  const body = Buffer.from(encodeMessage('snapshot', dashboard, payloadBytes));
  const tag = etag ? `"${dashboard.version}"` : null;
  const caching = tag === null ? { 'Cache-Control': 'no-store' } : { 'Cache-Control': 'no-cache', ETag: tag };
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length, ...caching };
  return { tag, whole: { status: 200, headers, body }, unchanged: { status: 304, headers: caching } };
}

/** If-None-Match compares weakly, may hold a list, and `*` matches whatever there is. */
function holds(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((candidate) => {
    const trimmed = candidate.trim();
    return trimmed === '*' || trimmed === tag || trimmed === `W/${tag}`;
  });
}
