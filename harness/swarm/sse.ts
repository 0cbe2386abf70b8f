// Server-sent events: one GET that stays open, its body an event stream (WHATWG HTML §9.2). Resumes after the version the client holds.
import { nowUs } from '../contract/clock.ts';
import type { Decoded } from '../contract/target.ts';
import { Connection, type ConnectionOwner, type Loss } from './connection.ts';
import { type EventStreamHandler, EventStreamReader } from './readers/event-stream-reader.ts';
import { type HttpResponseHandler, HttpResponseReader } from './readers/http-response-reader.ts';
import type { ProtocolError } from './readers/protocol-error.ts';
import type { ResponseHead } from './readers/response-head.ts';
import {
  type EndReason,
  endedByStatus,
  lost,
  type Session,
  type SessionContext,
  type SessionListener,
  type SessionPlace,
} from './session.ts';

const decoded: Decoded = { kind: 'other', version: 0, intendedUs: 0 };

export class SseSession implements Session, ConnectionOwner, HttpResponseHandler, EventStreamHandler {
  readonly #place: SessionPlace;
  readonly #listener: SessionListener;
  readonly #context: SessionContext;
  readonly #response = new HttpResponseReader(this);
  readonly #events = new EventStreamReader(this);
  #connection: Connection | null = null;
  #deadlineUs = Number.POSITIVE_INFINITY;
  #atUs = 0;
  #toldRetryMs: number | null = null;
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
    // A stream asks for nothing.
  }

  settle(): void {
    // A stream asks for nothing.
  }

  close(): void {
    this.#end({ kind: 'stopped' });
  }

  lose(how: Loss): void {
    this.#connection?.lose(how);
    this.#connection = null;
    this.#end(lost);
  }

  expire(atUs: number): void {
    if (atUs >= this.#deadlineUs) this.#end({ kind: 'timeout', detail: 'no event stream in time' });
  }

  onConnected(): void {
    this.#connection?.write(this.#context.requests.bytes(this.#place));
  }

  onBytes(buffer: Buffer, end: number): void {
    this.#atUs = nowUs();
    this.#response.push(buffer, 0, end);
  }

  onGone(opened: boolean, error: Error | null): void {
    this.#end({ kind: opened ? 'broken' : 'refused', detail: error?.message ?? 'the server ended the stream' });
  }

  onHead(head: ResponseHead): void {
    this.#context.requests.keepCookie(this.#place, head);
    const isStream = head.contentType?.split(';')[0]?.trim().toLowerCase() === 'text/event-stream';
    if (head.status !== 200) this.#end(endedByStatus(head));
    else if (!isStream)
      this.#end({
        kind: 'protocol',
        detail: `content type '${head.contentType ?? ''}' where text/event-stream was expected`,
      });
    else {
      this.#deadlineUs = Number.POSITIVE_INFINITY;
      this.#listener.onOpen(this.#atUs);
    }
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    this.#events.push(buffer, start, end);
    if (this.#events.retryMs !== this.#toldRetryMs && this.#events.retryMs !== null) {
      this.#toldRetryMs = this.#events.retryMs;
      this.#listener.onRetryDelay(this.#toldRetryMs * 1000);
    }
  }

  onMessageEnd(): void {
    this.#end({ kind: 'broken', detail: 'the server ended the stream' });
  }

  onEvent(buffer: Buffer, start: number, end: number): void {
    this.#context.traffic.payloadIn += end - start;
    this.#context.target.decode(buffer, start, end, decoded);
    if (decoded.kind === 'snapshot' || decoded.kind === 'update')
      this.#listener.onVersion(decoded.kind, decoded.version, this.#atUs, decoded.intendedUs);
  }

  onProtocolError(error: ProtocolError): void {
    this.#end({ kind: 'protocol', detail: error.message });
  }

  #end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadlineUs = Number.POSITIVE_INFINITY;
    this.#response.stop();
    this.#events.stop();
    this.#connection?.drop();
    this.#listener.onEnd(reason, nowUs());
  }
}
