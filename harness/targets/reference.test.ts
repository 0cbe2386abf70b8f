// The reference target against two oracles: JSON.parse for what a message says, node:http for what a request asks.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { paths } from '../../servers/protocol.ts';
import type { Decoded } from '../contract/target.ts';
import { websocketKey } from '../contract/websocket-key.ts';
import { decodeMessage, type ReferenceTargetPlan, referenceTarget } from './reference.ts';

const stale: Decoded = { kind: 'ping', version: 99, intendedUs: 99 };

/** Decodes the text as part of a larger buffer, as it comes from a socket. */
function decode(text: string | Buffer, around: readonly [string, string] = ['', '']): Decoded {
  const [before, after] = around.map((each) => Buffer.from(each)) as [Buffer, Buffer];
  const bytes = Buffer.from(text);
  const into = { ...stale };
  decodeMessage(Buffer.concat([before, bytes, after]), before.length, before.length + bytes.length, into);
  return into;
}

describe('a message', () => {
  const kinds = fc.constantFrom('snapshot' as const, 'update' as const);
  const largest = Number.MAX_SAFE_INTEGER;
  // Those just below 2 ** 53 are where a sum on the way could be rounded though its result is not.
  const wholeNumbers = fc.oneof(fc.maxSafeNat(), fc.integer({ min: largest - 100, max: largest }));
  const messages = fc.record({ type: kinds, version: wholeNumbers, intendedUs: wholeNumbers, padding: fc.string() });

  test('is decoded as JSON.parse reads it, wherever in the buffer it is', () => {
    fc.assert(
      fc.property(messages, fc.string(), fc.string(), (message, before, after) => {
        const { type, version, intendedUs } = message;
        expect(decode(JSON.stringify(message), [before, after])).toEqual({ kind: type, version, intendedUs });
      }),
    );
  });

  test('is decoded the same with its keys in any order and with white space', () => {
    fc.assert(
      fc.property(messages, fc.nat({ max: 4 }), (message, indent) => {
        const { padding, intendedUs, version, type } = message;
        const text = JSON.stringify({ padding, intendedUs, version, type }, null, indent);
        expect(decode(text)).toEqual({ kind: type, version, intendedUs });
      }),
    );
  });

  test.each([
    ['{"type":"ping"}', { kind: 'ping', version: 0, intendedUs: 0 }],
    ['{"type":"update","version":3}', { kind: 'update', version: 3, intendedUs: 0 }],
    ['{"type":"update","version":"3"}', { kind: 'other', version: 0, intendedUs: 0 }],
    ['{"type":"update","version":3.5,"intendedUs":4}', { kind: 'other', version: 0, intendedUs: 0 }],
    ['{"type":"update","version":,"intendedUs":4}', { kind: 'other', version: 0, intendedUs: 0 }],
    ['{"type":"update","version":3,"intendedUs":12.5}', { kind: 'update', version: 3, intendedUs: 12.5 }],
    ['{"type":"update","version":3,"intendedUs":1e3}', { kind: 'update', version: 3, intendedUs: 1000 }],
    ['{"type":"update","version":3,"intendedUs":1e999}', { kind: 'update', version: 3, intendedUs: 0 }],
    ['{"type":"update","version":9007199254740992,"intendedUs":4}', { kind: 'other', version: 0, intendedUs: 0 }],
    ['{"type":"update","version":3,"intendedUs":4', { kind: 'other', version: 0, intendedUs: 0 }],
    ['{"type":"tick","version":3,"intendedUs":4}', { kind: 'other', version: 0, intendedUs: 0 }],
    ['{"type":"update","version":1', { kind: 'other', version: 0, intendedUs: 0 }],
    ['null', { kind: 'other', version: 0, intendedUs: 0 }],
    ['[]', { kind: 'other', version: 0, intendedUs: 0 }],
    ['', { kind: 'other', version: 0, intendedUs: 0 }],
  ])('%s is decoded as %j', (text, decoded) => {
    expect(decode(text)).toEqual(decoded);
  });

  test('that is junk carries no version and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
        expect(decode(Buffer.from(junk)).kind).toBe('other');
      }),
    );
  });

  test('that is cut off anywhere never throws, and tells no other version than a whole one would', () => {
    fc.assert(
      fc.property(messages, fc.double({ min: 0, max: 1, noNaN: true }), (message, share) => {
        const text = Buffer.from(JSON.stringify(message));
        const decoded = decode(text.subarray(0, Math.floor(text.length * share)));
        expect([0, message.version]).toContain(decoded.version);
      }),
    );
  });
});

