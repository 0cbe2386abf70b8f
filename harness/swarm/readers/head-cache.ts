// In: bytes that may begin with a head read before. Out: that head, without reading it again.
// Within one second thousands of clients get the same head to the byte; one comparison is ten times cheaper than reading it.
import type { ResponseHead } from './response-head.ts';

/** A head and the bytes it was read from, its blank line included. */
export interface KnownHead {
  readonly bytes: Buffer;
  readonly head: ResponseHead;
}

const slots = 4;
/** Longer heads are rare, and holding on to them would not be worth it. */
const longestBytes = 2048;

const known: KnownHead[] = [];
let oldest = 0;

/** The head that the bytes at `start` begin with, if it is one of the last few different ones. */
export function findKnownHead(buffer: Buffer, start: number, end: number): KnownHead | null {
  for (let i = 0; i < known.length; i++) {
    const entry = known[i] as KnownHead;
    const { bytes } = entry;
    const last = start + bytes.length - 1;
    // Nearly every other head differs in length, and then has no line end here: this spares the comparison.
    if (last >= end || buffer[last] !== 10) continue;
    if (bytes.compare(buffer, start, last + 1) === 0) return entry;
  }
  return null;
}

/** Remembers a head that was read without error, in place of the oldest. */
export function rememberHead(buffer: Buffer, start: number, end: number, head: ResponseHead): void {
  if (end - start > longestBytes) return;
  known[oldest] = { bytes: Buffer.from(buffer.subarray(start, end)), head };
  oldest = (oldest + 1) % slots;
}
