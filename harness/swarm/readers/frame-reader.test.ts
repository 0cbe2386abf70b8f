import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { anyCutting, byteByByte, type Cutting, mutated, pushInPieces, uncut } from './cut-input.ts';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { encodeClientClose, encodeClientFrame, encodeClientPong } from './frame-writer.ts';
import { HttpResponseReader } from './http-response-reader.ts';
import type { ProtocolError } from './protocol-error.ts';
import { longPayload, payload, readWithWs, serverFrame } from './ws-oracle.ts';

/** What a reader told, in order, as text that is easy to compare. */
class Recorder implements FrameHandler {
  readonly told: string[] = [];
  errors: ProtocolError[] = [];
  reader: FrameReader;
  private readonly stopAfter: number;

  constructor(maxMessageBytes?: number, stopAfter = Number.POSITIVE_INFINITY) {
    this.reader = new FrameReader(this, maxMessageBytes);
    this.stopAfter = stopAfter;
  }

  onMessage(buffer: Buffer, start: number, end: number, isText: boolean): void {
    this.tell(`${isText ? 'text' : 'binary'} ${buffer.toString('hex', start, end)}`);
  }

  onPing(buffer: Buffer, start: number, end: number): void {
    this.tell(`ping ${buffer.toString('hex', start, end)}`);
  }

  onPong(buffer: Buffer, start: number, end: number): void {
    this.tell(`pong ${buffer.toString('hex', start, end)}`);
  }

  onClose(code: number, reason: string): void {
    this.tell(`close ${code} ${reason}`);
  }

  onProtocolError(error: ProtocolError): void {
    this.errors.push(error);
    this.tell(`error ${error.closeCode}`);
  }

  private tell(what: string): void {
    this.told.push(what);
    if (this.told.length >= this.stopAfter) this.reader.stop();
  }
}

function read(wire: Uint8Array, cutting: Cutting = uncut, maxMessageBytes?: number): Recorder {
  const recorder = new Recorder(maxMessageBytes);
  pushInPieces(wire, cutting, (buffer, start, end) => recorder.reader.push(buffer, start, end));
  return recorder;
}

const controlFrame = fc
  .record({ opcode: fc.constantFrom(9, 10), payload: fc.uint8Array({ maxLength: 125 }) })
  .map(({ opcode, payload }) => serverFrame(opcode, payload));
const frameOfLong = longPayload.map((payload) => serverFrame(1, payload));
/** A message in one to four frames, with control frames between them. */
const message = fc
  .record({
    opcode: fc.constantFrom(1, 2),
    payloads: fc.array(payload, { minLength: 1, maxLength: 4 }),
    between: fc.array(controlFrame, { maxLength: 4 }),
  })
  .map(({ opcode, payloads, between }) =>
    Buffer.concat(
      payloads.flatMap((part, i) => [
        serverFrame(i === 0 ? opcode : 0, part, i === payloads.length - 1),
        between[i] ?? Buffer.alloc(0),
      ]),
    ),
  );
const closeFrame = fc
  .record({ code: fc.integer({ min: 990, max: 5010 }), reason: fc.string({ unit: 'grapheme', maxLength: 20 }) })
  .map(({ code, reason }) => {
    const body = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
    body.writeUInt16BE(code);
    return serverFrame(8, body.subarray(0, 125));
  });
const stream = fc
  .tuple(fc.array(fc.oneof(message, controlFrame), { maxLength: 6 }), fc.option(closeFrame, { nil: Buffer.alloc(0) }))
  .map(([frames, close]) => Buffer.concat([...frames, close]));
const longStream = fc.oneof(
  { weight: 9, arbitrary: stream },
  { weight: 1, arbitrary: fc.tuple(frameOfLong, stream).map((parts) => Buffer.concat(parts)) },
);

describe('against the receiver of ws', () => {
  it('reads valid and invalid streams alike, however they are cut', () => {
    fc.assert(
      fc.property(longStream, anyCutting, (wire, cutting) => {
        expect(read(wire, cutting, 100_000).told).toEqual(readWithWs(wire, 100_000));
      }),
      { numRuns: 150 },
    );
  }, 20_000);

  it('judges mutated streams alike, but for lengths in a longer form than needed', () => {
    const wires = mutated(stream, '\x00\x01\x02\x08\x7e\x7f\x80\x81\x88\x89\xff');
    fc.assert(
      fc.property(wires, anyCutting, (wire, cutting) => {
        const recorder = read(wire, cutting, 1000);
        const { told, errors } = recorder;
        expect(errors.length).toBeLessThanOrEqual(1);
        if (errors[0]?.code === 'WS_BAD_LENGTH') {
          expect(readWithWs(wire, 1000).slice(0, told.length - 1)).toEqual(told.slice(0, -1));
        } else expect(told).toEqual(readWithWs(wire, 1000));
        expect(keptBytes(recorder.reader)).toBeLessThan(40_000);
      }),
      { numRuns: 800 },
    );
  }, 20_000);
});

