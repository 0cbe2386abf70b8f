import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCutting, byteByByte, mutated, uncut } from './cut-input.ts';
import { connection, type ReadResponse, readResponses } from './generated-responses.ts';
import { maxHeadBytes } from './http-response-reader.ts';

const wireOf = (responses: readonly { wire: Buffer }[]) => Buffer.concat(responses.map(({ wire }) => wire));
const wires = connection.map(wireOf);

describe('generated responses', () => {
  it('are read as they were meant, however they are cut, and every byte is counted once', () => {
    fc.assert(
      fc.property(connection, anyCutting, (responses, cutting) => {
        const wire = wireOf(responses);
        const { read, errors, reader } = readResponses(wire, cutting);
        expect(errors).toEqual([]);
        expect(read).toEqual(responses.map(({ expected }) => expected));
        const bodyBytes = read.reduce((sum, { body }) => sum + body.length / 2, 0);
        expect([reader.payloadBytes, reader.overheadBytes]).toEqual([bodyBytes, wire.length - bodyBytes]);
      }),
      { numRuns: 250 },
    );
  }, 20_000);

  it('are no longer read once the handler stops the reader', () => {
    fc.assert(
      fc.property(wires, anyCutting, fc.integer({ min: 1, max: 6 }), (wire, cutting, stopAfter) => {
        // The recorder throws at a call too many.
        expect(readResponses(wire, cutting, stopAfter).errors).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 20_000);
});

describe('any bytes', () => {
  const soup = fc
    .array(
      fc.constantFrom(
        'HTTP/1.1 200 OK\r\n',
        '\r\n',
        '\r',
        '\n',
        '0',
        'a',
        ':',
        ' ',
        'Content-Length: 2\r\n',
        'Transfer-Encoding: chunked\r\n',
      ),
    )
    .map((parts) => Buffer.from(parts.join('')));
  const suspects = '\r\n :;,0123abfHTP/.\t\0\x7f\xff';
  const anything = fc.oneof(mutated(wires, suspects), mutated(soup, suspects), fc.uint8Array({ maxLength: 100 }));

  it('are read the same however they are cut, within bounded memory, and end in one error at most', () => {
    fc.assert(
      fc.property(anything, anyCutting, (wire, cutting) => {
        const recorder = readResponses(wire, cutting);
        expect(recorder.outcome).toEqual(readResponses(wire, uncut).outcome);
        expect(recorder.errors.length).toBeLessThanOrEqual(1);
        const { reader } = recorder;
        expect(reader.payloadBytes + reader.overheadBytes).toBeLessThanOrEqual(wire.length);
      }),
      { numRuns: 800 },
    );
  }, 20_000);
});

describe('a head', () => {
  const ok = 'HTTP/1.1 200 OK\r\n';
  const empty = 'Content-Length: 0\r\n';

  it.each<[string, string, string]>([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'HTTP_BAD_STATUS_LINE'],
    ['HTTP/2', `HTTP/2.0 200 OK\r\n${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['HTTP/0.9', '<html>', 'HTTP_BAD_STATUS_LINE'],
    ['a lower-case name', `http/1.1 200 OK\r\n${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['a status of two digits', `HTTP/1.1 20 OK\r\n${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['a status of four digits', `HTTP/1.1 2000 OK\r\n${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['a status below 100', `HTTP/1.1 099 OK\r\n${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['two spaces', `HTTP/1.1  200 OK\r\n${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['a minor version of two digits', `HTTP/1.10 200 OK\r\n${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['a control character in the reason', `HTTP/1.1 200 O\0K\r\n${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['an empty line before', `\r\n${ok}${empty}\r\n`, 'HTTP_BAD_STATUS_LINE'],
    ['lines that end with LF', `HTTP/1.1 200 OK\n${empty}\n`, 'HTTP_BAD_LINE_ENDING'],
    ['a bare CR', `${ok}A: b\rc\r\n${empty}\r\n`, 'HTTP_BAD_LINE_ENDING'],
    ['a folded header', `${ok}A: b\r\n c\r\n${empty}\r\n`, 'HTTP_FOLDED_HEADER'],
    ['white space before the first header', `${ok} A: b\r\n${empty}\r\n`, 'HTTP_FOLDED_HEADER'],
    ['white space before the colon', `${ok}A : b\r\n${empty}\r\n`, 'HTTP_BAD_HEADER'],
    ['a header without colon', `${ok}A\r\n${empty}\r\n`, 'HTTP_BAD_HEADER'],
    ['a header without name', `${ok}: b\r\n${empty}\r\n`, 'HTTP_BAD_HEADER'],
    ['a NUL in a value', `${ok}A: b\0\r\n${empty}\r\n`, 'HTTP_BAD_HEADER'],
    ['a letter beyond ASCII in a name', `${ok}Ä: b\r\n${empty}\r\n`, 'HTTP_BAD_HEADER'],
    ['two lengths', `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 'HTTP_DUPLICATE_CONTENT_LENGTH'],
    ['the same length twice', `${ok}${empty}content-length: 0\r\n\r\n`, 'HTTP_DUPLICATE_CONTENT_LENGTH'],
    ['a list of lengths', `${ok}Content-Length: 1, 1\r\n\r\na`, 'HTTP_BAD_CONTENT_LENGTH'],
    ['a negative length', `${ok}Content-Length: -1\r\n\r\n`, 'HTTP_BAD_CONTENT_LENGTH'],
    ['a signed length', `${ok}Content-Length: +1\r\n\r\na`, 'HTTP_BAD_CONTENT_LENGTH'],
    ['a hexadecimal length', `${ok}Content-Length: 0x1\r\n\r\na`, 'HTTP_BAD_CONTENT_LENGTH'],
    ['an empty length', `${ok}Content-Length:\r\n\r\n`, 'HTTP_BAD_CONTENT_LENGTH'],
    ['a length of 2^53', `${ok}Content-Length: 9007199254740992\r\n\r\n`, 'HTTP_BAD_CONTENT_LENGTH'],
    [
      'length and chunks',
      `${ok}${empty}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'HTTP_LENGTH_AND_TRANSFER_ENCODING',
    ],
    ['gzip as transfer coding', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`, 'HTTP_UNSUPPORTED_TRANSFER_ENCODING'],
    ['chunked twice', `${ok}${'Transfer-Encoding: chunked\r\n'.repeat(2)}\r\n`, 'HTTP_UNSUPPORTED_TRANSFER_ENCODING'],
    [
      'chunks in HTTP/1.0',
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      'HTTP_UNSUPPORTED_TRANSFER_ENCODING',
    ],
    ['too large a head', `${ok}A: ${'b'.repeat(maxHeadBytes)}\r\n${empty}\r\n`, 'HTTP_HEAD_TOO_LARGE'],
    ['a head without end', `${ok}${'A: b\r\n'.repeat(4000)}`, 'HTTP_HEAD_TOO_LARGE'],
  ])('is refused for %s', (_, wire, code) => {
    for (const cutting of [uncut, byteByByte, [1000]]) {
      const { read, errors } = readResponses(Buffer.from(wire, 'latin1'), cutting);
      expect(errors.map((error) => error.code)).toEqual([code]);
      expect(read).toEqual([]);
    }
  });

  it('may be as large as the limit', () => {
    const padding = 'b'.repeat(maxHeadBytes - `${ok}A: \r\n${empty}\r\n`.length);
    for (const cutting of [uncut, byteByByte, [1000]]) {
      expect(readResponses(`${ok}A: ${padding}\r\n${empty}\r\n`, cutting).outcome.read).toHaveLength(1);
      expect(readResponses(`${ok}A: b${padding}\r\n${empty}\r\n`, cutting).errors).toHaveLength(1);
    }
  });

  it('of another protocol is refused at its first bytes', () => {
    expect(readResponses('220 ').errors[0]?.code).toBe('HTTP_BAD_STATUS_LINE');
  });

  it.each<[string, string, boolean]>([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'Connection: close\r\n', false],
    ['HTTP/1.1', 'Connection: Upgrade\r\nconnection: CLOSE , x\r\n', false],
    ['HTTP/1.1', 'Connection: closed\r\n', true],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
    ['HTTP/1.9', '', true],
  ])('of %s with %j has keepAlive %s', (version, header, keepAlive) => {
    expect(readResponses(`${version} 200 OK\r\n${header}${empty}\r\n`).read[0]?.keepAlive).toBe(keepAlive);
  });

  it('gives the wanted headers, the first of several, or lists joined', () => {
    const lines = [
      'HTTP/1.1 503',
      'Connection: keep-alive, UPGRADE',
      'Retry-After: 7',
      'retry-after: 8',
      'Set-Cookie: a=1; Path=/',
      'Set-Cookie: b=2',
      'CONTENT-TYPE:  text/plain ',
      'Content-Encoding: gzip',
      'Upgrade: a',
      'Upgrade: b',
      'Sec-WebSocket-Accept: x',
      'Sec-WebSocket-Protocol: y',
      'Sec-WebSocket-Extensions: z',
      'ETag:',
      'Content-Length: 0',
    ];
    const { head } = readResponses(`${lines.join('\r\n')}\r\n\r\n`).responses[0] ?? {};
    expect(head).toEqual({
      status: 503,
      keepAlive: true,
      framing: 'length',
      contentLength: 0,
      contentType: 'text/plain',
      contentEncoding: 'gzip',
      etag: '',
      retryAfter: '7',
      setCookie: 'a=1; Path=/',
      upgrade: 'a, b',
      secWebSocketAccept: 'x',
      secWebSocketProtocol: 'y',
      secWebSocketExtensions: 'z',
    });
  });

  it('has no upgrade that its Connection header does not name', () => {
    const { responses } = readResponses(
      `${ok}Upgrade: a\r\n${empty}\r\n${ok}Upgrade: a\r\nConnection: upgraded\r\n${empty}\r\n`,
    );
    expect(responses.map(({ head }) => head.upgrade)).toEqual([null, null]);
  });

  it('is told from a known one that differs in a single byte', () => {
    const respond = (etag: string) => `${ok}ETag: "${etag}"\r\n${empty}\r\n`;
    const etags = ['1', '2', '1', '3', '4', '5', '6', '1', '22', '2'];
    const { read } = readResponses(etags.map(respond).join(''));
    expect(read.map(({ etag }) => etag)).toEqual(etags.map((etag) => `"${etag}"`));
  });
});

describe('interim responses', () => {
  it('are passed over', () => {
    const interims = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    for (const cutting of [uncut, byteByByte]) {
      expect(readResponses(`${interims}HTTP/1.1 204 No Content\r\n\r\n`, cutting).read).toHaveLength(1);
    }
  });

  it('end HTTP with 101, and what follows is left unread', () => {
    const wire = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nHTTP/1.1 200';
    for (const cutting of [uncut, byteByByte, [80, 3]]) {
      const { read, responses, errors, unread } = readResponses(wire, cutting);
      expect([read.length, read[0]?.status, read[0]?.isComplete, responses[0]?.head.upgrade]).toEqual([
        1,
        101,
        false,
        'websocket',
      ]);
      expect(errors).toEqual([]);
      expect(unread.toString()).toBe('HTTP/1.1 200');
    }
  });
});

describe('a body', () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n';
  const bodies = (responses: ReadResponse[]) => responses.map(({ body }) => Buffer.from(body, 'hex').toString());

  it('of a 204 or 304 is never there, whatever the headers say', () => {
    const wire =
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(bodies(readResponses(wire).read)).toEqual(['', '']);
  });

  it.each<[string, string, string]>([
    ['one chunk', '3\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['leading zeros', '0003\r\nabc\r\n000\r\n\r\n', 'abc'],
    ['hexadecimal in both cases', `a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n`, '01234567890123456789'],
    ['extensions', '3;a=b;c="d;e"\r\nabc\r\n0 ;last\r\n\r\n', 'abc'],
    ['extensions with white space and escapes', '3 ; a = "b\\"\xe9" ;c\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['trailers', '3\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n', 'abc'],
  ])('in chunks may have %s', (_, wire, body) => {
    for (const cutting of [uncut, byteByByte])
      expect(bodies(readResponses(chunked + wire, cutting).read)).toEqual([body]);
  });

  it.each<[string, string, string]>([
    ['no size', '\r\n', 'HTTP_BAD_CHUNK_SIZE'],
    ['a size that is not hexadecimal', 'g\r\n', 'HTTP_BAD_CHUNK_SIZE'],
    ['a size with 0x', '0x3\r\nabc\r\n', 'HTTP_BAD_CHUNK_SIZE'],
    ['a signed size', '+3\r\nabc\r\n', 'HTTP_BAD_CHUNK_SIZE'],
    ['white space before the size', ' 3\r\nabc\r\n', 'HTTP_BAD_CHUNK_SIZE'],
    ['white space behind the size', '3 \r\nabc\r\n', 'HTTP_BAD_CHUNK_SIZE'],
    ['a size line that ends with LF', '3\nabc\r\n', 'HTTP_BAD_CHUNK_SIZE'],
    ['a size line that ends with CR', '3\rabc\r\n', 'HTTP_BAD_CHUNK_SIZE'],
    ['a size beyond 2^53', '20000000000000\r\n', 'HTTP_CHUNK_SIZE_TOO_LARGE'],
    ['a LF in an extension', '3;a\nabc\r\n', 'HTTP_BAD_CHUNK_EXTENSION'],
    ['an extension whose name is no token', '3;\xffa="b"\r\nabc\r\n', 'HTTP_BAD_CHUNK_EXTENSION'],
    ['an extension without a name', '3;;a\r\nabc\r\n', 'HTTP_BAD_CHUNK_EXTENSION'],
    ['an extension without the value it announces', '3;a=\r\nabc\r\n', 'HTTP_BAD_CHUNK_EXTENSION'],
    ['two names in one extension', '3;a b\r\nabc\r\n', 'HTTP_BAD_CHUNK_EXTENSION'],
    ['an extension that goes on behind its quotes', '3;a="b"c\r\nabc\r\n', 'HTTP_BAD_CHUNK_EXTENSION'],
    ['an extension whose quotes are not closed', '3;a="b\r\nabc\r\n', 'HTTP_BAD_CHUNK_EXTENSION'],
    ['a NUL in an extension', '3;\0\r\nabc\r\n', 'HTTP_BAD_CHUNK_EXTENSION'],
    ['an endless extension', `3;${'a'.repeat(20_000)}\r\nabc\r\n`, 'HTTP_CHUNK_LINE_TOO_LONG'],
    ['more data than announced', '3\r\nabcd\r\n', 'HTTP_BAD_CHUNK_END'],
    ['data that ends with LF', '3\r\nabc\n0\r\n\r\n', 'HTTP_BAD_CHUNK_END'],
    ['a broken trailer', '0\r\nA b\r\n\r\n', 'HTTP_BAD_HEADER'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n', 'HTTP_FOLDED_HEADER'],
    ['trailers that end with LF', '0\r\n\n', 'HTTP_BAD_LINE_ENDING'],
    ['endless trailers', `0\r\n${'A: b\r\n'.repeat(4000)}`, 'HTTP_HEAD_TOO_LARGE'],
    ['no end', '3\r\nabc\r\n', 'HTTP_UNEXPECTED_END'],
  ])('in chunks is refused for %s', (_, wire, code) => {
    for (const cutting of [uncut, byteByByte]) {
      const { read, errors } = readResponses(chunked + wire, cutting);
      expect(errors.map((error) => error.code)).toEqual([code]);
      expect(read[0]?.isComplete).toBe(false);
    }
  });

  it('in chunks may have long extensions, as the limit is for each line', () => {
    const chunk = `1;${'a'.repeat(10_000)}\r\nx\r\n`;
    for (const cutting of [uncut, byteByByte]) {
      expect(bodies(readResponses(`${chunked}${chunk.repeat(3)}0\r\n\r\n`, cutting).read)).toEqual(['xxx']);
    }
  });

  it('in chunks may announce up to 2^53 - 1 bytes', () => {
    expect(readResponses(`${chunked}1fffffffffffff\r\nab`).errors[0]?.code).toBe('HTTP_UNEXPECTED_END');
  });

  it.each([
    ['within a head', 'HTTP/1.1 200 OK\r\nA'],
    ['within a body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab'],
    ['before a body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n'],
    ['within trailers', `${chunked}0\r\nA: b\r\n`],
  ])('may not be cut off %s', (_, wire) => {
    for (const cutting of [uncut, byteByByte])
      expect(readResponses(wire, cutting).errors[0]?.code).toBe('HTTP_UNEXPECTED_END');
  });

  it('without length lasts to the end of the connection', () => {
    for (const cutting of [uncut, byteByByte]) {
      const { read, errors } = readResponses('HTTP/1.1 200 OK\r\n\r\nabc\r\n', cutting);
      expect([bodies(read), read[0]?.keepAlive, read[0]?.isComplete, errors]).toEqual([['abc\r\n'], false, true, []]);
    }
  });

  it('is followed by nothing where the response closes the connection', () => {
    const wire = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na';
    expect(readResponses(wire).errors).toEqual([]);
    for (const cutting of [uncut, byteByByte]) {
      expect(readResponses(`${wire}b`, cutting).errors[0]?.code).toBe('HTTP_DATA_AFTER_CLOSE');
    }
  });
});
