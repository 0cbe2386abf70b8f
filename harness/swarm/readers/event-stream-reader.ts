// In: the bytes of a text/event-stream, cut anywhere. Out: the data of each event as bytes, or one protocol error.
// Source: WHATWG HTML §9.2.5 (parsing) and §9.2.6 (interpreting an event stream).
import { fieldName, findLineEnd, findNameEnd, readDigits, readId } from './event-stream-line.ts';
import { ProtocolError } from './protocol-error.ts';
import { Tail } from './tail.ts';

/** Who uses the reader; the session itself, so that no closure is needed. Any call may `stop()` the reader, none may `push`. */
export interface EventStreamHandler {
  /** An event's data, without the last line feed. The view is valid during the call only. */
  onEvent(buffer: Buffer, start: number, end: number): void;
  /** A comment line: most servers' heartbeat. */
  onComment?(): void;
  /** Called at most once; from then on the reader ignores input. */
  onProtocolError(error: ProtocolError): void;
}

/** Largest line, and largest data of one event, in bytes. */
const defaultMaxEventBytes = 1_048_576;

const lf = 10;
const cr = 13;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const bomDone = 3;

/** Reads one connection's event stream. An event that the end of the stream cuts off is never reported, as the standard asks. */
export class EventStreamReader {
  /** The last `retry:` in milliseconds; `null` before there was one. */
  retryMs: number | null = null;
  private readonly handler: EventStreamHandler;
  private readonly maxEventBytes: number;
  private bomBytes = 0;
  private skipsLf = false;
  private isStopped = false;
  /** The single data line of the current event while it lies in the pushed buffer; -1: none. */
  private viewStart = -1;
  private viewEnd = -1;
  /** The data of the current event, when it is more than such a view. */
  private gathered: Tail | null = null;
  /** A line that has begun in an earlier segment. */
  private line: Tail | null = null;
  private type = '';
  /** An id of at most 9 digits stays a number: it needs no memory, and few ids are ever asked for. */
  private pendingId: string | number | null = null;
  private committedId: string | number | null = null;

  constructor(handler: EventStreamHandler, maxEventBytes: number = defaultMaxEventBytes) {
    this.handler = handler;
    this.maxEventBytes = maxEventBytes;
  }

  /** The id to resume after: of the last complete event that had one on this stream; `null` before there was one, '' after an empty id. */
  get lastEventId(): string | null {
    return typeof this.committedId === 'number' ? String(this.committedId) : this.committedId;
  }

  /** During `onEvent`: the event's type. */
  get eventType(): string {
    return this.type === '' ? 'message' : this.type;
  }

  /** Ignores all further input; no more calls to the handler. */
  stop(): void {
    this.isStopped = true;
    this.gathered = null;
    this.line = null;
    this.viewStart = -1;
  }

  /** Reads the bytes from `start` to `end`. The buffer may be reused at once. */
  push(buffer: Buffer, start: number, end: number): void {
    let at = this.bomBytes === bomDone ? start : this.skipByteOrderMark(buffer, start, end);
    const { maxEventBytes } = this;
    while (at < end && !this.isStopped) {
      if (this.skipsLf) {
        this.skipsLf = false;
        if (buffer[at] === lf) {
          at++;
          continue;
        }
      }
      const lineEnd = findLineEnd(buffer, at, end);
      if (lineEnd - at > maxEventBytes) {
        this.failTooLarge();
        return;
      }
      if (lineEnd === end) {
        this.keepLine(buffer, at, end);
        break;
      }
      this.skipsLf = buffer[lineEnd] === cr;
      if (this.line !== null) this.endCutLine(this.line, buffer, at, lineEnd);
      else if (lineEnd === at) this.dispatch(buffer);
      else this.readLine(buffer, at, lineEnd, true);
      at = lineEnd + 1;
    }
    if (this.viewStart >= 0) this.gatherView(buffer);
  }

  private skipByteOrderMark(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.bomBytes < bomDone && buffer[at] === byteOrderMark[this.bomBytes]) {
      at++;
      this.bomBytes++;
    }
    if (at < end && this.bomBytes < bomDone) {
      // It was no byte order mark after all: what looked like one belongs to the first line.
      if (this.bomBytes > 0) this.keepLine(byteOrderMark, 0, this.bomBytes);
      this.bomBytes = bomDone;
    }
    return at;
  }

  private keepLine(buffer: Buffer, start: number, end: number): void {
    this.line ??= new Tail(end - start);
    this.line.append(buffer, start, end);
    if (this.line.length > this.maxEventBytes) this.failTooLarge();
  }

  private endCutLine(line: Tail, buffer: Buffer, start: number, end: number): void {
    line.append(buffer, start, end);
    this.line = null;
    if (line.length > this.maxEventBytes) this.failTooLarge();
    else this.readLine(line.bytes, 0, line.length, false);
  }

  /** One line that is not empty. `isPushed`: it lies in the pushed buffer, so its value can be kept as a view until `push` ends. */
  private readLine(bytes: Buffer, start: number, end: number, isPushed: boolean): void {
    const nameEnd = findNameEnd(bytes, start, end);
    if (nameEnd === start) {
      this.handler.onComment?.();
      return;
    }
    let valueStart = nameEnd === end ? end : nameEnd + 1;
    if (valueStart < end && bytes[valueStart] === 32) valueStart++;
    switch (fieldName(bytes, start, nameEnd)) {
      case 'data':
        if (isPushed && this.viewStart < 0 && this.gathered === null) {
          this.viewStart = valueStart;
          this.viewEnd = end;
        } else this.gatherLine(bytes, valueStart, end);
        break;
      case 'id':
        this.pendingId = readId(bytes, valueStart, end) ?? this.pendingId;
        break;
      case 'event':
        this.type = bytes.toString('utf8', valueStart, end);
        break;
      case 'retry':
        this.retryMs = readDigits(bytes, valueStart, end) ?? this.retryMs;
        break;
    }
  }

  /** A blank line: the event is complete, and without data it is none (but its id counts). */
  private dispatch(buffer: Buffer): void {
    this.committedId = this.pendingId;
    const { viewStart, gathered } = this;
    this.viewStart = -1;
    this.gathered = null;
    if (viewStart >= 0) this.handler.onEvent(buffer, viewStart, this.viewEnd);
    else if (gathered !== null) this.handler.onEvent(gathered.bytes, 0, gathered.length);
    this.type = '';
  }

  /** Another data line: the standard joins them with a line feed. */
  private gatherLine(bytes: Buffer, start: number, end: number): void {
    if (this.viewStart >= 0) this.gatherView(bytes);
    if (this.gathered === null) this.gathered = new Tail(end - start);
    else this.gathered.appendByte(lf);
    this.gathered.append(bytes, start, end);
    if (this.gathered.length > this.maxEventBytes) this.failTooLarge();
  }

  private gatherView(buffer: Buffer): void {
    this.gathered = new Tail(this.viewEnd - this.viewStart);
    this.gathered.append(buffer, this.viewStart, this.viewEnd);
    this.viewStart = -1;
  }

  private failTooLarge(): void {
    this.stop();
    const message = `a line or an event's data beyond ${this.maxEventBytes} bytes; expected less, or a higher limit`;
    this.handler.onProtocolError(new ProtocolError('SSE_EVENT_TOO_LARGE', message));
  }
}