/** Memory a reader holds on to beyond its own fields. */
function keptBytes(reader: FrameReader): number {
  const { message, partial } = reader as unknown as Record<string, { bytes: Buffer } | null>;
  return (message?.bytes.length ?? 0) + (partial?.bytes.length ?? 0);
}

describe('any bytes', () => {
  it('are read the same however they are cut, and end in one error at most', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), anyCutting, (wire, cutting) => {
        const whole = read(wire);
        expect(read(wire, cutting).told).toEqual(whole.told);
        expect(whole.errors.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  }, 20_000);

  it('are no longer read once the handler stops the reader', () => {
    fc.assert(
      fc.property(stream, anyCutting, fc.integer({ min: 1, max: 5 }), (wire, cutting, stopAfter) => {
        const recorder = new Recorder(undefined, stopAfter);
        pushInPieces(wire, cutting, (buffer, start, end) => recorder.reader.push(buffer, start, end));
        expect(recorder.told).toEqual(read(wire).told.slice(0, stopAfter));
      }),
      { numRuns: 200 },
    );
  }, 20_000);
});

describe('rules of RFC 6455', () => {
  const bytes = (...values: number[]) => Buffer.from(values);
  const long = (size: number, value: number) => bytes(...Array.from({ length: size }, () => value));
  it.each([
    ['a masked frame', bytes(0x81, 0x81, 1, 2, 3, 4, 5), 'WS_MASKED_FRAME', 1002],
    ['the first reserved bit', bytes(0xc1, 0), 'WS_RESERVED_BITS', 1002],
    ['the second reserved bit', bytes(0xa1, 0), 'WS_RESERVED_BITS', 1002],
    ['the third reserved bit', bytes(0x91, 0), 'WS_RESERVED_BITS', 1002],
    ['opcode 3', bytes(0x83, 0), 'WS_UNKNOWN_OPCODE', 1002],
    ['opcode 7', bytes(0x87, 0), 'WS_UNKNOWN_OPCODE', 1002],
    ['opcode 11', bytes(0x8b, 0), 'WS_UNKNOWN_OPCODE', 1002],
    ['opcode 15', bytes(0x8f, 0), 'WS_UNKNOWN_OPCODE', 1002],
    ['a fragmented ping', bytes(0x09, 0), 'WS_FRAGMENTED_CONTROL_FRAME', 1002],
    ['a ping beyond 125 bytes', bytes(0x89, 126, 0, 126), 'WS_CONTROL_FRAME_TOO_LONG', 1002],
    ['a continuation of nothing', bytes(0x80, 0), 'WS_UNEXPECTED_CONTINUATION', 1002],
    ['a new message within a fragmented one', bytes(0x01, 0, 0x81, 0), 'WS_EXPECTED_CONTINUATION', 1002],
    ['a 16 bit length below 126', bytes(0x82, 126, 0, 125), 'WS_BAD_LENGTH', 1002],
    ['a 64 bit length below 65,536', bytes(0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 'WS_BAD_LENGTH', 1002],
    ['a 64 bit length with its top bit set', bytes(0x82, 127, 0x80, 0, 0, 0, 0, 1, 0, 0), 'WS_BAD_LENGTH', 1002],
    ['a message beyond the limit', bytes(0x82, 126, 3, 233), 'WS_MESSAGE_TOO_LARGE', 1009],
    ['a length of 2^62', bytes(0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0), 'WS_MESSAGE_TOO_LARGE', 1009],
    ['a length of 2^63 − 1', bytes(0x82, 127, 0x7f, ...long(7, 0xff)), 'WS_MESSAGE_TOO_LARGE', 1009],
    ['a length of 2^64 − 1', bytes(0x82, 127, ...long(8, 0xff)), 'WS_BAD_LENGTH', 1002],
    [
      'fragments that exceed the limit together',
      Buffer.concat([serverFrame(2, Buffer.alloc(600), false), serverFrame(0, Buffer.alloc(401))]),
      'WS_MESSAGE_TOO_LARGE',
      1009,
    ],
    ['text that is not UTF-8', bytes(0x81, 2, 0xc3, 0x28), 'WS_BAD_UTF8', 1007],
    ['long text that is not UTF-8', serverFrame(1, long(900, 0xff)), 'WS_BAD_UTF8', 1007],
    ['text that ends within a character', bytes(0x01, 1, 0xe2, 0x80, 1, 0x82), 'WS_BAD_UTF8', 1007],
    ['a close frame with one byte', bytes(0x88, 1, 3), 'WS_BAD_CLOSE_LENGTH', 1002],
    ['a close frame that announces one byte, before it has come', bytes(0x88, 1), 'WS_BAD_CLOSE_LENGTH', 1002],
    ['a close reason that is not UTF-8', bytes(0x88, 3, 3, 0xe8, 0xff), 'WS_BAD_UTF8', 1007],
  ])('refuses %s', (_, wire, code, closeCode) => {
    for (const cutting of [uncut, byteByByte]) {
      const { errors } = read(Buffer.concat([wire, serverFrame(1, 'more')]), cutting, 1000);
      expect(errors.map((error) => [error.code, error.closeCode])).toEqual([[code, closeCode]]);
    }
  });

  it.each([999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])('refuses close code %i', (code) => {
    expect(read(bytes(0x88, 2, code >> 8, code & 255)).errors[0]?.code).toBe('WS_BAD_CLOSE_CODE');
  });

  it.each([1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4999])('passes close code %i on', (code) => {
    expect(read(bytes(0x88, 4, code >> 8, code & 255, 0x6f, 0x6b)).told).toEqual([`close ${code} ok`]);
  });

  it('tells a close frame without code as 1005 and reads nothing behind it', () => {
    const wire = Buffer.concat([serverFrame(8, ''), serverFrame(1, 'late'), bytes(0xff)]);
    for (const cutting of [uncut, byteByByte]) expect(read(wire, cutting).told).toEqual(['close 1005 ']);
  });

  it('joins a character that is cut between fragments', () => {
    const wire = bytes(0x01, 1, 0xe2, 0x00, 1, 0x82, 0x80, 1, 0xac);
    expect(read(wire, byteByByte).told).toEqual(['text e282ac']);
  });

  it('hands a message that lies in one segment over as a view', () => {
    const wire = serverFrame(1, 'hello');
    let view: unknown[] = [];
    const handler = new Recorder();
    handler.onMessage = (...parts) => {
      view = parts;
    };
    handler.reader.push(wire, 0, wire.length);
    expect(view).toEqual([wire, 2, 7, true]);
    expect(view[0]).toBe(wire);
  });
});

describe('a server of ws on a socket', () => {
  it('is understood from its 101 to its close, and understands what it is sent', async () => {
    const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    const sent = ['', 'é', 'x'.repeat(70_000), '{"v":1}'];
    server.on('connection', (socket) => {
      for (const text of sent) socket.send(text);
      socket.ping('are you there');
      socket.on('message', (data, isBinary) => {
        socket.send(data, { binary: isBinary });
        socket.close(1012, 'restart');
      });
    });
    await once(server, 'listening');
    const told = await talk((server.address() as AddressInfo).port);
    await new Promise((resolve) => server.close(resolve));
    const hex = (value: string) => Buffer.from(value).toString('hex');
    const expected = [...sent.map((value) => `text ${hex(value)}`), `ping ${hex('are you there')}`];
    expect(told).toEqual([
      '101 s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      ...expected,
      `binary ${hex('back')}`,
      'close 1012 restart',
    ]);
  }, 10_000);
});

/** Opens a WebSocket by hand, answers the ping with a message of its own, and returns all it was told. */
async function talk(port: number): Promise<string[]> {
  const frames = new Recorder();
  const onPing = frames.onPing.bind(frames);
  frames.onPing = (buffer, start, end) => {
    onPing(buffer, start, end);
    socket.write(encodeClientPong(buffer, start, end, 0xdeadbeef));
    socket.write(encodeClientFrame(2, Buffer.from('back'), 0x12345678));
  };
  frames.onClose = (code, reason) => {
    frames.told.push(`close ${code} ${reason}`);
    socket.end(encodeClientClose(code, '', 5));
  };
  let isOpen = false;
  const responses = new HttpResponseReader({
    onHead(head) {
      isOpen = head.status === 101;
      frames.told.push(`${head.status} ${head.secWebSocketAccept}`);
    },
    onBody: () => {},
    onMessageEnd: () => {},
    onProtocolError: (error) => frames.onProtocolError(error),
  });
  const onread = {
    buffer: Buffer.alloc(1000),
    callback: (count: number, buffer: Uint8Array) => {
      const shared = buffer as Buffer;
      const start = isOpen ? 0 : responses.push(shared, 0, count);
      if (isOpen) frames.reader.push(shared, start, count);
      return true;
    },
  };
  const socket: Socket = connect({ port, host: '127.0.0.1', onread });
  const key = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${key}Sec-WebSocket-Version: 13\r\n\r\n`);
  await once(socket, 'close');
  return frames.told;
}
