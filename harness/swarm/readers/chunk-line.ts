// In: the bytes between the data of two chunks, cut anywhere. Out: the size of the next chunk, or a breach.
// Source: RFC 9112 §7.1. Byte by byte, so that a cut needs no copy; strict, since leniency here is how responses get smuggled.
import { broken, endsLine, expectsName, nextExtensionState } from './chunk-extension.ts';
import { ProtocolError, type ProtocolErrorCode } from './protocol-error.ts';

/** Longest line that is read, in bytes; extensions have no other bound. */
const maxLineBytes = 16_384;
/** Another hexadecimal digit on top of this stays a safe integer. */
const largestShiftable = 2 ** 49 - 1;

const expectsEndCr = 0;
const expectsEndLf = 1;
const expectsDigit = 2;
const inDigits = 3;
const inBlank = 4;
const inExtension = 5;
const expectsLf = 6;
const complete = 7;

const cr = 13;
const lf = 10;
const semicolon = 59;

/** The value of each byte as a hexadecimal digit; 16 for all others. */
const hexDigit = new Uint8Array(256).fill(16);
for (let value = 0; value < 16; value++) {
  hexDigit[value.toString(16).charCodeAt(0)] = value;
  hexDigit[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** Reads `chunk-size [ chunk-ext ] CRLF`, behind all but the first together with the CRLF that ends the chunk before. */
export class ChunkLine {
  /** The chunk's size in bytes, once `isComplete`. */
  size = 0;
  error: ProtocolError | null = null;
  private state = expectsDigit;
  private lineBytes = 0;
  private extension = expectsName;

  get isComplete(): boolean {
    return this.state === complete;
  }

  /** Begins anew. `isFirst`: no chunk's data comes before. */
  begin(isFirst: boolean): void {
    this.state = isFirst ? expectsDigit : expectsEndCr;
    this.size = 0;
    this.lineBytes = 0;
  }

  /** Returns the offset behind the line, or `end` if it goes on, or where the error was found. */
  push(buffer: Buffer, start: number, end: number): number {
    let at = start;
    // Never beyond the limit: what is wrong there would be told or not by how the input happens to be cut.
    const last = Math.min(end, start + maxLineBytes + 1 - this.lineBytes);
    while (at < last && this.state !== complete && this.error === null) this.readByte(buffer[at++] as number);
    this.lineBytes += at - start;
    if (this.lineBytes > maxLineBytes && this.error === null) {
      this.fail('HTTP_CHUNK_LINE_TOO_LONG', `a chunk size line beyond ${maxLineBytes} bytes; expected a shorter one`);
    }
    return at;
  }

  private readByte(byte: number): void {
    switch (this.state) {
      case expectsDigit:
      case inDigits:
        if ((hexDigit[byte] as number) < 16) this.addDigit(hexDigit[byte] as number);
        else if (this.state === expectsDigit) this.failSize(byte);
        else this.endDigits(byte);
        break;
      case inBlank:
        // RFC 9112 §7.1.1 knows white space in front of a semicolon only.
        if (byte === cr) this.failSize(byte);
        else this.endDigits(byte);
        break;
      case inExtension:
        this.readExtension(byte);
        break;
      case expectsLf:
        if (byte === lf) this.state = complete;
        else this.failSize(byte);
        break;
      case expectsEndCr:
        if (byte === cr) this.state = expectsEndLf;
        else this.failEnd(byte);
        break;
      case expectsEndLf:
        if (byte === lf) this.state = expectsDigit;
        else this.failEnd(byte);
        break;
    }
  }

  private addDigit(digit: number): void {
    this.state = inDigits;
    if (this.size <= largestShiftable) this.size = this.size * 16 + digit;
    else this.fail('HTTP_CHUNK_SIZE_TOO_LARGE', 'a chunk size of 2^53 or more; expected less');
  }

  private endDigits(byte: number): void {
    if (byte === cr) this.state = expectsLf;
    else if (byte === semicolon) this.beginExtensions();
    else if (byte === 32 || byte === 9) this.state = inBlank;
    else this.failSize(byte);
  }

  private beginExtensions(): void {
    this.state = inExtension;
    this.extension = expectsName;
  }

  private readExtension(byte: number): void {
    this.extension = nextExtensionState(this.extension, byte);
    if (this.extension === endsLine) this.state = expectsLf;
    else if (this.extension === broken) {
      this.fail('HTTP_BAD_CHUNK_EXTENSION', `byte ${byte} in a chunk extension; expected name=value, then CRLF`);
    }
  }

  private failEnd(byte: number): void {
    this.fail('HTTP_BAD_CHUNK_END', `byte ${byte} behind a chunk's data; expected CRLF`);
  }

  private failSize(byte: number): void {
    this.fail(
      'HTTP_BAD_CHUNK_SIZE',
      `byte ${byte} in a chunk size line; expected hexadecimal digits, then ";" or CRLF`,
    );
  }

  private fail(code: ProtocolErrorCode, message: string): void {
    this.error = new ProtocolError(code, message);
  }
}
