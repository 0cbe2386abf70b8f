// Server-sent events (WHATWG HTML §9.2): GET /events stays open; each change is framed once and written to every stream.
// `Last-Event-ID` resumes from memory where it reaches back far enough; heartbeats are comments, `retry:` paces reconnecting.
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Admitted, wholeNumber } from './admission.ts';
import type { App, Transport } from './app.ts';
import { Heartbeat } from './heartbeat.ts';
import { Hub } from './hub.ts';
import type { Message, MessageType } from './message.ts';
import type { EndReason } from './metrics.ts';
import { paths } from './protocol.ts';

/** An open stream is its response: node:http lets its class be chosen, so a client costs no closure. */
class Stream<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  audience = 0;
  version = -1;
  onLeft: ((stream: Stream) => void) | undefined;
}

const streamHeaders = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would otherwise hold events back until a buffer is full.
  'X-Accel-Buffering': 'no',
  // The stream lasts until the connection is closed, so it needs no chunks: the standard advises against them (§9.2.7), and
  // framing each event anew for each client would cost a fifth of the broadcast.
  Connection: 'close',
};
const comment = Buffer.from(':\n\n');

export class ServerSentEvents implements Transport {
  readonly path = paths.events;
  readonly Response = Stream;
  readonly listener: Hub<Stream>;
  readonly #app: App;
  readonly #heartbeat: Heartbeat<Stream> | null;
  readonly #onLeft = (stream: Stream): void => this.#forget(stream, 'client');

  constructor(app: App) {
    this.#app = app;
    this.listener = new Hub<Stream>(app, (...news) => this.#broadcast(...news));
    const { heartbeat, heartbeatMs } = app.settings;
    this.#heartbeat =
      heartbeat === 'none' || heartbeatMs === 0
        ? null
        : new Heartbeat({ everyMs: heartbeatMs, beat: (stream) => this.#write(stream, comment) });
  }

  handle(request: IncomingMessage, stream: Stream, { audience }: Admitted): void | Promise<void> {
    this.#open(stream, audience);
    const lastId = wholeNumber(request.headers['last-event-id']);
    const missed = lastId === null ? null : this.listener.missedSince(audience, lastId);
    if (lastId === null || missed === null) return this.#sendSnapshot(stream);
    stream.version = lastId;
    for (const message of missed) this.#send(stream, message, 'update');
  }

  drain(): void {
    for (const stream of this.listener.clients()) this.#end(stream, 'drain');
  }

  close(): void {
    this.#heartbeat?.stop();
    this.listener.stop();
  }

  /** The stream opens before its snapshot is there: any status but 200 would end a browser's EventSource for good. */
  #open(stream: Stream, audience: number): void {
    this.#app.metrics.connectionsOpened++;
    stream.audience = audience;
    stream.onLeft = this.#onLeft;
    stream.on('close', onClose);
    stream.removeHeader('Transfer-Encoding');
    stream.writeHead(200, streamHeaders).write(`retry: ${this.#app.settings.retryMs}\n\n`);
    this.listener.join(stream);
    this.#heartbeat?.add(stream);
  }

  async #sendSnapshot(stream: Stream): Promise<void> {
    const message = await this.listener.snapshot(stream.audience);
    if (typeof message === 'string') this.#end(stream, message);
    else if (message.version > stream.version) this.#send(stream, message, 'snapshot');
  }

  #send(stream: Stream, message: Message, type: MessageType): void {
    stream.version = message.version;
    if (this.#write(stream, message.framed(type, frameEvent))) this.#app.metrics.messages[type]++;
  }

  #broadcast(message: Message, streams: Set<Stream>, type: MessageType): void {
    const event = message.framed(type, frameEvent);
    let written = 0;
    for (const stream of streams) {
      if (stream.version >= message.version) continue;
      stream.version = message.version;
      if (this.#write(stream, event)) written++;
    }
    this.#app.metrics.messages[type] += written;
  }

  /** False when the client has gone, or reads too slowly and was cut off. */
  #write(stream: Stream, bytes: Buffer): boolean {
    if (stream.destroyed || stream.writableEnded) return false;
    if (stream.writableLength > this.#app.settings.maxBufferedBytes) {
      this.#forget(stream, 'slow');
      stream.destroy();
      return false;
    }
    // Past node:http, which would hold each write back until the tick ends. A pipelined request has no socket before its turn.
    (stream.socket ?? stream).write(bytes);
    return true;
  }

  #end(stream: Stream, reason: EndReason): void {
    this.#forget(stream, reason);
    stream.end();
  }

  #forget(stream: Stream, reason: EndReason): void {
    if (!this.listener.leave(stream)) return;
    this.#heartbeat?.remove(stream);
    this.#app.metrics.countClosed(reason);
  }
}

function frameEvent(json: string, version: number): Buffer {
  return Buffer.from(`id: ${version}\ndata: ${json}\n\n`);
}

function onClose(this: Stream): void {
  this.onLeft?.(this);
}
