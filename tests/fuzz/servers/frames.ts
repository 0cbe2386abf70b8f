// Conversations in WebSocket: a handshake, frames that a client may send, and at last one that it may not. Some damage the handshake itself.
import { websocketKey } from '../../../harness/contract/websocket-key.ts';
import { paths } from '../../../servers/protocol.ts';
import type { Dice } from '../dice.ts';
import { mutate } from '../mutate.ts';
import type { Conversation } from './conversation.ts';
import { cut, makeRequests } from './requests.ts';

/** Whoever hears its pong knows that all frames before it were read. */
export const lastPing = Buffer.from('the last of them');

export function makeFrames(dice: Dice): Conversation {
  if (dice.chance(0.1)) return makeRequests({ path: paths.websocket, goodShare: 0.01 }, dice);
  const isDamaged = dice.chance(0.15);
  const handshake = isDamaged ? makeBadHandshake(dice) : makeHandshake(dice);
  const count = isDamaged ? dice.below(3) : 10 + dice.below(60);
  const frames = Array.from({ length: count }, () => makeFrame(dice));
  const wire = Buffer.concat([...frames, frame(dice, { opcode: 9, payload: lastPing })]);
  // Together with the handshake the first frames come as the upgrade's head.
  const together = dice.chance(0.3);
  const pieces = dice.chance(0.2) ? cut(wire, dice) : [wire];
  const isSlow = dice.chance(0.02);
  return {
    pieces: together ? [Buffer.concat([handshake, ...pieces])] : [handshake, ...pieces],
    last: makeLast(dice),
    pauseMs: isSlow ? 2 : 0,
    inputs: count + 3,
    leaving: dice.pick(['reset', 'reset', 'reset', 'end', 'half-close'] as const),
  };
}

