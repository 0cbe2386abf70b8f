import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCutting, byteByByte, type Cutting, mutated, pushInPieces, uncut } from './cut-input.ts';
import { type EventStreamHandler, EventStreamReader } from './event-stream-reader.ts';
import type { ProtocolError } from './protocol-error.ts';

interface Told {
  data: string;
  type: string;
  lastEventId: string | null;
}

class Recorder implements EventStreamHandler {
  readonly events: Told[] = [];
  readonly errors: ProtocolError[] = [];
  comments = 0;
  reader: EventStreamReader;
  private readonly stopAfter: number;

  constructor(maxEventBytes?: number, stopAfter = Number.POSITIVE_INFINITY) {
    this.reader = new EventStreamReader(this, maxEventBytes);
    this.stopAfter = stopAfter;
  }

  onEvent(buffer: Buffer, start: number, end: number): void {
    const { eventType, lastEventId } = this.reader;
    this.events.push({ data: buffer.toString('utf8', start, end), type: eventType, lastEventId });
    if (this.events.length >= this.stopAfter) this.reader.stop();
  }

  onComment(): void {
    this.comments++;
  }

  onProtocolError(error: ProtocolError): void {
    this.errors.push(error);
  }

  /** All there is to compare. */
  get outcome() {
    const { lastEventId, retryMs } = this.reader;
    return { events: this.events, comments: this.comments, errors: this.errors, lastEventId, retryMs };
  }
}

function read(wire: Uint8Array | string, cutting: Cutting = uncut, maxEventBytes?: number): Recorder {
  const recorder = new Recorder(maxEventBytes);
  pushInPieces(Buffer.from(wire as Uint8Array), cutting, (buffer, start, end) =>
    recorder.reader.push(buffer, start, end),
  );
  return recorder;
}

/** What eventsource-parser tells of the same bytes. It knows the id of an event only where the event itself has one. */
function readWithParser(wire: Uint8Array) {
  const events: { data: string; type: string; id: string | undefined }[] = [];
  let retryMs: number | null = null;
  let comments = 0;
  const parser = createParser({
    onEvent: ({ data, event, id }) => events.push({ data, type: event ?? 'message', id }),
    onRetry: (value) => {
      retryMs = value;
    },
    onComment: () => {
      comments++;
    },
  });
  const text = new TextDecoder().decode(wire);
  parser.feed(text);
  // It waits for what follows a CR; a LF there changes nothing.
  if (text.endsWith('\r')) parser.feed('\n');
  return { events, retryMs, comments };
}

const lineEnd = fc.constantFrom('\n', '\r', '\r\n');
const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/[\r\n]/.test(text)),
  fc.constantFrom('', ' ', '  x', ':', '1', '007', '12345678901', '\0', 'a\0b', '{"v":1}', 'x'.repeat(300)),
);
const line = fc
  .record({
    name: fc.constantFrom(
      'data',
      'data',
      'data',
      'id',
      'event',
      'retry',
      '',
      'dat',
      'datas',
      'Data',
      'unknown',
      ' data',
    ),
    separator: fc.constantFrom(':', ': ', ':  ', ''),
    value,
  })
  .map(({ name, separator, value }) => (separator === '' ? name : `${name}${separator}${value}`));
const stream = fc
  .record({
    mark: fc.constantFrom('', '', '\ufeff', '\ufeff\ufeff'),
    lines: fc.array(fc.tuple(fc.oneof(line, fc.constant('')), lineEnd), { maxLength: 25 }),
  })
  .map(({ mark, lines }) => Buffer.from(mark + lines.flat().join('')));

describe('against eventsource-parser', () => {
  it('tells the same events, comments and retry times, however the stream is cut', () => {
    fc.assert(
      fc.property(stream, anyCutting, (wire, cutting) => {
        compare(read(wire, cutting), wire);
      }),
      { numRuns: 800 },
    );
  }, 20_000);

  it('tells the same of mutated streams', () => {
    fc.assert(
      fc.property(mutated(stream, '\r\n: \0data\xef\xbb\xbf\xff'), anyCutting, (wire, cutting) => {
        compare(read(wire, cutting), wire);
      }),
      { numRuns: 800 },
    );
  }, 20_000);
});

