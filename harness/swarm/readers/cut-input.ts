// For tests. In: bytes and how to cut them. Out: the bytes pushed piece by piece through one reused buffer, as the swarm's sockets do it.
// After each push the buffer is overwritten, so that a reader that kept a view of it reads garbage.
import fc from 'fast-check';

/** Sizes of the pieces, repeated until the bytes are used up. */
export type Cutting = readonly number[];

export const uncut: Cutting = [Number.MAX_SAFE_INTEGER];
export const byteByByte: Cutting = [1];

/** Whole, byte by byte, or in pieces of a few sizes. */
export const anyCutting: fc.Arbitrary<Cutting> = fc.oneof(
  fc.constant(uncut),
  fc.constant(byteByByte),
  fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 2000 })), { minLength: 1, maxLength: 6 }),
);

// Line ends, a blank line, a digit and a high byte: what would mislead each of the readers.
const garbage = Buffer.from('\r\n\r\n\n7\xff', 'latin1');

/** Pushes all bytes; returns those that `push` left unread (it returns the offset it reached, or nothing for `end`). */
export function pushInPieces(
  wire: Uint8Array,
  cutting: Cutting,
  // biome-ignore lint/suspicious/noConfusingVoidType: two of the readers return nothing.
  push: (buffer: Buffer, start: number, end: number) => number | void,
): Buffer {
  const margin = 5;
  const shared = Buffer.alloc(wire.length + 2 * margin, garbage);
  const unread: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < wire.length; i++) {
    const size = Math.min(cutting[i % cutting.length] ?? 1, wire.length - at);
    const start = i % margin;
    shared.set(wire.subarray(at, at + size), start);
    const reached = push(shared, start, start + size) ?? start + size;
    if (reached < start + size) unread.push(Buffer.from(shared.subarray(reached, start + size)));
    shared.fill(garbage, start, start + size);
    at += size;
  }
  return Buffer.concat(unread);
}

/** Bytes with a few of them overwritten, inserted or removed. */
export function mutated(wires: fc.Arbitrary<Uint8Array>, suspects: string): fc.Arbitrary<Buffer> {
  const bytes = fc.oneof(
    fc.constantFrom(...Buffer.from(suspects, 'latin1')).map((byte) => [byte]),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }),
  );
  const edit = fc.record({ at: fc.nat(), removed: fc.constantFrom(0, 0, 1, 1, 2, 20), inserted: bytes });
  return fc.tuple(wires, fc.array(edit, { maxLength: 4 })).map(([wire, edits]) => {
    let result = Buffer.from(wire);
    for (const { at, removed, inserted } of edits) {
      const from = at % (result.length + 1);
      result = Buffer.concat([result.subarray(0, from), Buffer.from(inserted), result.subarray(from + removed)]);
    }
    return result;
  });
}
