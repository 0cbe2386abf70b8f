// The decoder of the reference target as a subject: a message is never cut, so pieces mean its place in a larger buffer. Oracle: JSON.parse.
import type { Decoded } from '../../../harness/contract/target.ts';
import { decodeMessage } from '../../../harness/targets/reference.ts';
import type { Dice } from '../dice.ts';
import type { ReaderSubject } from './reader-subject.ts';

const kinds: readonly unknown[] = ['snapshot', 'update', 'ping', 'other'];

export const decodeSubject: ReaderSubject = {
  name: 'decode',
  keepsAtMostBytes: 0,
  valid: (dice) => Buffer.from(dice.chance(0.8) ? usual(dice) : unusual(dice)),
  read(wire, cutting) {
    const before = (cutting[0] ?? 0) % 50;
    const buffer = Buffer.concat([Buffer.alloc(before, '7'), wire, Buffer.from('7}')]);
    const decoded = decode(buffer, before, before + wire.length);
    return { told: JSON.stringify(decoded), keptBytes: 0 };
  },
  judge(wire, { told }) {
    const { kind, version, intendedUs } = JSON.parse(told) as Decoded;
    if (!kinds.includes(kind)) return `kind ${kind}`;
    if (!Number.isSafeInteger(version)) return `version ${version} is no safe integer`;
    if (!Number.isFinite(intendedUs)) return `intendedUs ${intendedUs} is no number`;
    const text = wire.toString();
    const expected = decodeByOracle(text);
    if (expected === null || told === JSON.stringify(expected)) return null;
    // The decoder reads the first bytes only, and JSON.parse keeps the last of several equal keys.
    const first = /^\{"type":"\w+","version":\d+,"intendedUs":\d+(?=[,}])/.exec(text)?.[0];
    const oracleOfFirst = first === undefined ? null : decodeByOracle(`${first}}`);
    return told === JSON.stringify(oracleOfFirst)
      ? null
      : `decoded ${told}; JSON.parse reads ${JSON.stringify(expected)}`;
  },
};

function decode(buffer: Buffer, start: number, end: number): Decoded {
  const into: Decoded = { kind: 'ping', version: 99, intendedUs: 99 };
  decodeMessage(buffer, start, end, into);
  return into;
}

/** `null` when it is no JSON: then the decoder may still have read the usual beginning. */
function decodeByOracle(text: string): Decoded | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  const { type, version, intendedUs } = Object(message) as Record<string, unknown>;
  if ((type === 'snapshot' || type === 'update') && Number.isSafeInteger(version)) {
    const stamp = typeof intendedUs === 'number' && Number.isFinite(intendedUs) ? intendedUs : 0;
    return { kind: type, version: version as number, intendedUs: stamp };
  }
  return { kind: type === 'ping' ? 'ping' : 'other', version: 0, intendedUs: 0 };
}

const values = [
  '0',
  '1',
  '12',
  '007',
  '-1',
  '-0',
  '12.5',
  '12.0',
  '1e3',
  '1E400',
  '9007199254740991',
  '9007199254740992',
  '99999999999999999999999',
  '"12"',
  'null',
  'true',
  '[]',
  '',
  ' 12',
] as const;
const usualValues = ['0', '1', '12', '3456', '1234567890123', '9007199254740991'] as const;

function usual(dice: Dice): string {
  const value = () => (dice.chance(0.7) ? dice.pick(usualValues) : dice.pick(values));
  const type = dice.pick(['update', 'update', 'snapshot']);
  const rest = dice.pick([',"audience":0,"tiles":[],"padding":"xxx"}', '}', ',"version":3}', ' }', ',"é":"😀"}', '']);
  return `{"type":"${type}","version":${value()},"intendedUs":${value()}${rest}`;
}

function unusual(dice: Dice): string {
  const pairs = dice.several(0, 5, () =>
    dice.pick([
      '"type":"update"',
      '"type":"ping"',
      '"type":"snapshot"',
      '"type":1',
      `"version":${dice.pick(values)}`,
      `"intendedUs":${dice.pick(values)}`,
      '"__proto__":{"type":"update","version":1}',
      '"constructor":null',
      '"tiles":[{"a":[1,2]}]',
      `"deep":${'['.repeat(50)}${']'.repeat(50)}`,
    ]),
  );
  return dice.pick([
    `{${pairs.join(',')}}`,
    `[{${pairs.join(',')}}]`,
    `{ ${pairs.join(' , ')} }`,
    `\ufeff{${pairs.join(',')}}`,
  ]);
}
