import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { metricNames, paths } from './protocol.ts';
import { openRig, openSocket, type Rig, request, waitUntil } from './rig.fixture.ts';
import { frameText } from './websocket.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
}, 60_000);
afterAll(() => rig.close());
beforeEach(() => rig.forgetQueries());
afterEach(() => rig.stopNodes());

const closedFor = (reason: string) => `${metricNames.connectionsClosed}{reason="${reason}"}`;

describe('websocket', () => {
  it('sends a snapshot, then each change to all who watch it, for one query', async () => {
    const node = await rig.serve({ transport: 'websocket' });
    const clients = await Promise.all(Array.from({ length: 10 }, () => openSocket(node)));
    const elsewhere = await openSocket(node, '?audience=1');
    const version = await rig.version();
    for (const client of clients) expect(await client.next()).toMatchObject({ type: 'snapshot', version });
    await elsewhere.next();
    expect(await rig.queries()).toBe(11);
    await rig.change();
    for (const client of clients) expect(await client.next()).toMatchObject({ type: 'update', version: version + 1 });
    expect(await rig.queries()).toBe(12);
    expect(await node.metric(`${metricNames.messages}{type="update"}`)).toBe(10);
    expect(await node.metric(metricNames.connections)).toBe(11);
  });

  it.each([600, 65_535, 65_536, 300_000])('frames %i bytes so that a client understands them', async (payloadBytes) => {
    const node = await rig.serve({ transport: 'websocket', payloadBytes });
    const client = await openSocket(node);
    expect(await client.texts.next()).toHaveLength(payloadBytes);
    await rig.change();
    expect(await client.texts.next()).toHaveLength(payloadBytes);
  });

  it('closes with 1008 for a bad token in the query', async () => {
    const node = await rig.serve({ transport: 'websocket', auth: 'query', token: 'secret' });
    expect(await (await openSocket(node, '?audience=0&token=wrong')).closed).toBe(1008);
    await (await openSocket(node, '?audience=0&token=secret')).next();
    expect(await rig.queries()).toBe(1);
    expect(await node.metric(closedFor('unauthorized'))).toBe(1);
  });

  it('closes with 1008 for a bad token in the cookie', async () => {
    const node = await rig.serve({ transport: 'websocket', auth: 'cookie', token: 'a b' });
    expect(await (await openSocket(node, '', { headers: { Cookie: 'token=wrong' } })).closed).toBe(1008);
    await (await openSocket(node, '', { headers: { Cookie: 'theme=dark; token=a%20b' } })).next();
  });

  it.each([
    ['1013', 1013],
    ['503', 503],
  ] as const)('turns away with %s those above its rate', async (turnAwayWith, told) => {
    const node = await rig.serve({ transport: 'websocket', admitPerSecond: 1, turnAwayWith });
    const first = await openSocket(node);
    await first.next();
    const second = await openSocket(node).then(
      ({ closed }) => closed,
      ({ message }: Error) => Number(/\d{3}/.exec(message)?.[0]),
    );
    expect(second).toBe(told);
    expect(await rig.queries()).toBe(1);
    expect(first.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('sends nothing before the first message has brought the token', async () => {
    const node = await rig.serve({ transport: 'websocket', auth: 'message', token: 'secret' });
    const [good, bad] = [await openSocket(node), await openSocket(node)];
    expect(await rig.queries()).toBe(0);
    good.socket.send('{"type":"auth","token":"secret"}');
    bad.socket.send('{"type":"auth","token":"wrong"}');
    expect(await good.next()).toMatchObject({ type: 'snapshot' });
    expect(await bad.closed).toBe(1008);
    expect(await rig.queries()).toBe(1);
  });

  it('closes with 1008 when the token does not come in time', async () => {
    const node = await rig.serve({ transport: 'websocket', auth: 'message', authTimeoutMs: 30 });
    expect(await (await openSocket(node)).closed).toBe(1008);
  });

  it('refuses a foreign Origin, a missing dashboard and another path in the handshake', async () => {
    const node = await rig.serve({ transport: 'websocket', allowedOrigins: ['https://app.example'] });
    expect(await refusedWith(`${node.url}/ws`, 'https://evil.example')).toBe(403);
    expect(await refusedWith(`${node.url}/ws?audience=4`, 'https://app.example')).toBe(404);
    expect(await refusedWith(`${node.url}/other`, 'https://app.example')).toBe(404);
    await (await openSocket(node, '', { headers: { Origin: 'https://app.example' } })).next();
    await (await openSocket(node)).next();
  });

  it('asks a plain GET to upgrade', async () => {
    const node = await rig.serve({ transport: 'websocket' });
    expect(await request(`${node.url}/ws`)).toMatchObject({ status: 426, headers: { upgrade: 'websocket' } });
  });

  it('closes with 1009 for a message above the limit, and survives a broken frame', async () => {
    const node = await rig.serve({ transport: 'websocket', maxMessageBytes: 100 });
    const [tooBig, broken, fine] = [await openSocket(node), await openSocket(node), await openSocket(node)];
    tooBig.socket.send('x'.repeat(101));
    expect(await tooBig.closed).toBe(1009);
    await broken.next();
    rawSocketOf(broken.socket).write(Buffer.of(0xff, 0xff));
    expect(await broken.closed).toBe(1002);
    await fine.next();
    await rig.change();
    expect(await fine.next()).toMatchObject({ type: 'update' });
  });

  it('answers an application-level ping, and ignores what it does not understand', async () => {
    const node = await rig.serve({ transport: 'websocket' });
    const client = await openSocket(node);
    await client.next();
    for (const text of ['not json', '[]', 'null', '{"type":"other"}', '{"type":"ping"}']) client.socket.send(text);
    expect(await client.texts.next()).toBe('{"type":"pong"}');
  });

  it('ends a client that answers no ping, and keeps one that does', async () => {
    const node = await rig.serve({ transport: 'websocket', heartbeatMs: 100, heartbeatTimeoutMs: 500 });
    const [alive, silent] = [await openSocket(node), await openSocket(node, '', { autoPong: false })];
    expect(await silent.closed).toBe(1006);
    expect(await node.metric(closedFor('heartbeat'))).toBe(1);
    await once(alive.socket, 'ping');
    await once(alive.socket, 'ping');
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('does the same with messages, for clients that see no pings', async () => {
    const node = await rig.serve({
      transport: 'websocket',
      heartbeat: 'message',
      heartbeatMs: 100,
      heartbeatTimeoutMs: 500,
    });
    const [alive, silent] = [await openSocket(node), await openSocket(node)];
    let pings = 0;
    alive.texts.listen((text) => {
      if (text !== '{"type":"ping"}') return;
      pings++;
      alive.socket.send('{"type":"pong"}');
    });
    expect(await silent.closed).toBe(1006);
    const seen = pings;
    await waitUntil(() => Math.min(pings, seen + 3), seen + 3);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('closes a client that reads too slowly with 1013, and nobody else', async () => {
    const node = await rig.serve({ transport: 'websocket', payloadBytes: 1_000_000, maxBufferedBytes: 100_000 });
    const [reader, slow] = [await openSocket(node), await openSocket(node)];
    await Promise.all([reader.next(), slow.next()]);
    slow.socket.pause();
    await rig.forgetQueries();
    for (let change = 0; change < 20; change++) {
      await rig.change();
      await reader.next();
    }
    await waitUntil(() => node.metric(closedFor('slow')), 1);
    expect(await node.metric(metricNames.connections)).toBe(1);
    const { body } = await request(`${node.url}${paths.metrics}`);
    expect(body).toContain(`${metricNames.connectionsLost}{reason="slow",at="`);
    slow.socket.terminate();
  });

  it('keeps messages from a slow client where it is to drop them, and sends it the newest when it has caught up', async () => {
    const settings = { payloadBytes: 1_000_000, maxBufferedBytes: 100_000, slowClients: 'drop' } as const;
    const node = await rig.serve({ transport: 'websocket', ...settings });
    const [reader, slow] = [await openSocket(node), await openSocket(node)];
    await Promise.all([reader.next(), slow.next()]);
    slow.socket.pause();
    let newest = 0;
    for (let change = 0; change < 20; change++) {
      newest = await rig.change();
      await reader.next();
    }
    const skipped = await node.metric(metricNames.messagesSkipped);
    expect(skipped).toBeGreaterThan(0);
    expect(await node.metric(metricNames.bufferedBytes)).toBeLessThan(2_100_000);
    slow.socket.resume();
    let held = 0;
    let messages = 0;
    for (; held < newest; messages++) held = (await slow.next()).version;
    expect(messages).toBeLessThan(20);
    expect(await node.metric(metricNames.connections)).toBe(2);
  });

  it('waits for a slow client, whatever it costs, where it is to', async () => {
    const settings = { payloadBytes: 1_000_000, maxBufferedBytes: 100_000, slowClients: 'unbounded' } as const;
    const node = await rig.serve({ transport: 'websocket', ...settings });
    const [reader, slow] = [await openSocket(node), await openSocket(node)];
    await Promise.all([reader.next(), slow.next()]);
    slow.socket.pause();
    for (let change = 0; change < 20; change++) {
      await rig.change();
      await reader.next();
    }
    expect(await node.metric(metricNames.bufferedBytes)).toBeGreaterThan(5_000_000);
    slow.socket.resume();
    for (let change = 0; change < 20; change++) await slow.next();
    expect(await node.metric(metricNames.messagesSkipped)).toBe(0);
  });

  it('closes with 1013 when there is no snapshot to be had', async () => {
    const node = await rig.serve({ transport: 'websocket', poolSize: 1, poolTimeoutMs: 400, queryCostMs: 1_500 });
    const clients = await Promise.all([openSocket(node), openSocket(node)]);
    expect(await Promise.race(clients.map(({ closed }) => closed))).toBe(1013);
    expect(await node.metric(metricNames.poolTimeouts)).toBe(1);
  });

  it('closes with 1001 when it drains, and does not wait for clients that ignore it', async () => {
    const node = await rig.serve({ transport: 'websocket', drainMs: 100 });
    const [polite, deaf] = [await openSocket(node), await openSocket(node)];
    await Promise.all([polite.next(), deaf.next()]);
    deaf.socket.pause();
    await rig.stopNodes();
    expect(await polite.closed).toBe(1001);
    deaf.socket.terminate();
  });
});

describe('frameText', () => {
  it.each([
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ])('writes the header of RFC 6455 for %i bytes', (length, header) => {
    const frame = frameText('x'.repeat(length));
    expect(frame.subarray(0, header.length / 2).toString('hex')).toBe(header);
    expect(frame).toHaveLength(header.length / 2 + length);
  });
});

async function refusedWith(url: string, origin: string): Promise<number> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { Origin: origin } });
  socket.on('error', () => undefined);
  const [, response] = await once(socket, 'unexpected-response');
  response.destroy();
  return response.statusCode;
}

/** The TCP socket below, to write what no client would. */
function rawSocketOf(socket: WebSocket): { write(bytes: Buffer): void } {
  return (socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
}
