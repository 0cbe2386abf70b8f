// The WebSocket frame reader as a subject: streams of frames, mutated.
import { pushInPieces } from '../../../harness/swarm/readers/cut-input.ts';
import { type FrameHandler, FrameReader } from '../../../harness/swarm/readers/frame-reader.ts';
import type { ProtocolError } from '../../../harness/swarm/readers/protocol-error.ts';
import type { Tail } from '../../../harness/swarm/readers/tail.ts';
import type { Dice } from '../dice.ts';
import type { ReaderSubject } from './reader-subject.ts';

const maxMessageBytes = 4_000;
/** The first portion of an announced payload, or the limit doubled by growing; and a control frame. */
const keepsAtMostBytes = 16_384 + 256;

class Recorder implements FrameHandler {
  told = '';
  isOver = false;

  onMessage(buffer: Buffer, start: number, end: number, isText: boolean): void {
    this.tell(isText ? 'text' : 'binary', buffer.toString('latin1', start, end));
  }

  onPing(buffer: Buffer, start: number, end: number): void {
    this.tell('ping', buffer.toString('latin1', start, end));
  }

  onPong(buffer: Buffer, start: number, end: number): void {
    this.tell('pong', buffer.toString('latin1', start, end));
  }

  onClose(code: number, reason: string): void {
    this.tell('close', `${code} ${reason}`);
    this.isOver = true;
  }

  onProtocolError(error: ProtocolError): void {
    this.tell('error', `${error.code} ${error.closeCode}`);
    this.isOver = true;
  }

  private tell(what: string, detail: string): void {
    if (this.isOver) throw new Error(`told ${what} after the end`);
    this.told += `${what} ${detail}\n`;
  }
}

export const frameSubject: ReaderSubject = {
  name: 'frame',
  keepsAtMostBytes,
  valid: (dice) => Buffer.concat(dice.several(1, 4, () => makeMessage(dice))),
  read(wire, cutting) {
    const recorder = new Recorder();
    const reader = new FrameReader(recorder, maxMessageBytes);
    const held = reader as unknown as { message: Tail | null; partial: Tail | null };
    let keptBytes = 0;
    pushInPieces(wire, cutting, (buffer, start, end) => {
      reader.push(buffer, start, end);
      keptBytes = Math.max(keptBytes, (held.message?.bytes.length ?? 0) + (held.partial?.bytes.length ?? 0));
    });
    return { told: recorder.told, keptBytes };
  },
};

/** A message in one to three frames, with control frames between them; seldom a close. */
function makeMessage(dice: Dice): Buffer {
  if (dice.chance(0.08)) return frame(8, makeClose(dice));
  const pieces = dice.pick([1, 1, 1, 2, 3]);
  const opcode = dice.pick([1, 1, 2]);
  return Buffer.concat(
    Array.from({ length: pieces }, (_, index) => {
      const piece = frame(index === 0 ? opcode : 0, makePayload(dice), index === pieces - 1);
      return dice.chance(0.2) ? Buffer.concat([piece, frame(dice.pick([9, 10]), dice.bytes(dice.below(126)))]) : piece;
    }),
  );
}

function makeClose(dice: Dice): Buffer {
  if (dice.chance(0.2)) return Buffer.alloc(0);
  const code = dice.pick([1000, 1001, 1002, 1005, 1006, 1011, 1015, 2999, 3000, 4999, 5000, 0, 65_535]);
  return Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(dice.pick(['', 'going away', 'é€😀']))]);
}

const update = '{"type":"update","version":12,"intendedUs":3456,"audience":0,"tiles":[],"padding":"xxxx"}';

function makePayload(dice: Dice): Buffer {
  if (dice.chance(0.5)) return Buffer.from(dice.pick(['', 'a', update, 'é', '€ and 😀', '{"type":"ping"}']));
  const length = dice.chance(0.98)
    ? dice.pick([0, 1, 2, 20, 124, 125, 126, 127, 300])
    : dice.pick([3998, 4000, 4002, 65_536]);
  return Buffer.alloc(length, dice.pick(['x', 'é', '\0']));
}

/** One frame as a server sends it. */
function frame(opcode: number, payload: Buffer, isFinal = true): Buffer {
  const { length } = payload;
  let header = Buffer.of(0, length);
  if (length > 65_535)
    header = Buffer.of(0, 127, 0, 0, 0, 0, 0, (length >> 16) & 255, (length >> 8) & 255, length & 255);
  else if (length > 125) header = Buffer.of(0, 126, length >> 8, length & 255);
  header[0] = (isFinal ? 0x80 : 0) | opcode;
  return Buffer.concat([header, payload]);
}
