// One client's WebSocket, as the server sees it. What is remembered of it lives here, and its listeners are shared by all
// sockets, so a client costs no closure.
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket } from 'ws';
import { nowUs } from './clock.ts';
import { isUnreachable } from './loss-log.ts';
import type { EndReason } from './metrics.ts';

/** How long a client may take to answer a Close frame. */
const closeGraceMs = 1_000;

/** What is told of what happens on a socket. */
export interface SocketOwner {
  onText(socket: DashboardSocket, text: string): void;
  onPong(socket: DashboardSocket): void;
  /** It shall get no more messages. */
  onEnding(socket: DashboardSocket): void;
  /** `code` is what its Close frame said, 1005 for none in it, 1006 for no frame. */
  onClosed(socket: DashboardSocket, code: number): void;
}

export class DashboardSocket extends WebSocket {
  audience = 0;
  /** The newest version written to it, −1 for none. */
  version = -1;
  endReason: EndReason = 'client';
  /** When it last said anything, µs of the monotonic clock. */
  heardUs = nowUs();
  /** It was kept from messages, because it read too slowly. */
  isBehind = false;
  /** It was let in: it may act. */
  isWelcome = false;
  /** Its actions that are under way. */
  acting = 0;
  /** What ends it when it does not do in time what is expected of it. */
  deadline: NodeJS.Timeout | undefined;
  #stream: Duplex | undefined;
  #owner: SocketOwner | undefined;

  /** Called once, with the stream below, when the handshake is done. */
  attach(stream: Duplex, owner: SocketOwner): void {
    this.#stream = stream;
    this.#owner = owner;
    this.on('message', onMessage).on('pong', onPong).on('close', onClose).on('error', onError);
  }

  /** The connection below; absent before `attach`. */
  get stream(): Duplex | undefined {
    return this.#stream;
  }

  /** Bytes that the client has not taken yet. */
  get unsentBytes(): number {
    return this.#stream?.writableLength ?? 0;
  }

  /** Writes a whole frame past `ws`, which would frame it again for each client. Only while the socket is open. */
  writeFrame(frame: Buffer): void {
    this.#stream?.write(frame);
  }

  /** Sends a Close frame, and ends the connection if the client does not answer it. */
  closeWith(code: number, reason: EndReason): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.#owner?.onEnding(this);
    this.endReason = reason;
    this.close(code, reason);
    clearTimeout(this.deadline);
    this.deadline = setTimeout(terminate, closeGraceMs, this);
  }

  text(raw: RawData): void {
    this.heardUs = nowUs();
    this.#owner?.onText(this, raw.toString());
  }

  ponged(): void {
    this.heardUs = nowUs();
    this.#owner?.onPong(this);
  }

  ending(): void {
    this.#owner?.onEnding(this);
  }

  closed(code: number): void {
    clearTimeout(this.deadline);
    if (this.endReason === 'client' && isUnreachable(this.#stream?.errored)) this.endReason = 'unreachable';
    this.#owner?.onClosed(this, code);
  }
}

function terminate(socket: DashboardSocket): void {
  socket.terminate();
}

function onMessage(this: WebSocket, raw: RawData): void {
  (this as DashboardSocket).text(raw);
}

function onPong(this: WebSocket): void {
  (this as DashboardSocket).ponged();
}

function onClose(this: WebSocket, code: number): void {
  (this as DashboardSocket).closed(code);
}

/** A broken frame, or a message above the limit: `ws` has begun to close it with the fitting code (1002, 1007, 1009). */
function onError(this: WebSocket): void {
  (this as DashboardSocket).ending();
}
