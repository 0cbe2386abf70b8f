// In: the bytes of a kept-alive connection, cut anywhere. Out: heads, body pieces and message ends, or one protocol error.
// Source: RFC 9112 (HTTP/1.1 messages). Requests are not pipelined, but several responses may come in one segment.
import { ChunkLine } from './chunk-line.ts';
import { findKnownHead, rememberHead } from './head-cache.ts';
import { ProtocolError } from './protocol-error.ts';
import {
  checkTrailers,
  findSectionEnd,
  parseHead,
  type ResponseHead,
  sectionBroken,
  sectionIncomplete,
  startsLikeStatusLine,
} from './response-head.ts';
import { Tail } from './tail.ts';

export type { ResponseHead } from './response-head.ts';

/** Who uses the reader; the session itself, so that no closure is needed. Any call may `stop()` the reader, none may `push`. */
export interface HttpResponseHandler {
  /** A final response, or 101, begins. Other interim responses (1xx) are passed over. */
  onHead(head: ResponseHead): void;
  /** A piece of the body. The view is valid during the call only. */
  onBody(buffer: Buffer, start: number, end: number): void;
  /** The response is complete. Not called for 101. */
  onMessageEnd(): void;
  /** Called at most once; from then on the reader ignores input. */
  onProtocolError(error: ProtocolError): void;
}

/** Largest head or trailer section that is read, in bytes. */
export const maxHeadBytes = 16_384;

const inHead = 0;
const inLengthBody = 1;
const inCloseBody = 2;
const inChunkLine = 3;
const inChunkBody = 4;
const inTrailers = 5;
/** A response that closes the connection is complete: nothing may follow. */
const closing = 6;
/** After 101 the bytes belong to another protocol. */
const upgraded = 7;
const stopped = 8;

/** Reads one connection's responses. Counts every byte once, either as payload or as overhead. */
export class HttpResponseReader {
  /** Body bytes so far, without chunk framing. */
  payloadBytes = 0;
  /** All other bytes so far: heads, interim responses, chunk framing, trailers. */
  overheadBytes = 0;
  private readonly handler: HttpResponseHandler;
  private state = inHead;
  /** Bytes left of the body or chunk. */
  private remaining = 0;
  private keepAlive = true;
  /** A head or trailer section that has begun in an earlier segment. */
  private tail: Tail | null = null;
  /** Made for the first chunked response. */
  private chunkLine: ChunkLine | null = null;

  constructor(handler: HttpResponseHandler) {
    this.handler = handler;
  }

