// Seeded randomness: the same seed gives the same numbers on every machine, whatever the number of shards.

/** A generator of numbers in [0, 1): mulberry32 over a state mixed from all `parts`. */
export function seededRandom(...parts: readonly number[]): () => number {
  let state = parts.reduce((mixed, part) => Math.imul(mixed ^ (part | 0), 0x9e3779b1) ^ (mixed >>> 15), 0x2545f491) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}
