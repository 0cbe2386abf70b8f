// In: the bytes a WebSocket server sends after its 101, cut anywhere. Out: messages, pings, pongs and the close, or one protocol error.
// Source: RFC 6455 §5 (framing), §7.4 (close codes), §8.1 (UTF-8). No extension is negotiated, so the reserved bits are 0.
import {
  badLength,
  badText,
  continuation,
  finBit,
  findBreach,
  findCloseBreach,
  headerBytes,
  isText,
  ping,
  pong,
  readLongLength,
  text,
  tooLarge,
  wholeBytes,
} from './frame-rules.ts';
import type { ProtocolError } from './protocol-error.ts';
import { Tail } from './tail.ts';

/** Who uses the reader; the session itself, so that no closure is needed. Any call may `stop()` the reader, none may `push`. */
export interface FrameHandler {
  /** A whole message; text is valid UTF-8. This view and those below are valid during the call only. */
  onMessage(buffer: Buffer, start: number, end: number, isText: boolean): void;
  /** A ping's payload, which the pong must repeat. */
  onPing(buffer: Buffer, start: number, end: number): void;
  onPong(buffer: Buffer, start: number, end: number): void;
  /** The server's close frame; 1005 if it names no code. Later input is ignored. */
  onClose(code: number, reason: string): void;
  /** Called at most once, with the `closeCode` to send; from then on the reader ignores input. */
  onProtocolError(error: ProtocolError): void;
}

/** Largest message, all fragments together, in bytes. */
const defaultMaxMessageBytes = 1_048_576;

/** Reads one connection's frames. */
export class FrameReader {
  private readonly handler: FrameHandler;
  private readonly maxMessageBytes: number;
  private isStopped = false;
  /** Opcode of the message that has begun but not ended; 0: none. */
  private messageOpcode = continuation;
  /** Whether the frame being read ends its message. */
  private isFinal = false;
  /** Payload bytes left of the data frame being read; 0: between frames. */
  private remaining = 0;
  /** Payload so far of a message that is cut or fragmented. */
  private message: Tail | null = null;
  /** A cut frame header, or a cut control frame as a whole: those may come between a message's fragments. */
  private partial: Tail | null = null;

  constructor(handler: FrameHandler, maxMessageBytes: number = defaultMaxMessageBytes) {
    this.handler = handler;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Reads the bytes from `start` to `end`. The buffer may be reused at once. */
  push(buffer: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.isStopped) {
      if (this.remaining > 0) at = this.readPayload(buffer, at, end);
      else if (this.partial !== null) at = this.readCutFrame(this.partial, buffer, at, end);
      else at = this.readFrame(buffer, at, end);
    }
  }

  /** Ignores all further input; no more calls to the handler. */
  stop(): void {
    this.isStopped = true;
    this.message = null;
    this.partial = null;
  }

  /** Reads a frame from its first byte; returns where the next begins, or `end` if this one is cut. */
  private readFrame(buffer: Buffer, at: number, end: number): number {
    if (end - at < 2) return this.keepPartial(buffer, at, end);
    const first = buffer[at] as number;
    const shortLength = buffer[at + 1] as number;
    const breach = findBreach(first, shortLength, this.messageOpcode !== continuation);
    if (breach !== null) return this.raise(breach, end);
    const payloadStart = at + headerBytes(shortLength);
    if (payloadStart > end) return this.keepPartial(buffer, at, end);
    const length = shortLength < 126 ? shortLength : readLongLength(buffer, at + 2, shortLength);
    if (length < 0) return this.raise(badLength(), end);
    const payloadEnd = payloadStart + length;
    if ((first & 0x08) !== 0) {
      if (payloadEnd > end) return this.keepPartial(buffer, at, end);
      this.endControlFrame(first & 0x0f, buffer, payloadStart, payloadEnd);
      return payloadEnd;
    }
    const messageBytes = length + (this.message?.length ?? 0);
    if (messageBytes > this.maxMessageBytes) return this.raise(tooLarge(messageBytes, this.maxMessageBytes), end);
    if (payloadEnd <= end && first > finBit && this.messageOpcode === continuation) {
      this.endMessage(first & 0x0f, buffer, payloadStart, payloadEnd);
      return payloadEnd;
    }
    return this.beginPayload(first, length, payloadStart, Math.min(end - payloadStart, length));
  }

  private beginPayload(first: number, length: number, payloadStart: number, atHand: number): number {
    if ((first & 0x0f) !== continuation) this.messageOpcode = first & 0x0f;
    this.isFinal = first >= finBit;
    this.remaining = length;
    // The announced length is a hint, not a promise: memory is taken as bytes arrive, beyond a first portion.
    this.message ??= new Tail(Math.max(atHand, Math.min(length, 16_384)));
    if (length === 0) this.endDataFrame(this.message);
    return payloadStart;
  }

  private readPayload(buffer: Buffer, at: number, end: number): number {
    const pieceEnd = Math.min(end, at + this.remaining);
    this.message ??= new Tail(this.remaining);
    this.message.append(buffer, at, pieceEnd);
    this.remaining -= pieceEnd - at;
    if (this.remaining === 0) this.endDataFrame(this.message);
    return pieceEnd;
  }

  private endDataFrame(message: Tail): void {
    if (!this.isFinal) return;
    const opcode = this.messageOpcode;
    this.messageOpcode = continuation;
    this.message = null;
    this.endMessage(opcode, message.bytes, 0, message.length);
  }

  private endMessage(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === text && !isText(bytes, start, end)) this.raise(badText('a text message'), end);
    else this.handler.onMessage(bytes, start, end, opcode === text);
  }

  private keepPartial(buffer: Buffer, at: number, end: number): number {
    this.partial = new Tail(end - at);
    this.partial.append(buffer, at, end);
    return end;
  }

  /** Completes a cut header or control frame byte for byte as far as it reaches, then reads it from the tail. */
  private readCutFrame(partial: Tail, buffer: Buffer, at: number, end: number): number {
    const neededBytes = wholeBytes(partial.bytes, partial.length);
    const next = Math.min(end, at + neededBytes - partial.length);
    partial.append(buffer, at, next);
    if (partial.length === neededBytes) {
      this.partial = null;
      this.readFrame(partial.bytes, 0, partial.length);
    }
    return next;
  }

  private endControlFrame(opcode: number, buffer: Buffer, start: number, end: number): void {
    if (opcode === ping) this.handler.onPing(buffer, start, end);
    else if (opcode === pong) this.handler.onPong(buffer, start, end);
    else this.endClose(buffer, start, end);
  }

  private endClose(buffer: Buffer, start: number, end: number): void {
    const breach = findCloseBreach(buffer, start, end);
    if (breach !== null) {
      this.raise(breach, end);
      return;
    }
    this.stop();
    if (end === start) this.handler.onClose(1005, '');
    else this.handler.onClose(buffer.readUInt16BE(start), buffer.toString('utf8', start + 2, end));
  }

  /** Reports the error and returns `next`, so that a caller can leave in one step. */
  private raise(error: ProtocolError, next: number): number {
    this.stop();
    this.handler.onProtocolError(error);
    return next;
  }
}