const handshakeFields = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${websocketKey}`,
] as const;

function makeHandshake(
  dice: Dice,
  target = `${paths.websocket}?audience=${dice.pick(['0', '1', '2', '3'])}`,
  fields: readonly string[] = handshakeFields,
): Buffer {
  return Buffer.from(
    `GET ${target} HTTP/1.1\r\nHost: x\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`,
    'latin1',
  );
}

const badTargets = [
  '//',
  '//[',
  '///',
  '/',
  '*',
  '//:0/ws',
  'http://[',
  'http://x/ws',
  '/ws/',
  '/ws?audience=4',
  '/ws?audience=-1',
  '/ws?audience=%',
  '/healthz',
  '/metrics',
  '/ws?%',
  '/ws?audience=0&audience=0',
] as const;
const moreFields = [
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
  'Sec-WebSocket-Extensions: ;;;,=',
  'Sec-WebSocket-Protocol: a, a',
  'Sec-WebSocket-Protocol: graphql-ws',
  'Sec-WebSocket-Version: 8',
  'Sec-WebSocket-Version: 99',
  'Sec-WebSocket-Key: short',
  'Origin: null',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Connection: close',
  'Upgrade: WebSocket, h2c',
] as const;

function makeBadHandshake(dice: Dice): Buffer {
  switch (dice.below(4)) {
    case 0:
      return makeHandshake(dice, dice.pick(badTargets));
    case 1:
      return makeHandshake(
        dice,
        undefined,
        handshakeFields.filter(() => dice.chance(0.7)),
      );
    case 2:
      return makeHandshake(dice, undefined, [...handshakeFields, ...dice.several(1, 3, () => dice.pick(moreFields))]);
    default:
      return mutate(makeHandshake(dice), dice, () => makeHandshake(dice));
  }
}

const texts = [
  '{"type":"ping"}',
  '{"type":"ping"}',
  '{"type":"pong"}',
  '{"type":"auth","token":"freshet"}',
  '{"type":"auth","token":1}',
  '{"type":"auth"}',
  '{"type":"action"}',
  '{"type":"action","id":1}',
  '{"type":"action","id":"1","intendedUs":1}',
  '{"type":"action","id":1,"intendedUs":-1}',
  '{"type":"action","id":1e999,"intendedUs":"1"}',
  '{"type":null}',
  '{}',
  '[]',
  'null',
  '1',
  '"',
  '',
  '{"__proto__":{"type":"ping"}}',
  '{"type":["ping"]}',
  'é€😀',
  `${'['.repeat(2000)}`,
  '{"type":"update","version":1}',
  'x'.repeat(1000),
  `{"type":"ping","a":"${'x'.repeat(100)}"}`,
] as const;

/** A frame after which the connection goes on; or a message in several, with a ping between. */
function makeFrame(dice: Dice): Buffer {
  const kind = dice.below(20);
  const text = Buffer.from(dice.pick(texts));
  if (kind < 10) return frame(dice, { opcode: 1, payload: text });
  if (kind < 13) return frame(dice, { opcode: 9, payload: dice.bytes(dice.below(126)) });
  if (kind < 15) return frame(dice, { opcode: 10, payload: dice.bytes(dice.below(126)) });
  if (kind < 17) return frame(dice, { opcode: 2, payload: dice.bytes(dice.below(300)) });
  if (kind === 17 && dice.chance(0.05))
    return frame(dice, { opcode: 2, payload: Buffer.alloc(dice.pick([65_534, 65_535, 65_536])) });
  const middle = dice.below(text.length + 1);
  return Buffer.concat([
    frame(dice, { opcode: 2, payload: text.subarray(0, middle), isFinal: false }),
    dice.chance(0.5) ? frame(dice, { opcode: 9, payload: Buffer.from('between') }) : Buffer.alloc(0),
    frame(dice, { opcode: 0, payload: Buffer.alloc(0), isFinal: false }),
    frame(dice, { opcode: 0, payload: text.subarray(middle) }),
  ]);
}

const closeCodes = [
  0, 999, 1000, 1001, 1002, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 1016, 2999, 3000, 4999, 5000, 65_535,
] as const;

/** What breaks the rules, or ends the conversation. */
function makeLast(dice: Dice): Buffer {
  const payload = Buffer.from(dice.pick(texts));
  switch (dice.below(14)) {
    case 0:
      return frame(dice, { opcode: 1, payload, isMasked: false });
    case 1:
      return frame(dice, { opcode: dice.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload });
    case 2:
      return frame(dice, { opcode: 1, payload, reserved: dice.pick([0x40, 0x20, 0x10, 0x70]) });
    case 3:
      return frame(dice, { opcode: dice.pick([8, 9, 10]), payload: payload.subarray(0, 100), isFinal: false });
    case 4:
      return frame(dice, { opcode: dice.pick([8, 9, 10]), payload: dice.bytes(200) });
    case 5:
      return frame(dice, {
        opcode: 1,
        payload: Buffer.from(dice.pick(['c328', 'ff', 'e28228', 'eda080', 'f4908080', 'c080', 'e282'] as const), 'hex'),
      });
    case 6:
    case 7: {
      const code = dice.pick(closeCodes);
      return frame(dice, {
        opcode: 8,
        payload: Buffer.concat([
          Buffer.of(code >> 8, code & 255),
          dice.chance(0.2) ? Buffer.of(0xff) : payload.subarray(0, 100),
        ]),
      });
    }
    case 8:
      return frame(dice, { opcode: 8, payload: dice.bytes(dice.below(2)) });
    case 9:
      return Buffer.concat([frame(dice, { opcode: 1, payload, isFinal: false }), frame(dice, { opcode: 1, payload })]);
    case 10:
      return frame(dice, { opcode: dice.pick([1, 2]), payload: Buffer.alloc(dice.pick([65_537, 70_000])) });
    case 11: {
      const announced = frame(dice, { opcode: 2, payload: Buffer.alloc(0) });
      return Buffer.concat([
        announced.subarray(0, 1),
        Buffer.from(
          dice.pick([
            'ff7fffffffffffffff',
            'ffffffffffffffffff',
            'ff0020000000000000',
            'ff0000000000000001',
            'fe0001',
            'feffff',
          ] as const),
          'hex',
        ),
        dice.bytes(20),
      ]);
    }
    case 12:
      return dice.bytes(dice.below(60));
    default:
      return mutate(makeFrame(dice), dice, () => makeFrame(dice));
  }
}

/** One frame as a client sends it. */
function frame(
  dice: Dice,
  options: { opcode: number; payload: Buffer; isFinal?: boolean; isMasked?: boolean; reserved?: number },
): Buffer {
  const { opcode, payload, isFinal = true, isMasked = true, reserved = 0 } = options;
  const { length } = payload;
  let header = Buffer.of(0, length);
  if (length > 65_535) header = Buffer.of(0, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255);
  else if (length > 125) header = Buffer.of(0, 126, length >> 8, length & 255);
  header[0] = (isFinal ? 0x80 : 0) | reserved | opcode;
  if (!isMasked) return Buffer.concat([header, payload]);
  header[1] = (header[1] as number) | 0x80;
  const mask = dice.bytes(4);
  const masked = Buffer.from(payload);
  for (let at = 0; at < length; at++) masked[at] = (masked[at] as number) ^ (mask[at & 3] as number);
  return Buffer.concat([header, mask, masked]);
}
