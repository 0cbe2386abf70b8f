import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metricNames } from './protocol.ts';
import {
  type EventStream,
  type Node,
  openEvents,
  openRig,
  parseMessage,
  type Rig,
  request,
  waitUntil,
} from './rig.fixture.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
}, 60_000);
afterAll(() => rig.close());
beforeEach(() => rig.forgetQueries());
afterEach(() => rig.stopNodes());

const watch = (node: Node, audience = 0, lastEventId?: number): Promise<EventStream> =>
  openEvents(
    `${node.url}/events?audience=${audience}`,
    lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) },
  );
const next = async (stream: EventStream) => parseMessage((await stream.events.next()).data);

describe('server-sent events', () => {
  it('opens with retry and a snapshot whose id is its version', async () => {
    const node = await rig.serve({ transport: 'sse', retryMs: 1234 });
    const stream = await watch(node);
    expect(stream).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    expect(await stream.retryMs).toBe(1234);
    const event = await stream.events.next();
    const version = await rig.version();
    expect(event.id).toBe(String(version));
    expect(parseMessage(event.data)).toMatchObject({ type: 'snapshot', version });
  });

  it('puts nothing around an event, neither for the first request of a connection nor for one that waits behind it', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const socket = connect(node.port, '127.0.0.1').setEncoding('latin1');
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2));
    await waitUntil(() => text.split('data: ').length, 2);
    const version = await rig.change();
    await waitUntil(() => text.split('data: ').length, 3);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n(.+\r\n)*Connection: close(\r\n|$)/);
    expect(head).not.toMatch(/Transfer-Encoding|Content-Length/i);
    expect(body).toMatch(
      new RegExp(`^retry: \\d+\n\nid: ${version - 1}\ndata: \\{.+\\}\n\nid: ${version}\ndata: \\{.+\\}\n\n$`),
    );
    socket.destroy();
    await waitUntil(() => node.metric(metricNames.connections), 0);
  });

  it('sends each change to every client that watches it, for one query', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const streams = await Promise.all(Array.from({ length: 10 }, () => watch(node, 0)));
    const elsewhere = await watch(node, 1);
    await Promise.all([...streams, elsewhere].map(next));
    await rig.forgetQueries();
    for (let change = 0; change < 2; change++) {
      const version = await rig.change(0);
      for (const stream of streams) expect(await next(stream)).toMatchObject({ type: 'update', version });
    }
    expect(await rig.queries()).toBe(2);
    expect(await node.metric(`${metricNames.messages}{type="update"}`)).toBe(20);
    await rig.change(1);
    expect(await next(elsewhere)).toMatchObject({ type: 'update', audience: 1 });
  });

  it('does not query a change of a dashboard that nobody watches', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const stream = await watch(node, 1);
    await next(stream);
    await rig.forgetQueries();
    await rig.change(0);
    await rig.change(1);
    await next(stream);
    expect(await rig.queries()).toBe(1);
  });

  it('resumes after the last event id, from memory', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const steady = await watch(node);
    const { version } = await next(steady);
    for (let change = 0; change < 3; change++) {
      await rig.change();
      await next(steady);
    }
    await rig.forgetQueries();
    const resumed = await watch(node, 0, version + 1);
    expect(await next(resumed)).toMatchObject({ type: 'update', version: version + 2 });
    expect(await next(resumed)).toMatchObject({ type: 'update', version: version + 3 });
    expect(await rig.queries()).toBe(0);
    await rig.change();
    expect(await next(resumed)).toMatchObject({ type: 'update', version: version + 4 });
  });

  it('sends nothing again to a client that missed nothing', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const { version } = await next(await watch(node));
    const resumed = await watch(node, 0, version);
    await waitUntil(() => node.metric(metricNames.connections), 2);
    await rig.change();
    expect(await next(resumed)).toMatchObject({ type: 'update', version: version + 1 });
  });

  it.each([
    ['lies before what is kept', -2],
    ['was never given', 1_000],
  ])('sends a snapshot when the last event id %s', async (_why, offset) => {
    const node = await rig.serve({ transport: 'sse', replay: 2 });
    const steady = await watch(node);
    await next(steady);
    for (let change = 0; change < 4; change++) {
      await rig.change();
      await next(steady);
    }
    const newest = await rig.version();
    const resumed = await watch(node, 0, newest - 2 + offset);
    expect(await next(resumed)).toMatchObject({ type: 'snapshot', version: newest });
  });

  it('sends a snapshot after a change that nobody was there for', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const stream = await watch(node);
    const { version } = await next(stream);
    stream.close();
    await waitUntil(() => node.metric(metricNames.connections), 0);
    await rig.change();
    const witness = await watch(node, 1);
    await next(witness);
    await rig.change(1);
    await next(witness);
    expect(await next(await watch(node, 0, version))).toMatchObject({ type: 'snapshot', version: version + 1 });
  });

  it('never sends a version twice, nor an older one, though changes come while snapshots are asked for', async () => {
    const node = await rig.serve({ transport: 'sse', queryCostMs: 20 });
    const streams: EventStream[] = [];
    for (let change = 0; change < 10; change++) {
      const [stream] = await Promise.all([watch(node), rig.change()]);
      streams.push(stream);
    }
    const newest = await rig.version();
    for (const stream of streams) {
      let held = -1;
      while (held < newest) {
        const { version } = await next(stream);
        expect(version).toBeGreaterThan(held);
        held = version;
      }
    }
  });

  it('queries once for all who connect, when snapshots come from memory', async () => {
    const node = await rig.serve({ transport: 'sse', snapshot: 'cached', queryCostMs: 20 });
    const streams = await Promise.all(Array.from({ length: 10 }, () => watch(node)));
    await Promise.all(streams.map(next));
    await next(await watch(node));
    expect(await rig.queries()).toBe(1);
  });

  it('sends comments as heartbeats', async () => {
    const node = await rig.serve({ transport: 'sse', heartbeatMs: 20 });
    const stream = await watch(node);
    await stream.comments.next();
    await stream.comments.next();
  });

  it('ends the stream when there is no snapshot to be had, so that a browser tries again', async () => {
    const node = await rig.serve({ transport: 'sse', poolSize: 1, poolTimeoutMs: 400, queryCostMs: 1_500 });
    const streams = await Promise.all([watch(node), watch(node)]);
    await Promise.race(streams.map(({ ended }) => ended));
    expect(await node.metric(`${metricNames.connectionsClosed}{reason="busy"}`)).toBe(1);
  });

  it('keeps messages from a slow client where it is to drop them, and sends it the newest when it has caught up', async () => {
    const settings = { payloadBytes: 1_000_000, maxBufferedBytes: 100_000, slowClients: 'drop' } as const;
    const node = await rig.serve({ transport: 'sse', ...settings });
    const reader = await watch(node);
    await next(reader);
    let received = '';
    const slow = connect(node.port, '127.0.0.1', () => slow.write('GET /events HTTP/1.1\r\nHost: slow\r\n\r\n'));
    slow.setEncoding('utf8').pause();
    slow.on('data', (text) => (received = (received + text).slice(-3_000_000)));
    slow.pause();
    await waitUntil(() => node.metric(metricNames.connections), 2);
    let newest = 0;
    for (let change = 0; change < 20; change++) {
      newest = await rig.change();
      await next(reader);
    }
    expect(await node.metric(metricNames.messagesSkipped)).toBeGreaterThan(0);
    slow.resume();
    await waitUntil(async () => Number(received.includes(`id: ${newest}\n`)), 1);
    expect(await node.metric(metricNames.connections)).toBe(2);
    slow.destroy();
  });

  it('cuts a client that reads too slowly, and nobody else', async () => {
    const node = await rig.serve({ transport: 'sse', payloadBytes: 1_000_000, maxBufferedBytes: 100_000 });
    const reader = await watch(node);
    await next(reader);
    const slow = connect(node.port, '127.0.0.1', () => slow.write('GET /events HTTP/1.1\r\nHost: slow\r\n\r\n'));
    slow.on('error', () => undefined);
    slow.pause();
    await waitUntil(() => node.metric(metricNames.connections), 2);
    for (let change = 0; change < 20; change++) {
      await rig.change();
      await next(reader);
    }
    expect(await node.metric(`${metricNames.connectionsClosed}{reason="slow"}`)).toBe(1);
    expect(await node.metric(metricNames.connections)).toBe(1);
    slow.destroy();
  });

  it('ends every stream when it drains', async () => {
    const node = await rig.serve({ transport: 'sse', drainMs: 5_000 });
    const stream = await watch(node);
    await next(stream);
    await Promise.all([stream.ended, rig.stopNodes()]);
    await expect(request(`${node.url}/healthz`)).rejects.toThrow('ECONNREFUSED');
  });

  it('counts a client that leaves', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const gone = connect(node.port, '127.0.0.1', () => gone.write('GET /events HTTP/1.1\r\nHost: gone\r\n\r\n'));
    await once(gone, 'data');
    gone.destroy();
    await waitUntil(() => node.metric(`${metricNames.connectionsClosed}{reason="client"}`), 1);
  });
});
