// WebSocket: what a handshake must answer, messages in fragments, and how a breach of the protocol is told to the server (RFC 6455).
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { websocketAccept, websocketKey } from '../contract/websocket-key.ts';
import { DashboardServer, messageText, raw } from './dashboard-server.fixture.ts';
import { Probe } from './session-probe.fixture.ts';

let server: DashboardServer;
let probe: Probe;

beforeEach(async () => {
  server = await DashboardServer.start();
  probe = new Probe('websocket', server.address);
});

afterEach(async () => {
  probe.stop();
  await server.stop();
});

const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
const accept = `Sec-WebSocket-Accept: ${websocketAccept}\r\n`;

/** An unmasked frame of at most 125 bytes, as a server sends it. */
function frame(first: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from([first, bytes.length]), bytes]);
}

describe('a handshake', () => {
  test('expects the answer that its key has by RFC 6455', () => {
    const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
    expect(createHash('sha1').update(`${websocketKey}${guid}`).digest('base64')).toBe(websocketAccept);
  });

  test.each([
    ['without an accept', upgrade],
    ['with the accept of another key', `${upgrade}Sec-WebSocket-Accept: ${'A'.repeat(27)}=\r\n`],
    ['without Connection: Upgrade', `${upgrade.replace('Connection: Upgrade', 'Connection: keep-alive')}${accept}`],
    ['with two accepts', `${upgrade}${accept}${accept}`],
    ['with an extension that was not offered', `${upgrade}${accept}Sec-WebSocket-Extensions: permessage-deflate\r\n`],
    ['with a subprotocol that was not offered', `${upgrade}${accept}Sec-WebSocket-Protocol: chat\r\n`],
    ['that changes to another protocol', `${upgrade.replace('Upgrade: websocket', 'Upgrade: h2c')}${accept}`],
  ])('that is answered %s is refused', async (_how, head) => {
    server.answerWith(raw(`${head}\r\n`, frame(0x81, messageText('snapshot', 0))));
    probe.open();
    await probe.until('it ends or opens', () => probe.told.length > 0);
    expect(probe.told).toEqual([{ what: 'end', reason: { kind: 'protocol', detail: expect.any(String) } }]);
    await server.until('its connection is gone', () => server.sockets.size === 0);
  });

  test('may come with the first message in one segment, or in many', async () => {
    const whole = Buffer.concat([
      Buffer.from(`${upgrade}${accept}\r\n`),
      frame(0x81, '{"type":"snapshot","version":4}'),
    ]);
    for (const size of [whole.length, 1]) {
      server.answerWith(
        raw(...Array.from({ length: whole.length / size }, (_, k) => whole.subarray(k * size, (k + 1) * size))),
      );
      const each = new Probe('websocket', server.address).open();
      await each.until('it shows the message', () => each.held === 4 || each.end !== null);
      expect(each.told).toEqual([{ what: 'open' }, { what: 'snapshot', version: 4 }]);
      each.stop();
    }
  });
});

describe('a message', () => {
  test('in fragments, with a ping between them, is one message', async () => {
    probe.open();
    await probe.until('it is open', () => probe.held === 0);
    const [webSocket] = server.webSockets;
    const text = messageText('update', 6);
    const payloadBefore = probe.context.traffic.payloadIn;
    webSocket?.send(text.slice(0, 10), { fin: false });
    webSocket?.ping('meanwhile');
    webSocket?.send(text.slice(10, 80), { fin: false });
    webSocket?.send(text.slice(80), { fin: true });
    await probe.until('it is told', () => probe.held === 6);
    await server.until('the ping is answered', () => server.heard.length > 0);
    expect(server.heard).toEqual([{ kind: 'pong', text: 'meanwhile' }]);
    expect(probe.versions).toEqual([
      ['snapshot', 0],
      ['update', 6],
    ]);
    expect(probe.context.traffic.payloadIn - payloadBefore).toBe(Buffer.byteLength(text));
  });

  test.each([
    ['a text that is no JSON', 'hello'],
    ['a message without a version', '{"type":"tick"}'],
  ])('is passed over when it is %s', async (_what, text) => {
    probe.open();
    await probe.until('it is open', () => probe.held === 0);
    for (const webSocket of server.webSockets) server.sendText(webSocket, text);
    server.publish(1);
    await probe.until('the next one is told', () => probe.held === 1);
    expect(probe.end).toBeNull();
  });
});

describe('a breach of the protocol', () => {
  test.each([
    ['a masked frame', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), '1002'],
    ['a reserved bit', frame(0xc1, 'x'), '1002'],
    ['a continuation of nothing', frame(0x80, 'x'), '1002'],
    ['a text that is not UTF-8', frame(0x81, Buffer.from([0xff])), '1007'],
    ['a message of 1 TiB', Buffer.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]), '1009'],
  ])('by %s ends it, and the server is told why', async (_what, bytes, code) => {
    probe.open();
    await probe.until('it is open', () => probe.held === 0);
    for (const socket of server.sockets) socket.write(bytes);
    await server.until('the close is heard', () => server.heard.some(({ kind }) => kind === 'close'));
    expect(server.heard).toEqual([{ kind: 'close', text: code }]);
    expect(probe.end).toMatchObject({ kind: 'protocol' });
    await server.until('its connection is gone', () => server.sockets.size === 0);
  });
});
