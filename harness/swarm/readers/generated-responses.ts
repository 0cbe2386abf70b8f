// For tests. Out: valid responses of every framing as bytes, with what a reader must make of them; and a recorder of what it did make.
import fc from 'fast-check';
import { type Cutting, pushInPieces, uncut } from './cut-input.ts';
import { type HttpResponseHandler, HttpResponseReader } from './http-response-reader.ts';
import type { ProtocolError } from './protocol-error.ts';
import type { ResponseHead } from './response-head.ts';

export interface ReadResponse {
  status: number;
  etag: string | null;
  contentType: string | null;
  keepAlive: boolean;
  body: string;
  isComplete: boolean;
}

export interface GeneratedResponse {
  wire: Buffer;
  expected: ReadResponse;
}

/** What a reader told; body pieces joined, since where they are cut means nothing. */
export class ResponseRecorder implements HttpResponseHandler {
  readonly responses: (Omit<ReadResponse, 'body'> & { head: ResponseHead; pieces: Buffer[] })[] = [];
  readonly errors: ProtocolError[] = [];
  readonly reader = new HttpResponseReader(this);
  unread: Buffer = Buffer.alloc(0);
  private calls = 0;
  private readonly stopAfter: number;

  constructor(stopAfter = Number.POSITIVE_INFINITY) {
    this.stopAfter = stopAfter;
  }

  onHead(head: ResponseHead): void {
    const { status, etag, contentType, keepAlive } = head;
    this.responses.push({ head, status, etag, contentType, keepAlive, pieces: [], isComplete: false });
    this.countCall();
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    this.responses.at(-1)?.pieces.push(Buffer.from(buffer.subarray(start, end)));
    this.countCall();
  }

  onMessageEnd(): void {
    const response = this.responses.at(-1);
    if (response === undefined || response.isComplete) throw new Error('an end without a beginning');
    response.isComplete = true;
    this.countCall();
  }

  onProtocolError(error: ProtocolError): void {
    this.errors.push(error);
  }

  get read(): ReadResponse[] {
    return this.responses.map(({ head, pieces, ...response }) => ({
      ...response,
      body: Buffer.concat(pieces).toString('hex'),
    }));
  }

  /** All there is to compare. */
  get outcome() {
    const { read, errors, unread } = this;
    return { read, errors: errors.map(({ code }) => code), unread: unread.toString('hex') };
  }

  private countCall(): void {
    this.calls++;
    if (this.calls > this.stopAfter) throw new Error('a call after stop');
    if (this.calls === this.stopAfter) this.reader.stop();
  }
}

/** Reads the bytes of a whole connection. */
export function readResponses(
  wire: Uint8Array | string,
  cutting: Cutting = uncut,
  stopAfter?: number,
): ResponseRecorder {
  const recorder = new ResponseRecorder(stopAfter);
  recorder.unread = pushInPieces(Buffer.from(wire as Uint8Array), cutting, (buffer, start, end) =>
    recorder.reader.push(buffer, start, end),
  );
  recorder.reader.finish();
  return recorder;
}

const token = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_!~'), minLength: 1, maxLength: 25 });
const text = fc.string({ unit: fc.constantFrom(...'abc "=;:,/ \té{}'), maxLength: 40 }).map((value) => value.trim());
const blank = fc.constantFrom('', ' ', '  ', '\t', ' \t ');
const otherField = fc
  .tuple(token, blank, text, blank)
  .map(([name, before, value, after]) => `X${name}:${before}${value}${after}\r\n`);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .string({ unit: fc.constantFrom('\r', '\n', '0', 'HTTP/1.1 200 OK\r\n\r\n'), maxLength: 12 })
    .map((part) => Buffer.from(part)),
  fc.constant(Buffer.alloc(3000, 'x')),
);

const interim = fc
  .tuple(fc.constantFrom(102, 103), fc.array(otherField, { maxLength: 2 }))
  .map(([status, fields]) => `HTTP/1.1 ${status} Wait\r\n${fields.join('')}\r\n`);