  /**
   * Reads the bytes from `start` to `end`. Returns `end`, or after a 101 the offset at which the upgraded
   * protocol's bytes begin. The buffer may be reused at once.
   */
  push(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const { state } = this;
      if (state === inHead) at = this.readHead(buffer, at, end);
      else if (state === inLengthBody || state === inChunkBody) at = this.readSizedBody(buffer, at, end);
      else if (state === inChunkLine) at = this.readChunkLine(buffer, at, end);
      else if (state === inCloseBody) at = this.readCloseBody(buffer, at, end);
      else if (state === inTrailers) at = this.readTrailers(buffer, at, end);
      else if (state === upgraded) return at;
      else if (state === closing) at = this.failClosing(end);
      else return end;
    }
    return at;
  }

  /** The connection has ended: completes a close-delimited body; an error in the middle of anything else. */
  finish(): void {
    const { state } = this;
    if (state === inCloseBody) this.endMessage();
    else if (state < closing && !(state === inHead && this.tail === null)) {
      const message = `connection ended ${describeState(state)}; expected the rest of the response`;
      this.raise(new ProtocolError('HTTP_UNEXPECTED_END', message), 0);
    }
    this.stop();
  }

  /** Ignores all further input; no more calls to the handler. */
  stop(): void {
    this.state = stopped;
    this.tail = null;
  }

  private readHead(buffer: Buffer, at: number, end: number): number {
    if (this.tail !== null) return this.readCutSection(this.tail, buffer, at, end);
    const known = findKnownHead(buffer, at, end);
    if (known !== null) {
      const { head, length } = known;
      this.beginMessage(head, length);
      return at + length;
    }
    const headEnd = findSectionEnd(buffer, at, at, Math.min(end, at + maxHeadBytes));
    if (headEnd < 0) return this.keepSection(headEnd, buffer, at, end);
    const head = parseHead(buffer, at, headEnd);
    if (head instanceof ProtocolError) return this.raise(head, headEnd);
    rememberHead(buffer, at, headEnd, head);
    this.beginMessage(head, headEnd - at);
    return headEnd;
  }

  private readTrailers(buffer: Buffer, at: number, end: number): number {
    if (this.tail !== null) return this.readCutSection(this.tail, buffer, at, end);
    const sectionEnd = findSectionEnd(buffer, at, at, Math.min(end, at + maxHeadBytes));
    if (sectionEnd < 0) return this.keepSection(sectionEnd, buffer, at, end);
    this.endTrailers(buffer, at, sectionEnd);
    return sectionEnd;
  }

  /** Goes on with a head or trailer section whose beginning is in the tail. */
  private readCutSection(tail: Tail, buffer: Buffer, at: number, end: number): number {
    const before = tail.length;
    tail.append(buffer, at, Math.min(end, at + maxHeadBytes - before));
    const sectionEnd = findSectionEnd(tail.bytes, 0, Math.max(0, before - 1), tail.length);
    if (sectionEnd < 0) {
      const problem = this.findSectionProblem(sectionEnd, tail.bytes, 0, tail.length);
      if (problem !== null) return this.raise(problem, end);
      return end;
    }
    this.tail = null;
    const next = at + sectionEnd - before;
    if (this.state === inTrailers) this.endTrailers(tail.bytes, 0, sectionEnd);
    else {
      const head = parseHead(tail.bytes, 0, sectionEnd);
      if (head instanceof ProtocolError) return this.raise(head, next);
      this.beginMessage(head, sectionEnd);
    }
    return next;
  }

  private keepSection(found: number, buffer: Buffer, at: number, end: number): number {
    const problem = this.findSectionProblem(found, buffer, at, end);
    if (problem !== null) return this.raise(problem, end);
    this.tail = new Tail(end - at);
    this.tail.append(buffer, at, end);
    return end;
  }

  private findSectionProblem(found: number, bytes: Buffer, start: number, end: number): ProtocolError | null {
    if (this.state === inHead && !startsLikeStatusLine(bytes, start, end)) {
      const text = JSON.stringify(bytes.toString('latin1', start, Math.min(end, start + 40)));
      return new ProtocolError('HTTP_BAD_STATUS_LINE', `response begins ${text}; expected "HTTP/1.1 200 OK"`);
    }
    if (found === sectionBroken) {
      const message = 'CR without LF or LF without CR; expected lines to end with CRLF';
      return new ProtocolError('HTTP_BAD_LINE_ENDING', message);
    }
    if (found === sectionIncomplete && end - start < maxHeadBytes) return null;
    return new ProtocolError('HTTP_HEAD_TOO_LARGE', `headers beyond ${maxHeadBytes} bytes; expected fewer`);
  }

  private beginMessage(head: ResponseHead, headBytes: number): void {
    this.overheadBytes += headBytes;
    const { status, framing } = head;
    if (status < 200 && status !== 101) return;
    this.keepAlive = head.keepAlive;
    if (status === 101) this.state = upgraded;
    else if (framing === 'chunked') this.beginChunkLine(true);
    else if (framing === 'close') this.state = inCloseBody;
    else if (framing === 'length' && head.contentLength > 0) {
      this.state = inLengthBody;
      this.remaining = head.contentLength;
    } else {
      this.handler.onHead(head);
      if (this.state !== stopped) this.endMessage();
      return;
    }
    this.handler.onHead(head);
  }

  private endMessage(): void {
    this.state = this.keepAlive ? inHead : closing;
    this.handler.onMessageEnd();
  }

  private readSizedBody(buffer: Buffer, at: number, end: number): number {
    const pieceEnd = Math.min(end, at + this.remaining);
    this.remaining -= pieceEnd - at;
    this.payloadBytes += pieceEnd - at;
    this.handler.onBody(buffer, at, pieceEnd);
    if (this.remaining === 0) {
      if (this.state === inLengthBody) this.endMessage();
      else if (this.state === inChunkBody) this.beginChunkLine(false);
    }
    return pieceEnd;
  }

  private readCloseBody(buffer: Buffer, at: number, end: number): number {
    this.payloadBytes += end - at;
    this.handler.onBody(buffer, at, end);
    return end;
  }

  private readChunkLine(buffer: Buffer, at: number, end: number): number {
    const line = this.chunkLine ?? this.beginChunkLine(true);
    const next = line.push(buffer, at, end);
    if (line.error !== null) return this.raise(line.error, next);
    this.overheadBytes += next - at;
    if (line.isComplete) {
      this.remaining = line.size;
      this.state = line.size === 0 ? inTrailers : inChunkBody;
    }
    return next;
  }

  private beginChunkLine(isFirst: boolean): ChunkLine {
    this.chunkLine ??= new ChunkLine();
    this.chunkLine.begin(isFirst);
    this.state = inChunkLine;
    return this.chunkLine;
  }

  private endTrailers(bytes: Buffer, start: number, end: number): void {
    this.overheadBytes += end - start;
    const error = checkTrailers(bytes, start, end);
    if (error === null) this.endMessage();
    else this.raise(error, end);
  }

  private failClosing(next: number): number {
    const message = 'bytes after a response that closes the connection; expected none';
    return this.raise(new ProtocolError('HTTP_DATA_AFTER_CLOSE', message), next);
  }

  /** Reports the error and returns `next`, so that a caller can leave in one step. */
  private raise(error: ProtocolError, next: number): number {
    this.stop();
    this.handler.onProtocolError(error);
    return next;
  }
}

function describeState(state: number): string {
  if (state === inHead) return 'within a head';
  if (state === inLengthBody) return 'before the Content-Length was reached';
  return 'within a chunked body';
}
