// Server-sent events on a real connection: streams in any shape that HTTP and WHATWG HTML §9.2 allow, and what is no stream.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DashboardServer, raw, writePieces } from './dashboard-server.fixture.ts';
import { Probe } from './session-probe.fixture.ts';

let server: DashboardServer;
let probe: Probe;

beforeEach(async () => {
  server = await DashboardServer.start();
  probe = new Probe('sse', server.address);
});

afterEach(async () => {
  probe.stop();
  await server.stop();
});

const message = (version: number) => `{"type":"update","version":${version}}`;
const byteByByte = (text: string) => [...text].map((char) => Buffer.from(char));

describe('a stream', () => {
  test.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ])('whose lines end with %s is read the same however it is cut, in a body of any framing', async (_name, end) => {
    const lines = ['retry: 7', '', 'id: 5', `data: ${message(5)}`, '', ': beat', `data:${message(6)}`, 'id: 6', '', ''];
    const stream = lines.join(end);
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n';
    const chunked = byteByByte(stream).map((byte) => `1\r\n${byte}\r\n`);
    const shapes = [
      [`${head}\r\n`, ...byteByByte(stream)],
      [`${head}Transfer-Encoding: chunked\r\n\r\n`, chunked.join('')],
      [`${head}Transfer-Encoding: chunked\r\n\r\n${chunked.join('')}`],
      [`${head}\r\n${stream}`],
    ];
    for (const pieces of shapes) {
      server.answerWith(raw(...pieces));
      const each = new Probe('sse', server.address).open();
      await each.until('both events are told', () => each.held === 6 || each.end !== null);
      expect(each.versions).toEqual([
        ['update', 5],
        ['update', 6],
      ]);
      expect(each.of('retry')).toEqual([{ what: 'retry', delayUs: 7_000 }]);
      expect(each.context.traffic.payloadIn).toBe(message(5).length + message(6).length);
      each.stop();
    }
  });

  test('may change its reconnection time', async () => {
    server.answerWith(({ socket }) => {
      const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';
      writePieces(socket, [`${head}retry: 10\n`, 'retry: 10\n', 'retry: soon\n', `retry: 20\ndata: ${message(1)}\n\n`]);
    });
    probe.open();
    await probe.until('the event is told', () => probe.held === 1);
    expect(probe.of('retry').map(({ delayUs }) => delayUs)).toEqual([10_000, 20_000]);
  });

  test('that the server ends is broken, and an event without its blank line was never told', async () => {
    const body = `data: ${message(1)}\n\ndata: ${message(2)}\n`;
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
    const length = Buffer.byteLength(body).toString(16);
    for (const answer of [
      `${head}Transfer-Encoding: chunked\r\n\r\n${length}\r\n${body}\r\n0\r\n\r\n`,
      `${head}Content-Length: ${body.length}\r\n\r\n${body}`,
      `${head}\r\n${body}`,
    ]) {
      server.answerWith(({ socket }) => socket.end(answer));
      const each = new Probe('sse', server.address).open();
      await each.until('it ends', () => each.end !== null);
      expect(each.end).toMatchObject({ kind: 'broken' });
      expect(each.versions).toEqual([['update', 1]]);
      each.stop();
    }
  });

  test('that a client resumes with nothing new begins with nothing', async () => {
    server.publish(5);
    const resumed = new Probe('sse', server.address, { held: 5 }).open();
    await server.until('it listens', () => server.subscribers.size === 1);
    server.publish(6);
    await resumed.until('the change is told', () => resumed.held === 6);
    expect(resumed.versions).toEqual([['update', 6]]);
    resumed.stop();
  });
});

test.each([
  ['text/html', 'protocol'],
  ['text/event-stream-like', 'protocol'],
  ['TEXT/Event-Stream ; charset=utf-8', null],
])('an answer of content type %s ends it as %s', async (contentType, kind) => {
  const body = `data: ${message(1)}\n\n`;
  server.answerWith(raw(`HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n\r\n${body}`));
  probe.open();
  await probe.until('it ends or shows something', () => probe.end !== null || probe.held === 1);
  expect(probe.end?.kind ?? null).toBe(kind);
  expect(probe.of('open')).toHaveLength(kind === null ? 1 : 0);
});