function withCase(name: string, upper: boolean): string {
  return upper ? name.toUpperCase() : name;
}

const chunk = fc
  .record({
    data: body,
    zeros: fc.constantFrom('', '00'),
    upper: fc.boolean(),
    extension: fc.constantFrom('', ';a', ' ;a=b', ';a="b; c"'),
  })
  .filter(({ data }) => data.length > 0);

/** A chunked body with its trailers, and the bytes it stands for. */
const chunked = fc
  .tuple(fc.array(chunk, { maxLength: 4 }), fc.array(otherField, { maxLength: 2 }))
  .map(([chunks, trailers]) => {
    const parts = chunks.flatMap(({ data, zeros, upper, extension }) => [
      Buffer.from(`${withCase(zeros + data.length.toString(16), upper)}${extension}\r\n`),
      Buffer.from(data),
      Buffer.from('\r\n'),
    ]);
    const coded = Buffer.concat([...parts, Buffer.from(`0\r\n${trailers.join('')}\r\n`, 'latin1')]);
    return { coded, plain: Buffer.concat(chunks.map(({ data }) => data)) };
  });

type Framing = { header: string; coded: Buffer; plain: Buffer; status: number; closes: boolean };

const framing: fc.Arbitrary<Framing> = fc.oneof(
  fc.tuple(body, fc.constantFrom(200, 205, 404, 503, 599)).map(([plain, status]) => ({
    header: `Content-Length: ${plain.length}\r\n`,
    coded: Buffer.from(plain),
    plain: Buffer.from(plain),
    status,
    closes: false,
  })),
  chunked.map((parts) => ({ header: 'Transfer-Encoding: chunked\r\n', ...parts, status: 200, closes: false })),
  fc.constantFrom(204, 304).map((status) => ({
    header: status === 304 ? 'Content-Length: 500\r\n' : '',
    coded: Buffer.alloc(0),
    plain: Buffer.alloc(0),
    status,
    closes: false,
  })),
);

const closeDelimited: fc.Arbitrary<Framing> = body.map((plain) => ({
  header: '',
  coded: Buffer.from(plain),
  plain: Buffer.from(plain),
  status: 200,
  closes: true,
}));

function responseOf(framings: fc.Arbitrary<Framing>): fc.Arbitrary<GeneratedResponse> {
  return fc
    .record({
      framing: framings,
      interims: fc.array(interim, { maxLength: 2 }),
      reason: fc.constantFrom('OK', 'é', '', 'Not Found  at all'),
      etag: fc.constantFrom(null, '"1"', 'W/"é"'),
      contentType: fc.constantFrom(null, 'text/event-stream', 'application/json; charset=utf-8'),
      fields: fc.array(otherField, { maxLength: 5 }),
      upper: fc.boolean(),
    })
    .map(
      ({ framing: { header, coded, plain, status, closes }, interims, reason, etag, contentType, fields, upper }) => {
        const wanted = [
          etag === null ? '' : `${withCase('etag', upper)}: ${etag}\r\n`,
          contentType === null ? '' : `${withCase('Content-Type', upper)}:${contentType}\r\n`,
        ];
        const [name = '', value = ''] = header.split(':');
        const framingField = header === '' ? '' : `${withCase(name, upper)}:${value}`;
        const head = `HTTP/1.1 ${status} ${reason}\r\n${wanted.join('')}${fields.join('')}${framingField}\r\n`;
        const wire = Buffer.concat([Buffer.from(interims.join('') + head, 'latin1'), coded]);
        const expected = {
          status,
          etag,
          contentType,
          keepAlive: !closes,
          body: plain.toString('hex'),
          isComplete: true,
        };
        return { wire, expected };
      },
    );
}

/** One to four responses on one connection; sometimes the last one is ended by the connection's end. */
export const connection: fc.Arbitrary<GeneratedResponse[]> = fc
  .tuple(
    fc.array(responseOf(framing), { minLength: 1, maxLength: 3 }),
    fc.option(responseOf(closeDelimited), { nil: undefined }),
  )
  .map(([kept, last]) => (last === undefined ? kept : [...kept, last]));