function compare({ events, comments, reader }: Recorder, wire: Uint8Array): void {
  const expected = readWithParser(wire);
  expect(events.map(({ data, type }) => ({ data, type }))).toEqual(
    expected.events.map(({ data, type }) => ({ data, type })),
  );
  expected.events.forEach(({ id }, i) => {
    if (id !== undefined) expect(events[i]?.lastEventId).toBe(id);
  });
  expect(comments).toBe(expected.comments);
  expect(reader.retryMs).toBe(expected.retryMs);
}

describe('any bytes', () => {
  const soup = fc.array(fc.constantFrom(...'\r\n: data:id0x\xef\xbb\xbf'), { maxLength: 200 });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    soup.map((chars) => Buffer.from(chars.join(''), 'latin1')),
  );

  it('are read the same however they are cut, within bounded memory, and end in one error at most', () => {
    fc.assert(
      fc.property(bytes, anyCutting, fc.constantFrom(1, 5, 20, 1000), (wire, cutting, maxEventBytes) => {
        const recorder = read(wire, cutting, maxEventBytes);
        expect(recorder.outcome).toEqual(read(wire, uncut, maxEventBytes).outcome);
        expect(recorder.errors.length).toBeLessThanOrEqual(1);
        const { line, gathered } = recorder.reader as unknown as Record<string, { bytes: Buffer } | null>;
        expect((line?.bytes.length ?? 0) + (gathered?.bytes.length ?? 0)).toBeLessThan(4 * maxEventBytes + 400);
      }),
      { numRuns: 1500 },
    );
  }, 20_000);

  it('are no longer read once the handler stops the reader', () => {
    fc.assert(
      fc.property(stream, anyCutting, fc.integer({ min: 1, max: 4 }), (wire, cutting, stopAfter) => {
        const recorder = new Recorder(undefined, stopAfter);
        pushInPieces(wire, cutting, (buffer, start, end) => recorder.reader.push(buffer, start, end));
        expect(recorder.events).toEqual(read(wire).events.slice(0, stopAfter));
      }),
      { numRuns: 300 },
    );
  }, 20_000);
});

