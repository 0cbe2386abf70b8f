// WebSocket (RFC 6455): the opening handshake, then frames. Answers pings, obeys the closing handshake, sends nothing else unasked.
import { nowUs } from '../contract/clock.ts';
import type { Decoded } from '../contract/target.ts';
import { websocketAccept } from '../contract/websocket-key.ts';
import { Connection, type ConnectionOwner, type Loss } from './connection.ts';
import { type FrameHandler, FrameReader } from './readers/frame-reader.ts';
import { encodeClientClose, encodeClientFrame, encodeClientPong, opcodes } from './readers/frame-writer.ts';
import { type HttpResponseHandler, HttpResponseReader } from './readers/http-response-reader.ts';
import type { ProtocolError } from './readers/protocol-error.ts';
import type { ResponseHead } from './readers/response-head.ts';
import {
  type EndReason,
  endedByStatus,
  type Session,
  type SessionContext,
  type SessionListener,
  type SessionPlace,
} from './session.ts';

/** Of a frame that is not masked and shorter than 126 bytes, as an answer to an action is (RFC 6455 §5.2). */
const headBytes = 2;

const decoded: Decoded = { kind: 'other', version: 0, intendedUs: 0 };

export class WebSocketSession implements Session, ConnectionOwner, HttpResponseHandler, FrameHandler {
  readonly #place: SessionPlace;
  readonly #listener: SessionListener;
  readonly #context: SessionContext;
  #handshake: HttpResponseReader | null = new HttpResponseReader(this);
  #frames: FrameReader | null = null;
  #connection: Connection | null = null;
  #deadlineUs = Number.POSITIVE_INFINITY;
  #atUs = 0;
  #ended = false;

  constructor(place: SessionPlace, listener: SessionListener, context: SessionContext) {
    this.#place = place;
    this.#listener = listener;
    this.#context = context;
  }

  get outstanding(): number {
    return this.#deadlineUs === Number.POSITIVE_INFINITY ? 0 : 1;
  }

  open(): void {
    this.#deadlineUs = nowUs() + this.#context.connectTimeoutUs;
    this.#connection = new Connection(this.#place.address, this, this.#context);
  }

  quiesce(): void {
    // Frames come when the server has news.
  }

  settle(): void {
    // Frames come when the server has news.
  }

  /** Starts the closing handshake with 1000 and does not wait for its answer: the client's screen is gone. */
  close(): void {
    if (this.#frames !== null && !this.#ended) {
      this.#sendClose(1000);
      this.#connection?.end();
    }
    this.#end({ kind: 'stopped' });
  }

  lose(how: Loss): void {
    this.#connection?.lose(how);
    this.#connection = null;
    this.#end({ kind: 'closed', code: 1006 });
  }

  say(text: string): boolean {
    if (this.#ended || this.#frames === null) return false;
    this.#sendText(text);
    return true;
  }

  expire(atUs: number): void {
    if (atUs >= this.#deadlineUs) this.#end({ kind: 'timeout', detail: 'no WebSocket in time' });
  }

  onConnected(): void {
    this.#connection?.write(this.#context.requests.bytes(this.#place));
  }

  onBytes(buffer: Buffer, end: number): void {
    this.#atUs = nowUs();
    if (this.#handshake === null) {
      this.#frames?.push(buffer, 0, end);
      return;
    }
    const next = this.#handshake.push(buffer, 0, end);
    if (this.#frames === null) return;
    this.#handshake = null;
    if (next < end) this.#frames.push(buffer, next, end);
  }

  onGone(opened: boolean, error: Error | null): void {
    if (opened && this.#frames !== null) this.#end({ kind: 'closed', code: 1006 });
    else
      this.#end({ kind: opened ? 'broken' : 'refused', detail: error?.message ?? 'the server closed the connection' });
  }

  onHead(head: ResponseHead): void {
    this.#context.requests.keepCookie(this.#place, head);
    const misfit = head.status === 101 ? findMisfit(head, this.#context.target.subprotocol ?? null) : null;
    if (head.status !== 101) this.#end(endedByStatus(head));
    else if (misfit !== null) this.#end({ kind: 'protocol', detail: misfit });
    else this.#becomeOpen();
  }

  onBody(): void {
    // The body of a refusal tells nothing that its status does not.
  }

  onMessageEnd(): void {
    // A refusal; `onHead` has ended the session.
  }

  onMessage(buffer: Buffer, start: number, end: number): void {
    const { traffic, target } = this.#context;
    traffic.payloadIn += end - start;
    target.decode(buffer, start, end, decoded);
    if (decoded.kind === 'snapshot' || decoded.kind === 'update')
      this.#listener.onVersion(decoded.kind, decoded.version, this.#atUs, decoded.intendedUs);
    else if (decoded.kind === 'ping' && target.pong !== null) this.#sendText(target.pong);
    else if (decoded.kind === 'acted')
      this.#listener.onActed(decoded.id ?? 0, decoded.version < 0 ? null : decoded.version, headBytes + end - start);
  }

  onPing(buffer: Buffer, start: number, end: number): void {
    this.#connection?.write(encodeClientPong(buffer, start, end, this.#mask()));
  }

  onPong(): void {
    // Not asked for; allowed as a one-way heartbeat (RFC 6455 §5.5.3).
  }

  onClose(code: number): void {
    this.#sendClose(code);
    this.#connection?.end();
    this.#end({ kind: 'closed', code });
  }

  onProtocolError(error: ProtocolError): void {
    if (this.#frames !== null) this.#sendClose(error.closeCode ?? 1002);
    this.#end({ kind: 'protocol', detail: error.message });
  }

  #becomeOpen(): void {
    this.#deadlineUs = Number.POSITIVE_INFINITY;
    this.#frames = new FrameReader(this);
    for (const message of this.#context.target.firstMessages(this.#place)) this.#sendText(message);
    this.#listener.onOpen(this.#atUs);
  }

  #sendText(text: string): void {
    const payload = Buffer.from(text);
    this.#context.traffic.payloadOut += payload.length;
    this.#connection?.write(encodeClientFrame(opcodes.text, payload, this.#mask()));
  }

  #sendClose(code: number): void {
    this.#connection?.write(encodeClientClose(code, '', this.#mask()));
  }

  #mask(): number {
    return Math.floor(this.#context.random() * 2 ** 32);
  }

  #end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadlineUs = Number.POSITIVE_INFINITY;
    this.#handshake?.stop();
    this.#frames?.stop();
    this.#connection?.release();
    this.#listener.onEnd(reason, nowUs());
  }
}

/** Why a 101 is no answer to our handshake (RFC 6455 §4.1), or `null` when it is. */
function findMisfit(head: ResponseHead, asked: string | null): string | null {
  const { secWebSocketAccept, upgrade, secWebSocketExtensions, secWebSocketProtocol } = head;
  if (secWebSocketAccept !== websocketAccept || upgrade?.toLowerCase() !== 'websocket')
    return 'the answer to the handshake does not fit the key';
  if (secWebSocketProtocol === null && asked !== null) return `the server did not choose the subprotocol ${asked}`;
  const unasked = secWebSocketExtensions ?? (secWebSocketProtocol === asked ? null : secWebSocketProtocol);
  return unasked === null ? null : `the server chose an extension or subprotocol that was not offered: ${unasked}`;
}
