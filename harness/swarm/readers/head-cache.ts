// In: bytes that may begin with a head read before. Out: that head, without reading it again.
// Within one second thousands of clients get the same head to the byte; one comparison is ten times cheaper than reading it.
import type { ResponseHead } from './response-head.ts';

/** A head and the bytes it was read from: the first `length` of `bytes`, the blank line included. */
export interface KnownHead {
  readonly bytes: Buffer;
  length: number;
  head: ResponseHead;
}

const slots = 4;
/** Longer heads are rare, and holding on to them would not be worth it. */
const longestBytes = 2048;

const known: KnownHead[] = [];
let oldest = 0;

/** The head that the bytes at `start` begin with, if it is one of the last few different ones; valid until the next is remembered. */
export function findKnownHead(buffer: Buffer, start: number, end: number): KnownHead | null {
  for (let i = 0; i < known.length; i++) {
    const entry = known[i] as KnownHead;
    const { length } = entry;
    const last = start + length - 1;
    // Nearly every other head differs in length, and then has no line end here: this spares the comparison.
    if (last >= end || buffer[last] !== 10) continue;
    if (buffer.compare(entry.bytes, 0, length, start, last + 1) === 0) return entry;
  }
  return null;
}

/** Remembers a head that was read without error, in place of the oldest. */
export function rememberHead(buffer: Buffer, start: number, end: number, head: ResponseHead): void {
  const length = end - start;
  if (length > longestBytes) return;
  const entry = known[oldest];
  if (entry === undefined) known[oldest] = { bytes: Buffer.alloc(longestBytes), length, head };
  else {
    entry.length = length;
    entry.head = head;
  }
  buffer.copy((known[oldest] as KnownHead).bytes, 0, start, end);
  oldest = (oldest + 1) % slots;
}