describe('rules of WHATWG HTML §9.2', () => {
  const told = (data: string, type = 'message', lastEventId: string | null = null): Told => ({
    data,
    type,
    lastEventId,
  });

  it.each<[string, string, Told[]]>([
    ['an event of one line', 'data: a\n\n', [told('a')]],
    ['lines that end with CR', 'data: a\r\rdata: b\r\r', [told('a'), told('b')]],
    ['lines that end with CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', [told('a'), told('b')]],
    ['a CR and a LF of two lines', 'data: a\r\n\rdata: b\n\r', [told('a'), told('b')]],
    ['several data lines as one', 'data: a\ndata\ndata: b\n\n', [told('a\n\nb')]],
    ['an empty data line', 'data\n\ndata:\n\n', [told(''), told('')]],
    ['two empty data lines', 'data\ndata\n\n', [told('\n')]],
    ['one space after the colon', 'data:a\n\ndata:  a\n\ndata:\ta\n\n', [told('a'), told(' a'), told('\ta')]],
    ['colons in a value', 'data: a:b: c\n\n', [told('a:b: c')]],
    ['no event without data', 'event: x\nid: 1\n\n\n\n', []],
    ['no event that the end cuts off', 'data: a\n\ndata: b\n', [told('a')]],
    ['unknown names and other spellings', 'datas: a\nDATA: b\n data: c\nda: d\n\n', []],
    ['a type for one event only', 'event: x\ndata: a\n\ndata: b\n\n', [told('a', 'x'), told('b')]],
    ['a type of an event without data', 'event: x\n\ndata: b\n\n', [told('b')]],
    ['an empty type as the usual one', 'event: x\nevent:\ndata: b\n\n', [told('b')]],
    [
      'an id for all later events',
      'id: 7\ndata: a\n\ndata: b\n\n',
      [told('a', 'message', '7'), told('b', 'message', '7')],
    ],
    ['an id of an event without data', 'id: 7\n\ndata: a\n\n', [told('a', 'message', '7')]],
    ['an empty id as none', 'id: 7\n\nid\ndata: a\n\n', [told('a', 'message', '')]],
    ['no id with NUL', 'id: 7\nid: 8\0\ndata: a\n\n', [told('a', 'message', '7')]],
    ['an id digit for digit', 'id: 007\ndata: a\n\n', [told('a', 'message', '007')]],
    ['a zero', 'id: 0\ndata: a\n\n', [told('a', 'message', '0')]],
    ['a long id', 'id: 12345678901234567890\ndata: a\n\n', [told('a', 'message', '12345678901234567890')]],
    ['an id in UTF-8', 'id: é\ndata: ü\n\n', [told('ü', 'message', 'é')]],
    ['one byte order mark', '\ufeffdata: a\n\n', [told('a')]],
    ['no second byte order mark', '\ufeff\ufeffdata: a\n\n', []],
    ['no later byte order mark', 'data: a\n\n\ufeffdata: b\n\n', [told('a')]],
  ])('reads %s', (_, wire, events) => {
    for (const cutting of [uncut, byteByByte]) expect(read(wire, cutting).events).toEqual(events);
  });

  it('takes bytes that only begin like a byte order mark for the first line', () => {
    for (const start of [[0xef], [0xef, 0xbb], [0xbb, 0xbf]]) {
      const wire = Buffer.concat([Buffer.from(start), Buffer.from('data: a\n\n')]);
      for (const cutting of [uncut, byteByByte]) expect(read(wire, cutting).events).toEqual([]);
    }
  });

  it.each<[string, number | null]>([
    ['retry: 2500\n', 2500],
    ['retry:0\n', 0],
    ['retry: 1000\nretry: 5s\nretry:\nretry: -1\nretry: 1.5\n', 1000],
    ['retry\n', null],
    [`retry: ${'9'.repeat(400)}\n`, Number.MAX_SAFE_INTEGER],
    ['retry: 10', null],
  ])('reads %j as a retry time of %s', (wire, retryMs) => {
    for (const cutting of [uncut, byteByByte]) expect(read(wire, cutting).reader.retryMs).toBe(retryMs);
  });

  it('keeps the id of an incomplete event to itself', () => {
    const { reader } = read('id: 1\ndata: a\n\nid: 2\ndata: b\n');
    expect(reader.lastEventId).toBe('1');
  });

  it('tells an event at the CR that ends it, without waiting for a LF', () => {
    expect(read('data: a\r\n\r').events).toHaveLength(1);
  });

  it('counts comments, and needs no one to listen to them', () => {
    expect(read(': heartbeat\n:\n\n').comments).toBe(2);
    const silent = new EventStreamReader({ onEvent: () => {}, onProtocolError: () => {} });
    silent.push(Buffer.from(':\n\n'), 0, 3);
  });

  it.each([
    ['one line', `data: ${'x'.repeat(100)}\n\n`],
    ['a line without end', `: ${'x'.repeat(200)}`],
    ['many lines', `${'data: xxxxxxxxx\n'.repeat(20)}\n`],
  ])('refuses an event beyond the limit: %s', (_, wire) => {
    for (const cutting of [uncut, byteByByte, [7]]) {
      const { errors, events } = read(`data: ok\n\n${wire}data: late\n\n`, cutting, 100);
      expect(errors.map(({ code }) => code)).toEqual(['SSE_EVENT_TOO_LARGE']);
      expect(events).toHaveLength(1);
    }
  });

  it('hands an event that lies in one segment over as a view', () => {
    const wire = Buffer.from('id: 1\ndata: hello\n\n');
    let view: unknown[] = [];
    const reader = new EventStreamReader({
      onEvent: (...parts) => {
        view = parts;
      },
      onProtocolError: () => {},
    });
    reader.push(wire, 0, wire.length);
    expect(view.slice(1)).toEqual([12, 17]);
    expect(view[0]).toBe(wire);
  });
});
