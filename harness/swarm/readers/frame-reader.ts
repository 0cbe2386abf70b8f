// In: the bytes a WebSocket server sends after its 101, cut anywhere. Out: messages, pings, pongs and the close, or one protocol error.
// Source: RFC 6455 §5 (framing), §7.4 (close codes), §8.1 (UTF-8). No extension is negotiated, so the reserved bits are 0.
import { isUtf8 } from 'node:buffer';
import { ProtocolError, type ProtocolErrorCode } from './protocol-error.ts';
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
export const defaultMaxMessageBytes = 1_048_576;

const continuation = 0;
const text = 1;
const binary = 2;
const close = 8;
const ping = 9;
const pong = 10;
const finBit = 0x80;

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
    if (!this.checkFirstBytes(first, shortLength)) return end;
    const payloadStart = at + headerBytes(shortLength);
    if (payloadStart > end) return this.keepPartial(buffer, at, end);
    const length = shortLength < 126 ? shortLength : readLongLength(buffer, at + 2, shortLength);
    if (length < 0) {
      return this.fail(
        'WS_BAD_LENGTH',
        'a frame length that is not in its shortest form, or beyond 63 bits; expected the minimal encoding',
        1002,
        end,
      );
    }
    const payloadEnd = payloadStart + length;
    if ((first & 0x08) !== 0) {
      if (payloadEnd > end) return this.keepPartial(buffer, at, end);
      this.endControlFrame(first & 0x0f, buffer, payloadStart, payloadEnd);
      return payloadEnd;
    }
    if (length + (this.message?.length ?? 0) > this.maxMessageBytes) {
      const message = `a message of ${length + (this.message?.length ?? 0)} bytes or more; expected at most ${this.maxMessageBytes}`;
      return this.fail('WS_MESSAGE_TOO_LARGE', message, 1009, end);
    }
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
    if (opcode === text && !isText(bytes, start, end)) {
      this.fail('WS_BAD_UTF8', 'a text message that is not valid UTF-8; expected valid UTF-8', 1007, end);
      return;
    }
    this.handler.onMessage(bytes, start, end, opcode === text);
  }

  private keepPartial(buffer: Buffer, at: number, end: number): number {
    this.partial = new Tail(end - at);
    this.partial.append(buffer, at, end);
    return end;
  }

  /** Completes a cut header or control frame byte for byte as far as it reaches, then reads it from the tail. */
  private readCutFrame(partial: Tail, buffer: Buffer, at: number, end: number): number {
    const neededBytes = wholeBytes(partial);
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
    if (end === start) {
      this.stop();
      this.handler.onClose(1005, '');
      return;
    }
    if (end - start === 1) {
      this.fail(
        'WS_BAD_CLOSE_LENGTH',
        'a close frame with 1 byte; expected none, or a code of 2 bytes and a reason',
        1002,
        end,
      );
      return;
    }
    const code = buffer.readUInt16BE(start);
    if (!isCloseCode(code)) {
      this.fail('WS_BAD_CLOSE_CODE', `close code ${code}; expected one that may be sent (RFC 6455 §7.4)`, 1002, end);
    } else if (!isText(buffer, start + 2, end)) {
      this.fail('WS_BAD_UTF8', 'a close reason that is not valid UTF-8; expected valid UTF-8', 1007, end);
    } else {
      this.stop();
      this.handler.onClose(code, buffer.toString('utf8', start + 2, end));
    }
  }

  /** Checks what the first two bytes of a frame tell: everything but the long lengths. */
  private checkFirstBytes(first: number, second: number): boolean {
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0) {
      this.fail('WS_RESERVED_BITS', `a frame's first byte is ${first}; expected its reserved bits to be 0`, 1002, 0);
    } else if (second >= 0x80) {
      this.fail('WS_MASKED_FRAME', 'a masked frame; expected frames from a server to be unmasked', 1002, 0);
    } else if (opcode > pong || (opcode > binary && opcode < close)) {
      this.fail('WS_UNKNOWN_OPCODE', `opcode ${opcode}; expected 0, 1, 2, 8, 9 or 10`, 1002, 0);
    } else if (opcode >= close && first < finBit) {
      this.fail(
        'WS_FRAGMENTED_CONTROL_FRAME',
        `a fragmented control frame, opcode ${opcode}; expected it whole`,
        1002,
        0,
      );
    } else if (opcode >= close && second > 125) {
      this.fail('WS_CONTROL_FRAME_TOO_LONG', 'a control frame beyond 125 bytes; expected at most 125', 1002, 0);
    } else if (opcode === continuation && this.messageOpcode === continuation) {
      this.fail(
        'WS_UNEXPECTED_CONTINUATION',
        'a continuation frame without a beginning; expected text or binary',
        1002,
        0,
      );
    } else if ((opcode === text || opcode === binary) && this.messageOpcode !== continuation) {
      this.fail(
        'WS_EXPECTED_CONTINUATION',
        `opcode ${opcode} within a fragmented message; expected a continuation`,
        1002,
        0,
      );
    } else return true;
    return false;
  }

  private fail(code: ProtocolErrorCode, message: string, closeCode: 1002 | 1007 | 1009, next: number): number {
    this.stop();
    this.handler.onProtocolError(new ProtocolError(code, message, closeCode));
    return next;
  }
}

function headerBytes(shortLength: number): number {
  if (shortLength < 126) return 2;
  return shortLength === 126 ? 4 : 10;
}

/** How many bytes a cut frame needs before it can be read on: its first two, then its header, of a control frame all. */
function wholeBytes({ bytes, length }: Tail): number {
  if (length < 2) return 2;
  const shortLength = bytes[1] as number;
  return ((bytes[0] as number) & 0x08) !== 0 ? 2 + shortLength : headerBytes(shortLength);
}

/** The 16 or 64 bit length; -1 if a shorter form, or none, can express it. */
function readLongLength(buffer: Buffer, at: number, shortLength: number): number {
  if (shortLength === 126) {
    const length = ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
    return length < 126 ? -1 : length;
  }
  // Beyond 2^53 it is imprecise, but then it is also too large for any limit.
  const length = buffer.readUInt32BE(at) * 2 ** 32 + buffer.readUInt32BE(at + 4);
  return length < 65_536 || length >= 2 ** 63 ? -1 : length;
}

/** Whether the bytes are UTF-8. Short ASCII, the usual message, is told faster here than through a view and a native call. */
function isText(bytes: Buffer, start: number, end: number): boolean {
  return (end - start <= 768 && isAscii(bytes, start, end)) || isUtf8(bytes.subarray(start, end));
}

/** Eight bytes a step: a third of the time of one by one. */
function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let all = 0;
  let at = start;
  for (const last = end - 7; at < last; at += 8) {
    all |=
      (bytes[at] as number) |
      (bytes[at + 1] as number) |
      (bytes[at + 2] as number) |
      (bytes[at + 3] as number) |
      (bytes[at + 4] as number) |
      (bytes[at + 5] as number) |
      (bytes[at + 6] as number) |
      (bytes[at + 7] as number);
  }
  for (; at < end; at++) all |= bytes[at] as number;
  return all < 0x80;
}

/** Codes that may stand in a close frame: those registered with IANA by now, and 3000 to 4999. */
function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
