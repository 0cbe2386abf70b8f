// The event stream reader as a subject: streams of fields, comments and blank lines, mutated.
import { pushInPieces } from '../../../harness/swarm/readers/cut-input.ts';
import { type EventStreamHandler, EventStreamReader } from '../../../harness/swarm/readers/event-stream-reader.ts';
import type { ProtocolError } from '../../../harness/swarm/readers/protocol-error.ts';
import type { Tail } from '../../../harness/swarm/readers/tail.ts';
import type { Dice } from '../dice.ts';
import type { ReaderSubject } from './reader-subject.ts';

const maxEventBytes = 4_000;

class Recorder implements EventStreamHandler {
  readonly reader = new EventStreamReader(this, maxEventBytes);
  told = '';
  isOver = false;

  onEvent(buffer: Buffer, start: number, end: number): void {
    if (end - start > maxEventBytes) throw new Error(`an event of ${end - start} bytes`);
    this.tell('event', `${this.reader.eventType} ${this.reader.lastEventId} ${buffer.toString('latin1', start, end)}`);
  }

  onComment(): void {
    this.tell('comment', '');
  }

  onProtocolError(error: ProtocolError): void {
    this.tell('error', error.code);
    this.isOver = true;
  }

  private tell(what: string, detail: string): void {
    if (this.isOver) throw new Error(`told ${what} after the end`);
    this.told += `${what} ${detail}\n`;
  }
}

export const eventStreamSubject: ReaderSubject = {
  name: 'event-stream',
  // One line and one event's data, each doubled by growing.
  keepsAtMostBytes: 4 * maxEventBytes + 256,
  valid: (dice) => Buffer.from(dice.several(1, 12, () => makeLine(dice)).join(''), 'latin1'),
  read(wire, cutting) {
    const recorder = new Recorder();
    const { reader } = recorder;
    const held = reader as unknown as { gathered: Tail | null; line: Tail | null };
    let keptBytes = 0;
    pushInPieces(wire, cutting, (buffer, start, end) => {
      reader.push(buffer, start, end);
      keptBytes = Math.max(keptBytes, (held.gathered?.bytes.length ?? 0) + (held.line?.bytes.length ?? 0));
    });
    // After a refusal the caller drops the stream, so what it said of resuming no longer counts.
    const state = recorder.isOver ? '' : `id ${reader.lastEventId} retry ${reader.retryMs}`;
    return { told: recorder.told + state, keptBytes };
  },
};

const lines = [
  '',
  '',
  '',
  'data: {"type":"update","version":12,"intendedUs":3456,"audience":0}',
  'data: x',
  'data',
  'data:',
  'data:  two',
  'dat: a',
  'data\0: a',
  'id: 12',
  'id: 0012',
  'id',
  'id: a\0b',
  'id: 999999999',
  'id: 9999999999',
  'id: 9007199254740993',
  'retry: 3000',
  'retry: 99999999999999999999',
  'retry: -1',
  'retry: 3.5',
  'event: note',
  'event',
  ': heartbeat',
  ':',
  'unknown: field',
  'ï»¿data: mark',
  'data: \xc3\xa9\xff',
  ' data: a',
] as const;

function makeLine(dice: Dice): string {
  const line = dice.chance(0.02)
    ? `data: ${'y'.repeat(dice.pick([3993, 3994, 3995, 3996, 4100, 9000]))}`
    : dice.pick(lines);
  return `${line}${dice.pick(['\n', '\n', '\n', '\r\n', '\r'])}`;
}
