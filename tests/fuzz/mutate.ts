// Damages bytes: flipped bits, deletions, duplications, splices, boundary numbers. In: valid bytes. Out: others, mostly invalid.
import type { Dice } from './dice.ts';

const longestBytes = 200_000;

/** What misleads parsers: line ends, separators, quotes, digits, NUL, high bytes, opcodes and length markers. */
const suspects = Buffer.from(
  '\r\n\0 \t:;,="\\%?&#/0179afAFxX-+.{}[]\x7d\x7e\x7f\x80\x81\x88\x89\x8a\xc0\xed\xfe\xff',
  'latin1',
);

/** Numbers at which something changes, as text and as the bytes of a length field. */
const numbers = [
  '-1',
  '0',
  '00',
  '1',
  '9',
  '16383',
  '16384',
  '16385',
  '65535',
  '65536',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551615',
  '18446744073709551616',
  '1e9',
  '0x10',
  '1.5',
  'ffffffff',
  '7fffffffffffffff',
  'NaN',
  '１２',
] as const;
const lengths = [
  0n,
  1n,
  125n,
  126n,
  127n,
  0xffffn,
  0x10000n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

type Mutation = (wire: Buffer, dice: Dice, other: () => Buffer) => Buffer;

const mutations: readonly Mutation[] = [
  flipBits,
  flipBits,
  (wire, dice) => replace(wire, dice.below(wire.length), 1, Buffer.of(dice.pick([...suspects]))),
  (wire, dice) => replace(wire, dice.below(wire.length + 1), 0, Buffer.of(dice.pick([...suspects]))),
  (wire, dice) => replace(wire, dice.below(wire.length + 1), 0, dice.bytes(1 + dice.below(6))),
  (wire, dice) =>
    replace(wire, dice.below(wire.length + 1), 1 + dice.below(dice.chance(0.8) ? 4 : 60), Buffer.alloc(0)),
  duplicate,
  splice,
  replaceNumber,
  replaceNumber,
  writeLength,
  repeatByte,
];

/** One to four mutations; `other` makes another valid input, to splice in. */
export function mutate(valid: Buffer, dice: Dice, other: () => Buffer): Buffer {
  let wire = valid;
  for (let left = dice.pick([1, 1, 1, 2, 2, 3, 4]); left > 0; left--) wire = dice.pick(mutations)(wire, dice, other);
  return wire.length > longestBytes ? wire.subarray(0, longestBytes) : wire;
}

function replace(wire: Buffer, at: number, removed: number, inserted: Buffer): Buffer {
  return Buffer.concat([wire.subarray(0, at), inserted, wire.subarray(at + removed)]);
}

function flipBits(wire: Buffer, dice: Dice): Buffer {
  const flipped = Buffer.from(wire);
  if (wire.length > 0) {
    for (let left = dice.pick([1, 1, 2, 8]); left > 0; left--) {
      const at = dice.below(wire.length);
      flipped[at] = (flipped[at] as number) ^ (1 << dice.below(8));
    }
  }
  return flipped;
}

function duplicate(wire: Buffer, dice: Dice): Buffer {
  const from = dice.below(wire.length + 1);
  const part = wire.subarray(from, from + 1 + dice.below(dice.chance(0.7) ? 20 : wire.length + 1));
  return replace(wire, dice.chance(0.5) ? from : dice.below(wire.length + 1), 0, part);
}

function splice(wire: Buffer, dice: Dice, other: () => Buffer): Buffer {
  const second = other();
  const from = dice.below(second.length + 1);
  if (dice.chance(0.5)) return Buffer.concat([wire.subarray(0, dice.below(wire.length + 1)), second.subarray(from)]);
  return replace(wire, dice.below(wire.length + 1), 0, second.subarray(from, from + dice.below(60)));
}

/** A number in the text, decimal or hexadecimal, becomes a boundary number. */
function replaceNumber(wire: Buffer, dice: Dice): Buffer {
  let start = dice.below(wire.length + 1);
  while (start < wire.length && !isDigit(wire[start])) start++;
  let end = start;
  while (end < wire.length && isHexDigit(wire[end])) end++;
  return replace(wire, start, end - start, Buffer.from(dice.pick(numbers)));
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 32) >= 97 && (byte | 32) <= 102);
}

/** Overwrites 1, 2, 4 or 8 bytes with a boundary number in network order. */
function writeLength(wire: Buffer, dice: Dice): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigUInt64BE(dice.pick(lengths));
  const size = dice.pick([1, 2, 4, 8]);
  return replace(wire, dice.chance(0.5) ? dice.below(4) : dice.below(wire.length + 1), size, field.subarray(8 - size));
}

/** Many of one byte: an endless line, name or field. */
function repeatByte(wire: Buffer, dice: Dice): Buffer {
  const count = dice.chance(0.97) ? dice.below(200) : dice.below(40_000);
  return replace(wire, dice.below(wire.length + 1), 0, Buffer.alloc(count, dice.pick([...suspects])));
}
