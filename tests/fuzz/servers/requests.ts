// Conversations in HTTP: pipelined requests that are well formed and say absurd things, and at last one that is damaged.
import { METHODS } from 'node:http';
import { paths } from '../../../servers/protocol.ts';
import type { Dice } from '../dice.ts';
import { mutate } from '../mutate.ts';
import type { Conversation } from './conversation.ts';

/** Whole numbers, and what only looks like one. Of dashboards there are four. */
const figures = [
  '0',
  '1',
  '3',
  '4',
  '00',
  '-0',
  '-1',
  '1.5',
  '1e3',
  '0x1',
  '',
  '+1',
  '%30',
  '%00',
  '%',
  '%E0%A4%A',
  '%EF%BC%91',
  'null',
  'NaN',
  'a',
  '2147483648',
  '999999999999999',
  '9999999999999999',
  '9007199254740993',
  '18446744073709551616',
  "0'OR'1'='1",
  '0;DROP+TABLE+dashboard',
  '__proto__',
  '..%2f..',
  '9'.repeat(3000),
] as const;

/** Where requests go. */
export interface Endpoint {
  readonly path: string;
  /** How many ask for a dashboard that exists. Each costs a query; streams and held requests end the conversation as well. */
  readonly goodShare: number;
}

const otherTargets = [
  paths.health,
  paths.health,
  paths.health,
  `${paths.health}?audience=0`,
  '/',
  '//',
  '///',
  '/?',
  '/%',
  '/%00',
  '/..',
  '/../../etc/passwd',
  '*',
  '/dashboard/',
  '/Dashboard',
  '/dashboard%20',
  '/events;a=b',
  '/ws/',
  '/change',
  '/metrics/',
  '/[',
  '//[',
  '//:0',
  '//a@b:99999',
  'http://[',
  'http://localhost/healthz',
  'https://x:y@z/ws',
  '/\\',
  '/a b'.replace(' ', '+'),
  `/${'a'.repeat(5000)}`,
  '/ws?audience',
  '/dashboard?&&=&',
  '/dashboard?audience=0&audience=1',
  '/events?audience[]=0',
  '/dashboard?audience=',
  `/dashboard?${'a=1&'.repeat(1500)}`,
] as const;

const headers = [
  'Accept: */*',
  'Origin: http://evil.example',
  'Origin: null',
  'Cookie: token=%E0; token; =; ;;;',
  `Cookie: ${'a=b; '.repeat(300)}`,
  'If-None-Match: *',
  'If-None-Match: "0", W/"1"',
  'Last-Event-ID: 0',
  'Last-Event-ID: -1',
  'Last-Event-ID: 999999999999999',
  'Last-Event-ID: \xe9',
  'Connection: keep-alive',
  'Connection: , ,',
  'Accept-Encoding: gzip;q=bogus',
  'Range: bytes=0-0',
  'X-Empty:',
  'Upgrade: h2c',
  'TE: trailers',
  'Expect: 100-continue',
  'Authorization: Basic %%%',
  'X-Forwarded-For: 127.0.0.1',
  `X-Long: ${'x'.repeat(3000)}`,
  'Host: second',
  'Content-Type: text/plain',
] as const;

/** Shapes that two readers of one connection might cut differently (RFC 9112 §11.2), and bodies that are not as announced. */
const smuggling = [
  'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding:\tchunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: a\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx',
  'Transfer-Encoding: chunked\r\n\r\n-1\r\nx',
  'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
  'Content-Length: -1\r\n\r\n',
  'Content-Length: 99999999999999999999\r\n\r\nx',
  'Content-Length: 4, 4\r\n\r\nabcd',
  'Content-Length: 30\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n',
  ' folded: a\r\n b\r\n\r\n',
  'X: a\n\nGET / HTTP/1.1\r\n\r\n',
  'X: a\0b\r\n\r\n',
  'Host\r\n\r\n',
] as const;

/** What is no action. Whole as they are: a mutation might make one, which would change a dashboard. */
const notActions = [
  '',
  '{',
  '{}',
  '[]',
  'null',
  '1',
  '{"intendedUs":-1}',
  '{"intendedUs":1.5}',
  '{"intendedUs":"1"}',
  '{"intendedUs":1e400}',
  '{"intendedUs":9007199254740993}',
  '{"intendedUs":null}',
  '{"__proto__":{"intendedUs":1}}',
  '\xff\xfe{',
  `${'['.repeat(5000)}`,
  `{"a":"${'x'.repeat(60_000)}"}`,
] as const;
const action = '{"intendedUs":1}';

export function makeRequests(endpoint: Endpoint, dice: Dice): Conversation {
  const count = 1 + dice.below(50);
  const requests = Array.from({ length: count }, () =>
    dice.chance(0.04) ? makeAction(dice) : makeRequest(endpoint, dice),
  );
  const last = makeLast(endpoint, dice);
  const isTogether = dice.chance(0.2);
  const wire = Buffer.concat(isTogether ? [...requests, last] : requests);
  const isSlow = dice.chance(0.03);
  return {
    pieces: dice.chance(0.7) && !isSlow ? [wire] : cut(wire, dice),
    last: isTogether ? Buffer.alloc(0) : last,
    pauseMs: isSlow ? 2 : 0,
    inputs: count + 1,
    leaving: dice.pick(['reset', 'reset', 'reset', 'reset', 'reset', 'reset', 'end', 'half-close'] as const),
  };
}

