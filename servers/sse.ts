// Server-sent events (WHATWG HTML §9.2): GET /events stays open; each change is framed once and written to every stream.
// `Last-Event-ID` resumes from memory where it reaches back far enough; heartbeats are comments, `retry:` paces reconnecting.
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Admitted, wholeNumber } from './admission.ts';
import type { App, Transport } from './app.ts';
import { nowUs } from './clock.ts';
import { tellInTurn } from './departures.ts';
import { Heartbeat } from './heartbeat.ts';
import { Hub } from './hub.ts';
import { isUnreachable, type LossReason } from './loss-log.ts';
import type { Message, MessageType } from './message.ts';
import type { EndReason } from './metrics.ts';
import { paths } from './protocol.ts';

/** An open stream is its response: node:http lets its class be chosen, so a client costs no closure. */
class Stream<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  audience = 0;
  version = -1;
  /** It says nothing after its request. */
  readonly openedUs = nowUs();
  /** It was kept from messages, because it read too slowly. */
  isBehind = false;
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
  readonly #onLeft = (stream: Stream): void =>
    isUnreachable(stream.socket?.errored) ? this.#lose(stream, 'unreachable') : this.#forget(stream, 'client');

  constructor(app: App) {
    this.#app = app;
    this.listener = new Hub<Stream>(app, (...news) => this.#broadcast(...news));
    const { heartbeat, heartbeatMs } = app.settings;
    this.#heartbeat =
      heartbeat === 'none' || heartbeatMs === 0
        ? null
        : new Heartbeat({ everyMs: heartbeatMs, beat: (stream) => this.#beat(stream) });
    app.metrics.watchBuffers(() => {
      let bytes = 0;
      for (const stream of this.listener.clients()) bytes += stream.writableLength;
      return bytes;
    });
  }

  async beat(rounds: number): Promise<void> {
    await this.#heartbeat?.hurry(rounds);
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
    tellInTurn(this.listener.clients(), this.#app.settings.spreadMs, (stream) => this.#end(stream, 'drain'));
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
    if (this.#app.settings.slowClients === 'drop') stream.socket?.on('drain', () => this.#onDrained(stream));
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
    if (!this.#write(stream, message.framed(type, frameEvent))) return;
    stream.version = message.version;
    this.#app.metrics.messages[type]++;
    this.#app.log?.sent(stream.socket);
  }

  #broadcast(message: Message, streams: Set<Stream>, type: MessageType): void {
    const event = message.framed(type, frameEvent);
    let written = 0;
    for (const stream of streams) {
      if (stream.version >= message.version || !this.#write(stream, event)) continue;
      stream.version = message.version;
      written++;
      this.#app.log?.sent(stream.socket);
    }
    this.#app.metrics.messages[type] += written;
  }

  /** What it was kept from is old by now: it gets the newest. */
  #onDrained(stream: Stream): void {
    if (!stream.isBehind) return;
    stream.isBehind = false;
    const newest = this.listener.current(stream.audience);
    if (newest !== null && newest.version > stream.version) this.#send(stream, newest, 'update');
  }

  #beat(stream: Stream): void {
    if (!this.#write(stream, comment)) return;
    this.#app.metrics.heartbeats++;
    this.#app.metrics.heartbeatBytes += comment.length;
  }

  /** False when the client has gone, or reads too slowly. */
  #write(stream: Stream, bytes: Buffer): boolean {
    if (stream.destroyed || stream.writableEnded) return false;
    const { maxBufferedBytes, slowClients } = this.#app.settings;
    if (slowClients !== 'unbounded' && stream.writableLength > maxBufferedBytes) {
      if (slowClients === 'disconnect') {
        this.#lose(stream, 'slow');
        stream.destroy();
      } else {
        stream.isBehind = true;
        if (bytes !== comment) this.#app.metrics.messagesSkipped++;
      }
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

  #lose(stream: Stream, reason: LossReason): void {
    this.#app.metrics.noteLoss({ reason, atUs: nowUs(), heardUs: stream.openedUs });
    this.#forget(stream, reason);
  }

  #forget(stream: Stream, reason: EndReason): void {
    if (!this.listener.leave(stream)) return;
    this.#heartbeat?.remove(stream);
    this.#app.metrics.countClosed(reason);
    this.#app.log?.ending(stream.socket, reason);
  }
}

function frameEvent(json: string, version: number): Buffer {
  return Buffer.from(`id: ${version}\ndata: ${json}\n\n`);
}

function onClose(this: Stream): void {
  this.onLeft?.(this);
}
