// The HTTP response reader as a subject: connections with several responses of every framing, mutated.
import { pushInPieces } from '../../../harness/swarm/readers/cut-input.ts';
import {
  type HttpResponseHandler,
  HttpResponseReader,
  maxHeadBytes,
} from '../../../harness/swarm/readers/http-response-reader.ts';
import type { ProtocolError } from '../../../harness/swarm/readers/protocol-error.ts';
import type { ResponseHead } from '../../../harness/swarm/readers/response-head.ts';
import type { Tail } from '../../../harness/swarm/readers/tail.ts';
import type { Dice } from '../dice.ts';
import type { ReaderSubject } from './reader-subject.ts';

class Recorder implements HttpResponseHandler {
  told = '';
  isOver = false;
  bodyBytes = 0;

  onHead(head: ResponseHead): void {
    this.tell(`head ${JSON.stringify(head)}\n`);
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    this.bodyBytes += end - start;
    this.tell(buffer.toString('latin1', start, end));
  }

  onMessageEnd(): void {
    this.tell('\nend\n');
  }

  onProtocolError(error: ProtocolError): void {
    this.tell(`\nerror ${error.code}\n`);
    this.isOver = true;
  }

  private tell(what: string): void {
    if (this.isOver) throw new Error(`told ${what} after the end`);
    this.told += what;
  }
}

export const httpResponseSubject: ReaderSubject = {
  name: 'http-response',
  // A head, doubled by growing.
  keepsAtMostBytes: 2 * maxHeadBytes,
  valid: (dice) => Buffer.from(dice.several(1, 3, () => makeResponse(dice)).join(''), 'latin1'),
  read(wire, cutting) {
    const recorder = new Recorder();
    const reader = new HttpResponseReader(recorder);
    const held = reader as unknown as { tail: Tail | null };
    let keptBytes = 0;
    const unread = pushInPieces(wire, cutting, (buffer, start, end) => {
      const reached = reader.push(buffer, start, end);
      keptBytes = Math.max(keptBytes, held.tail?.bytes.length ?? 0);
      return reached;
    });
    reader.finish();
    if (reader.payloadBytes !== recorder.bodyBytes)
      throw new Error(`counted ${reader.payloadBytes} of ${recorder.bodyBytes} bytes`);
    const isRead = !recorder.isOver;
    if (
      isRead &&
      reader.payloadBytes + reader.overheadBytes + unread.length !== wire.length &&
      !recorder.told.endsWith('end\n')
    )
      throw new Error('bytes were neither counted nor left');
    return { told: `${recorder.told}unread ${unread.toString('latin1')}`, keptBytes };
  },
};

const statusLines = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 404 Not Found',
  'HTTP/1.1 503 ',
  'HTTP/1.1 599',
  'HTTP/1.0 200 OK',
] as const;
const fields = [
  'Content-Type: application/json',
  'Content-Type: text/event-stream',
  'ETag: "12"',
  'Retry-After: 1',
  'Set-Cookie: node=1; Path=/',
  'Connection: keep-alive',
  'Connection: close',
  'connection: Upgrade, close',
  'Cache-Control: no-store',
  'X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  'Date: Tue, 01 Jan 2030 00:00:00 GMT',
  'Upgrade: websocket',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  'Content-Encoding: gzip',
  'X-Empty:',
  'X-High: \xe9\xff',
] as const;
const bodies = [
  '',
  'x',
  '{"type":"snapshot","version":1,"intendedUs":2}',
  '\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
  'z'.repeat(300),
] as const;

function makeResponse(dice: Dice): string {
  const interim = dice.chance(0.1) ? `HTTP/1.1 ${dice.pick([100, 102, 103])} Wait\r\n\r\n` : '';
  const common = dice.several(0, 4, () => `${dice.pick(fields)}\r\n`).join('');
  switch (dice.below(10)) {
    case 0:
      return `${interim}HTTP/1.1 ${dice.pick(['204 No Content', '304 Not Modified'])}\r\n${common}\r\n`;
    case 1:
      return `HTTP/1.1 101 Switching Protocols\r\n${common}\r\n\x81\x02ok`;
    case 2:
      return `${interim}${dice.pick(statusLines)}\r\n${common}\r\n${dice.pick(bodies)}`;
    case 3:
    case 4:
    case 5:
    case 6:
      return `${interim}${dice.pick(statusLines)}\r\n${common}Transfer-Encoding: chunked\r\n\r\n${makeChunks(dice)}`;
    default: {
      const body = dice.pick(bodies);
      return `${interim}${dice.pick(statusLines)}\r\n${common}Content-Length: ${body.length}\r\n\r\n${body}`;
    }
  }
}

function makeChunks(dice: Dice): string {
  const extension = () => dice.pick(['', '', ';a', ' ;a=b', ';a="b; c\\""', `;${'e'.repeat(100)}`]);
  const chunks = dice.several(0, 4, () => {
    const data = dice.pick(bodies.slice(1));
    const size = data.length.toString(16);
    return `${dice.pick(['', '0'])}${dice.chance(0.5) ? size : size.toUpperCase()}${extension()}\r\n${data}\r\n`;
  });
  return `${chunks.join('')}0${extension()}\r\n${dice.several(0, 2, () => `${dice.pick(fields)}\r\n`).join('')}\r\n`;
}
