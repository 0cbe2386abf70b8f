// Long polling: GET /dashboard?after=V is held until the dashboard is newer than V, or answered 204 after `holdMs`
// (RFC 6202 §2). A change is queried and encoded once for all who wait; who comes between two waits is answered from memory.
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Admitted, wholeNumber } from './admission.ts';
import type { App, Transport } from './app.ts';
import { tellInTurn } from './departures.ts';
import { type Answer, answer, failures } from './http.ts';
import { Hub } from './hub.ts';
import type { Message, MessageType } from './message.ts';
import type { EndReason } from './metrics.ts';
import { paths } from './protocol.ts';

const nothingNew: Answer = { status: 204, headers: { 'Cache-Control': 'no-store' } };

/** A held request is its response: node:http lets its class be chosen, so waiting costs no closure. */
class Waiter<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  audience = 0;
  version = -1;
  expiry: NodeJS.Timeout | undefined;
  release: ((waiter: Waiter, reason: EndReason) => boolean) | undefined;
}

export class LongPolling implements Transport {
  readonly path = paths.dashboard;
  readonly Response = Waiter;
  readonly listener: Hub<Waiter>;
  readonly #app: App;
  readonly #release = (waiter: Waiter, reason: EndReason): boolean => this.#letGo(waiter, reason);
  readonly #expire = (waiter: Waiter): void => this.#answerNothing(waiter, 'expired');

  constructor(app: App) {
    this.#app = app;
    this.listener = new Hub<Waiter>(app, (...news) => this.#answerAll(...news));
  }

  handle(_request: IncomingMessage, waiter: Waiter, { audience, query }: Admitted): void | Promise<void> {
    waiter.audience = audience;
    waiter.version = wholeNumber(query.after) ?? -1;
    const connecting = waiter.version === -1;
    const newest = this.listener.current(audience);
    if (newest === null || (connecting && this.#app.settings.snapshot === 'query'))
      return this.#lookUp(waiter, connecting);
    if (newest.version > waiter.version) this.#answerWith(waiter, newest, connecting ? 'snapshot' : 'update');
    else this.#hold(waiter);
  }

  /** Told "nothing new", they ask again, and elsewhere. */
  drain(): void {
    tellInTurn(this.listener.clients(), this.#app.settings.spreadMs, (waiter) => this.#answerNothing(waiter, 'drain'));
  }

  close(): void {
    this.listener.stop();
  }

  /** Waits while it looks, so that a change in the meantime is not lost. */
  async #lookUp(waiter: Waiter, connecting: boolean): Promise<void> {
    this.#hold(waiter);
    const message = await (connecting ? this.listener.snapshot(waiter.audience) : this.listener.load(waiter.audience));
    if (typeof message === 'string') {
      if (this.#letGo(waiter, message)) answer(this.#app.metrics, waiter, failures[message]);
    } else if (message.version > waiter.version && this.#letGo(waiter, 'answered')) {
      this.#answerWith(waiter, message, connecting ? 'snapshot' : 'update');
    }
  }

  #hold(waiter: Waiter): void {
    this.#app.metrics.connectionsOpened++;
    this.listener.join(waiter);
    waiter.release = this.#release;
    waiter.expiry = setTimeout(this.#expire, this.#app.settings.holdMs, waiter);
    waiter.on('close', onClose);
  }

  /** False when it waits no longer. */
  #letGo(waiter: Waiter, reason: EndReason): boolean {
    if (!this.listener.leave(waiter)) return false;
    clearTimeout(waiter.expiry);
    this.#app.metrics.countClosed(reason);
    return true;
  }

  #answerAll(message: Message, waiters: Set<Waiter>, type: MessageType): void {
    const news = answerOf(message, type);
    for (const waiter of waiters) {
      if (waiter.version >= message.version || !this.#letGo(waiter, 'answered')) continue;
      this.#app.metrics.messages[type]++;
      this.#app.log?.sent(waiter.socket);
      answer(this.#app.metrics, waiter, news);
    }
  }

  #answerWith(waiter: Waiter, message: Message, type: MessageType): void {
    this.#app.metrics.messages[type]++;
    this.#app.log?.sent(waiter.socket);
    answer(this.#app.metrics, waiter, answerOf(message, type));
  }

  #answerNothing(waiter: Waiter, reason: EndReason): void {
    if (this.#letGo(waiter, reason)) answer(this.#app.metrics, waiter, nothingNew);
  }
}

function answerOf(message: Message, type: MessageType): Answer {
  const body = message.framed(type, Buffer.from);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length, 'Cache-Control': 'no-store' };
  return { status: 200, headers, body };
}

/** After an answer it has let go already; otherwise the client hung up. */
function onClose(this: Waiter): void {
  this.release?.(this, 'client');
}
