// The bytes of something that has begun but not ended: copied out of the shared read buffer, which the next read overwrites.
// A reader creates one only when input is cut, and drops it as soon as it is complete.

const smallestBytes = 64;

/** A growing buffer; only the first `length` bytes of `bytes` are meant. */
export class Tail {
  bytes: Buffer;
  length = 0;

  /** `expectedBytes` saves growing; it is only a hint. */
  constructor(expectedBytes: number) {
    this.bytes = Buffer.allocUnsafe(Math.max(expectedBytes, smallestBytes));
  }

  append(buffer: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    buffer.copy(this.bytes, this.length, start, end);
    this.length += end - start;
  }

  appendByte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  private reserve(moreBytes: number): void {
    const needed = this.length + moreBytes;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}
