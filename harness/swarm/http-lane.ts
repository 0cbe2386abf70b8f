// One connection that carries one HTTP request at a time, for short and long polling. In: the bytes of a request. Out: its answer.
// A kept-alive connection is used again; one that the server closes between requests is opened anew with the next request.
import { nowUs } from '../contract/clock.ts';
import type { Address } from '../contract/target.ts';
import { Connection, type ConnectionOwner, type Loss } from './connection.ts';
import { type HttpResponseHandler, HttpResponseReader, type ResponseHead } from './readers/http-response-reader.ts';
import type { ProtocolError } from './readers/protocol-error.ts';
import type { EndReason, SessionContext } from './session.ts';

export interface LaneOwner {
  onLaneOpen(atUs: number): void;
  /** The body is bytes `start` to `end` of `buffer`, which is reused afterwards. */
  onAnswer(lane: HttpLane, head: ResponseHead, buffer: Buffer, start: number, end: number): void;
  onLaneFailed(lane: HttpLane, reason: EndReason): void;
}

const emptyBody = Buffer.alloc(0);

export class HttpLane implements ConnectionOwner, HttpResponseHandler {
  /** The intended and the actual time of the request that is outstanding, or of the last one. */
  dueUs = 0;
  sentUs = 0;
  busy = false;
  readonly #owner: LaneOwner;
  readonly #address: Address;
  readonly #context: SessionContext;
  #connection: Connection | null = null;
  #connected = false;
  #reader: HttpResponseReader | null = null;
  #request: Buffer = emptyBody;
  #deadlineUs = Number.POSITIVE_INFINITY;
  #head: ResponseHead | null = null;
  #body: Buffer = emptyBody;
  #bodyStart = 0;
  #bodyEnd = 0;
  /** True while the body is a view into the read buffer. */
  #borrowed = false;

  constructor(owner: LaneOwner, address: Address, context: SessionContext) {
    this.#owner = owner;
    this.#address = address;
    this.#context = context;
  }

  /** Sends a request; the lane must not be busy. */
  send(request: Buffer, dueUs: number): void {
    this.busy = true;
    this.dueUs = dueUs;
    this.#request = request;
    this.#body = emptyBody;
    this.#bodyStart = this.#bodyEnd = 0;
    if (this.#connected) {
      this.#transmit();
      return;
    }
    this.sentUs = nowUs();
    this.#deadlineUs = this.sentUs + this.#context.connectTimeoutUs;
    this.#reader = new HttpResponseReader(this);
    this.#connection = new Connection(this.#address, this, this.#context);
  }

  /** Fails what is outstanding when it takes too long. */
  expire(atUs: number): void {
    if (atUs < this.#deadlineUs) return;
    this.#fail({ kind: 'timeout', detail: this.#connected ? 'no answer in time' : 'no connection in time' });
  }

  /** The network takes its connection away; the owner knows. */
  lose(how: Loss): void {
    this.#connection?.lose(how);
    this.#forget();
    this.busy = false;
  }

  /** Ends the connection; the owner hears nothing more. */
  drop(): void {
    this.#connection?.drop();
    this.#forget();
    this.busy = false;
  }

  onConnected(): void {
    this.#connected = true;
    this.#owner.onLaneOpen(nowUs());
    if (this.busy && this.#connection !== null) this.#transmit();
  }

  onBytes(buffer: Buffer, end: number): void {
    this.#reader?.push(buffer, 0, end);
    if (this.#borrowed) this.#keepBody();
  }

  onGone(opened: boolean, error: Error | null): void {
    const gone = this.#connection;
    if (opened && error === null) this.#reader?.finish();
    // Its end may have completed an answer, and the owner may have asked again: what is there now is another connection.
    if (this.#connection !== gone) return;
    if (this.busy) {
      const detail = error?.message ?? 'the server closed the connection before its answer was complete';
      this.#fail({ kind: opened ? 'broken' : 'refused', detail });
    } else {
      this.#forget();
    }
  }

  onHead(head: ResponseHead): void {
    this.#head = head;
    if (head.status === 101) this.#fail({ kind: 'protocol', detail: 'the server changed the protocol unasked' });
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    this.#context.traffic.payloadIn += end - start;
    if (this.#bodyEnd === this.#bodyStart) {
      this.#body = buffer;
      this.#bodyStart = start;
      this.#bodyEnd = end;
      this.#borrowed = true;
      return;
    }
    this.#body = Buffer.concat([this.#body.subarray(this.#bodyStart, this.#bodyEnd), buffer.subarray(start, end)]);
    this.#bodyStart = 0;
    this.#bodyEnd = this.#body.length;
    this.#borrowed = false;
  }

  onMessageEnd(): void {
    const head = this.#head;
    if (head === null || !this.busy) return;
    this.busy = false;
    this.#borrowed = false;
    this.#deadlineUs = Number.POSITIVE_INFINITY;
    if (!head.keepAlive) {
      this.#connection?.drop();
      this.#forget();
    }
    this.#owner.onAnswer(this, head, this.#body, this.#bodyStart, this.#bodyEnd);
  }

  onProtocolError(error: ProtocolError): void {
    // A server that dies in the middle of its answer breaks no protocol.
    this.#fail({ kind: error.code === 'HTTP_UNEXPECTED_END' ? 'broken' : 'protocol', detail: error.message });
  }

  #transmit(): void {
    this.sentUs = nowUs();
    this.#deadlineUs = this.sentUs + this.#context.requestTimeoutUs;
    this.#connection?.write(this.#request);
  }

  #keepBody(): void {
    this.#body = Buffer.from(this.#body.subarray(this.#bodyStart, this.#bodyEnd));
    this.#bodyStart = 0;
    this.#bodyEnd = this.#body.length;
    this.#borrowed = false;
  }

  #fail(reason: EndReason): void {
    this.drop();
    this.#owner.onLaneFailed(this, reason);
  }

  #forget(): void {
    this.#reader?.stop();
    this.#connection = null;
    this.#connected = false;
    this.#reader = null;
    this.#deadlineUs = Number.POSITIVE_INFINITY;
  }
}