describe('a request', () => {
  const token = 'a b&c="ü"';
  const seen: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request);
    response.end();
  });
  server.on('upgrade', (request, socket) => {
    seen.push(request);
    socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
  });

  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  /** Sends the request as it is and returns what node:http makes of it. */
  async function parse(plan: Partial<ReferenceTargetPlan>, held: number | null): Promise<http.IncomingMessage> {
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const whole: ReferenceTargetPlan = {
      kind: 'reference',
      transport: 'polling',
      addresses: [address],
      keepAlive: true,
      etag: false,
      auth: 'none',
      authority: null,
      token,
      ...plan,
    };
    const socket = net.connect(address.port, address.host);
    socket.write(referenceTarget(whole).request({ address, audience: 3, held }), 'latin1');
    await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
    socket.destroy();
    const request = seen.pop();
    if (request === undefined) throw new Error('node:http heard no request');
    expect(request.headers.host).toBe(`${address.host}:${address.port}`);
    return request;
  }

  const transports = ['polling', 'long-polling', 'sse', 'websocket'] as const;

  test.each(transports)('of %s asks for its audience at its path', async (transport) => {
    const path = {
      polling: paths.dashboard,
      'long-polling': paths.dashboard,
      sse: paths.events,
      websocket: paths.websocket,
    };
    const request = await parse({ transport }, null);
    expect(request).toMatchObject({ method: 'GET', url: `${path[transport]}?audience=3`, httpVersion: '1.1' });
    expect(new Set(request.rawHeaders.filter((_, at) => at % 2 === 0)).size).toBe(request.rawHeaders.length / 2);
  });

  test.each(transports)('of %s carries its token in the query', async (transport) => {
    const request = await parse({ transport, auth: 'query' }, 5);
    expect(new URL(request.url ?? '', 'http://localhost').searchParams.get('token')).toBe(token);
  });

  test.each(transports)('of %s carries its token in a cookie', async (transport) => {
    const request = await parse({ transport, auth: 'cookie' }, 5);
    expect(request.headers.cookie).toBe(`token=${encodeURIComponent(token)}`);
    expect(request.url).not.toContain('token');
  });

  test('of polling asks with the ETag it holds, when it may', async () => {
    expect((await parse({ etag: true }, 5)).headers['if-none-match']).toBe('"5"');
    expect((await parse({ etag: true }, null)).headers['if-none-match']).toBeUndefined();
    expect((await parse({ etag: false }, 5)).headers['if-none-match']).toBeUndefined();
  });

  test('of polling keeps its connection, or does not', async () => {
    expect((await parse({ keepAlive: true }, null)).headers.connection).toBe('keep-alive');
    expect((await parse({ keepAlive: false }, null)).headers.connection).toBe('close');
  });

  test('of long-polling asks for what comes after the version it holds, 0 included', async () => {
    for (const held of [0, 5]) {
      const { url = '' } = await parse({ transport: 'long-polling', auth: 'query' }, held);
      expect(new URL(url, 'http://localhost').searchParams.get('after')).toBe(String(held));
    }
  });

  test('of sse resumes after the version it holds', async () => {
    const { headers } = await parse({ transport: 'sse' }, 5);
    expect(headers).toMatchObject({ accept: 'text/event-stream', 'last-event-id': '5', 'cache-control': 'no-cache' });
  });

  test('of websocket is a handshake without extensions', async () => {
    const { headers } = await parse({ transport: 'websocket' }, 5);
    expect(headers).toMatchObject({
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': websocketKey,
    });
    expect(headers['sec-websocket-extensions']).toBeUndefined();
  });

  test.each(transports)('of %s depends on the version held only where the target says so', async (transport) => {
    for (const etag of [true, false]) {
      const plan = { kind: 'reference', keepAlive: true, auth: 'none', addresses: [], token, authority: null } as const;
      const target = referenceTarget({ ...plan, transport, etag });
      const request = (held: number) => target.request({ address: { host: 'localhost', port: 80 }, audience: 0, held });
      if (!target.asksAfterVersion) expect(request(1)).toBe(request(2));
      else if (transport !== 'websocket') expect(request(1)).not.toBe(request(2));
    }
  });
});