/** A well-formed request, after which the connection goes on. */
export function makeRequest({ path, goodShare }: Endpoint, dice: Dice): Buffer {
  const isGood = dice.chance(goodShare);
  const method = dice.chance(isGood ? 0.98 : 0.8) ? 'GET' : dice.pick(METHODS.filter((name) => name !== 'CONNECT'));
  const target = isGood
    ? makeTarget(path, dice)
    : dice.chance(0.4)
      ? makeBadTarget(path, dice)
      : dice.pick(otherTargets);
  const fields = dice
    .several(0, isGood ? 2 : 4, () => `${dice.pick(headers)}\r\n`)
    .filter((field) => !field.startsWith('Host'));
  const body = dice.chance(0.05)
    ? dice.pick(['Content-Length: 4\r\n\r\nbody', 'Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n'])
    : '\r\n';
  const scrape = dice.chance(0.002) ? paths.metrics : target;
  return Buffer.from(`${method} ${scrape} HTTP/1.1\r\nHost: x\r\n${fields.join('')}${body}`, 'latin1');
}

/** A well-formed POST of what is none, or of one that may not be done. */
function makeAction(dice: Dice): Buffer {
  const [audience, type, body] = dice.pick([
    ['0', 'application/json', dice.pick(notActions)],
    ['0', 'text/plain', action],
    ['0', 'application/jsonp', action],
    ['4', 'application/json', action],
    ['%00', 'application/json; charset=utf-8', action],
  ] as const);
  const framed = dice.chance(0.7)
    ? `Content-Length: ${body.length}\r\n\r\n${body}`
    : `Transfer-Encoding: chunked\r\n\r\n${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`;
  const head = `POST ${paths.actions}?audience=${audience} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n`;
  return Buffer.from(head + framed, 'latin1');
}

function makeTarget(path: string, dice: Dice): string {
  const after = dice.chance(0.5) ? '' : `&after=${dice.pick(figures)}`;
  return `${path}?audience=${dice.pick(['0', '1', '2', '3'])}${after}`;
}

function makeBadTarget(path: string, dice: Dice): string {
  const figure = dice.pick(figures);
  // These are dashboards that exist.
  const audience = ['0', '1', '3', '00', '%30'].includes(figure) ? '4' : figure;
  return `${path}?audience=${audience}&after=${dice.pick(figures)}&token=${dice.pick(figures)}`;
}

/** What may well end the connection: damaged, oversized, of two minds, half sent. */
function makeLast(endpoint: Endpoint, dice: Dice): Buffer {
  const request = makeRequest(endpoint, dice);
  const line = `${dice.pick(['GET', 'POST', 'PUT'])} ${dice.pick([endpoint.path, paths.health, paths.change])} HTTP/1.1\r\nHost: x\r\n`;
  switch (dice.below(11)) {
    case 10: {
      const act = `POST ${paths.actions} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
      return Buffer.from(
        act +
          dice.pick([
            // Too much of it, announced or not; less than announced.
            `Content-Length: 70000\r\n\r\n${' '.repeat(70_000)}`,
            `Content-Length: 999999999\r\n\r\n${action}`,
            `Transfer-Encoding: chunked\r\n\r\n${`8000\r\n${' '.repeat(0x8000)}\r\n`.repeat(3)}`,
            `Content-Length: 17\r\n\r\n${action}`,
          ]),
      );
    }
    case 0:
      return Buffer.from(line + dice.pick(smuggling), 'latin1');
    case 1:
      return request.subarray(0, dice.below(request.length));
    case 2:
      return Buffer.from(`${line}X: ${'x'.repeat(dice.pick([16_000, 16_384, 17_000, 70_000]))}\r\n\r\n`);
    case 3:
      return Buffer.from(`GET /${'a'.repeat(dice.pick([16_000, 16_384, 70_000]))} HTTP/1.1\r\n\r\n`);
    case 4:
      return dice.bytes(dice.below(200));
    case 5:
      return Buffer.from(
        dice.pick([
          'CONNECT localhost:80 HTTP/1.1\r\nHost: x\r\n\r\n',
          'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
          'GET / HTTP/0.9\r\n\r\n',
          'GET /\r\n\r\n',
          'GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n',
          `\x16\x03\x01\x02\0${'\0'.repeat(50)}`,
        ]),
        'latin1',
      );
    case 6:
      return Buffer.from(
        `GET ${dice.pick(otherTargets)} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${dice.pick(['websocket', 'h2c', ''])}\r\n\r\n`,
        'latin1',
      );
    default:
      return mutate(request, dice, () => makeRequest(endpoint, dice));
  }
}

/** Two to ten pieces. */
export function cut(wire: Buffer, dice: Dice): Buffer[] {
  const cuts = dice.several(1, 9, () => dice.below(wire.length + 1)).sort((a, b) => a - b);
  return [0, ...cuts]
    .map((from, index) => wire.subarray(from, cuts[index] ?? wire.length))
    .filter((piece) => piece.length > 0);
}
