// One conformance suite for all four transports: what a session tells its owner, against real sockets and a server that counts for itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nowUs } from '../contract/clock.ts';
import type { Transport } from '../contract/record.ts';
import { makeCertificate } from '../services/certificate.ts';
import { DashboardServer, messageText, raw, status } from './dashboard-server.fixture.ts';
import type { EndReason } from './session.ts';
import { Probe, type ProbeOptions, type Told } from './session-probe.fixture.ts';
import { sessionMakers } from './shard.ts';

interface Dialect {
  readonly transport: Transport;
  /** A poll is told the state, a stream the change. */
  readonly change: 'snapshot' | 'update';
  /** What becomes of it when the answer is a page. */
  readonly whenAnsweredByAPage: Partial<EndReason>;
  /** What it tells of a snapshot, in the course of which its owner may close it. */
  readonly tells: readonly Told['what'][];
}

const dialects: readonly Dialect[] = [
  {
    transport: 'polling',
    change: 'snapshot',
    whenAnsweredByAPage: { kind: 'protocol' },
    tells: ['open', 'polled', 'snapshot'],
  },
  {
    transport: 'long-polling',
    change: 'snapshot',
    whenAnsweredByAPage: { kind: 'protocol' },
    tells: ['open', 'snapshot'],
  },
  {
    transport: 'sse',
    change: 'update',
    whenAnsweredByAPage: { kind: 'protocol' },
    tells: ['open', 'snapshot', 'retry'],
  },
  {
    transport: 'websocket',
    change: 'update',
    whenAnsweredByAPage: { kind: 'status', status: 200, retryAfterUs: null },
    tells: ['open', 'snapshot'],
  },
];

const page = raw('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi');

let server: DashboardServer;
let probes: Probe[];

beforeEach(async () => {
  server = await DashboardServer.start();
  probes = [];
});

afterEach(async () => {
  for (const probe of probes) probe.stop();
  await server.stop();
});

function open(transport: Transport, options: ProbeOptions = {}): Probe {
  const probe = new Probe(transport, server.address, options);
  probes.push(probe);
  return probe.open();
}

function shows(probe: Probe, version: number): Promise<void> {
  return probe.until(`version ${version} is shown`, () => probe.held === version);
}

/** Waits for the end, then gives the session every occasion to go on talking. */
async function endOf(probe: Probe): Promise<EndReason | null> {
  await probe.until('the session ends', () => probe.end !== null);
  const told = probe.told.length;
  server.answerWith(null);
  server.thaw();
  server.publish(server.version + 1);
  probe.session.expire(Number.POSITIVE_INFINITY);
  probe.session.close();
  server.cut();
  await server.until('all connections are gone', () => server.sockets.size === 0);
  expect(probe.told.slice(told)).toEqual([]);
  expect(probe.of('end')).toHaveLength(1);
  return probe.end;
}

/** One session that sees three changes: what it counts is what the server's sockets counted. */
async function expectBytesAlike(
  transport: Transport,
  options: ProbeOptions = {},
  unread: readonly number[] = [0],
): Promise<void> {
  const probe = open(transport, options);
  for (const version of [1, 2, 3]) {
    server.publish(version);
    await shows(probe, version);
  }
  probe.session.quiesce();
  if (transport === 'polling')
    await expect.poll(() => probe.session.outstanding, { timeout: 5_000, interval: 5 }).toBe(0);
  probe.session.close();
  await server.until('the connection is gone', () => server.sockets.size === 0);
  const { traffic } = probe.context;
  // The last frame of a closing handshake may still be on its way.
  await expect
    .poll(() => [traffic.bytesOut === server.bytesIn, unread.includes(server.bytesOut - traffic.bytesIn)], {
      timeout: 5_000,
      interval: 5,
    })
    .toEqual([true, true]);
  expect(traffic.payloadIn).toBe(server.payloadOut);
  expect(traffic.payloadIn).toBeGreaterThan(0);
  expect(traffic.bytesIn).toBeGreaterThan(traffic.payloadIn);
}

describe.each(dialects)('a session of $transport', ({ transport, change, whenAnsweredByAPage, tells }) => {
  test('opens and tells a snapshot, then the change', async () => {
    server.publish(4);
    const probe = open(transport);
    await shows(probe, 4);
    server.publish(5);
    await shows(probe, 5);
    expect(probe.told.find(({ what }) => what !== 'late')).toEqual({ what: 'open' });
    expect(probe.of('open')).toHaveLength(1);
    expect(probe.versions[0]).toEqual(['snapshot', 4]);
    expect(probe.versions.at(-1)).toEqual([change, 5]);
    expect(probe.end).toBeNull();
  });

  test('counts the bytes that the server counts', async () => {
    await expectBytesAlike(transport);
  });

  test('counts the bytes on the wire over TLS, handshakes and all, and trusts no stranger', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'freshet-test-'));
    try {
      const own = await makeCertificate(directory, '127.0.0.1');
      await server.stop();
      server = await DashboardServer.start(0, own);
      // A server's last word, close_notify, may come when its client has gone.
      await expectBytesAlike(transport, { authority: own.certificate }, [0, 24]);
      const stranger = await makeCertificate(directory, '127.0.0.1');
      const probe = open(transport, { authority: stranger.certificate });
      await probe.until('the session ends', () => probe.end !== null);
      expect(probe.end).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/self.signed|verify/i) });
      expect(probe.of('open')).toHaveLength(0);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('ends as refused when nobody listens', async () => {
    const { address } = server;
    await server.stop();
    const probe = new Probe(transport, address);
    probes.push(probe.open());
    await probe.until('the session ends', () => probe.end !== null);
    // Of a poll it is told that it was due and failed.
    const isTick = ({ what }: Told) => what === 'failed' && transport === 'polling';
    expect(probe.told.filter(isTick)).toHaveLength(transport === 'polling' ? 1 : 0);
    expect(probe.told.filter((told) => !isTick(told))).toEqual([
      { what: 'end', reason: { kind: 'refused', detail: expect.stringContaining('ECONN') } },
    ]);
    server = await DashboardServer.start();
  });

  test('ends as broken when it is cut off before its first answer', async () => {
    server.freeze();
    const probe = open(transport);
    await server.until('it has asked', () => server.asked.length === 1);
    server.cut();
    expect(await endOf(probe)).toMatchObject({ kind: 'broken' });
  });

  test('ends with a timeout when it is never answered', async () => {
    server.freeze();
    const probe = open(transport, { connectTimeoutUs: 100_000, requestTimeoutUs: 100_000 });
    expect(await endOf(probe)).toMatchObject({ kind: 'timeout' });
  });

  test.each([
    ['with its Retry-After', '7', 7_000_000],
    ['and heeds no Retry-After that is a date', 'Wed, 21 Oct 2065 07:28:00 GMT', null],
  ])('ends with the status of an error %s', async (_how, retryAfter, retryAfterUs) => {
    server.answerWith(status(503, { 'Retry-After': retryAfter }));
    const probe = open(transport);
    expect(await endOf(probe)).toEqual({ kind: 'status', status: 503, retryAfterUs });
    expect(probe.versions).toEqual([]);
  });

  test('is followed by one that brings back the cookie it was given', async () => {
    server.answerWith(status(503, { 'Set-Cookie': 'node=a; Path=/; HttpOnly' }));
    const probe = open(transport);
    await endOf(probe);
    expect(server.asked.at(-1)?.headers.cookie).toBeUndefined();
    server.asked.length = 0;
    const next = sessionMakers[transport](probe, probe, probe.context);
    next.open(nowUs());
    await server.until('it asks again', () => server.asked.length > 0);
    expect(server.asked[0]?.headers.cookie).toBe('node=a');
    next.close();
  });

  test('ends when it is answered by a page', async () => {
    server.answerWith(page);
    expect(await endOf(open(transport))).toMatchObject(whenAnsweredByAPage);
  });

  test('ends with a protocol error when it is answered by no HTTP at all', async () => {
    server.answerWith(raw('220 mail.example.com ESMTP\r\n\r\n'));
    expect(await endOf(open(transport))).toMatchObject({ kind: 'protocol' });
  });

  test.each([
    ['reset', 0],
    ['silent', 1],
  ] as const)('ends when its connection is lost (%s), after which the server still has %i', async (how, left) => {
    const probe = open(transport);
    await probe.until('a version', () => probe.versions.length > 0);
    probe.session.lose(how);
    expect(probe.end).toMatchObject(transport === 'websocket' ? { kind: 'closed', code: 1006 } : { kind: 'broken' });
    // A second session's whole beginning is time enough for the server to hear of the first one's end.
    const next = open(transport);
    await next.until('a version', () => next.versions.length > 0);
    expect(server.sockets.size).toBe(left + 1);
    expect(probe.of('end')).toHaveLength(1);
  });

  test('is stopped exactly once, however often it is closed', async () => {
    const probe = open(transport);
    await shows(probe, 0);
    probe.session.close();
    probe.session.close();
    expect(await endOf(probe)).toEqual({ kind: 'stopped' });
  });

  test('is stopped before it was connected', async () => {
    const probe = open(transport);
    probe.session.close();
    expect(await endOf(probe)).toEqual({ kind: 'stopped' });
    expect(probe.told).toHaveLength(1);
  });

  test.each(tells)("tells nothing more when it is closed while it tells '%s'", async (what) => {
    server.retryMs = 50;
    const probe = new Probe(transport, server.address);
    probes.push(probe);
    probe.onTold = (told) => {
      if (told.what === what) probe.session.close();
    };
    probe.open();
    expect(await endOf(probe)).toEqual({ kind: 'stopped' });
    expect(probe.told.slice(-2)).toMatchObject([{ what }, { what: 'end' }]);
  });
});

test.each([
  ['long-polling', { kind: 'broken' }],
  ['sse', { kind: 'broken' }],
  ['websocket', { kind: 'closed', code: 1006 }],
] as const)('a session of %s that waits for news ends as %j when it is cut off', async (transport, reason) => {
  const probe = open(transport);
  await shows(probe, 0);
  await server.until('it waits for news', () => server.subscribers.size === 1);
  server.cut();
  expect(await endOf(probe)).toMatchObject(reason);
});

describe('a session of polling', () => {
  test('polls on when its idle connection was cut', async () => {
    const probe = open('polling');
    await shows(probe, 0);
    server.cut();
    server.publish(1);
    await probe.until('it ends or goes on', () => probe.end !== null || probe.held === 1);
    // A cut between two polls is mended unseen; one in the middle of a poll ends the streak.
    expect(probe.end ?? { kind: 'broken' }).toMatchObject({ kind: 'broken' });
  });

  test('makes no poll when it is closed while it tells that the poll is late', async () => {
    const probe = new Probe('polling', server.address);
    probes.push(probe);
    probe.onTold = ({ what }) => {
      if (what === 'late') probe.session.close();
    };
    probe.session.open(probe.startUs - 1_000_000);
    expect(await endOf(probe)).toEqual({ kind: 'stopped' });
    expect(probe.told.map(({ what }) => what)).toEqual(['late', 'end']);
    expect(server.asked).toEqual([]);
  });

  test('opens a connection for each poll when none is kept alive', async () => {
    const probe = open('polling', { keepAlive: false });
    await probe.until('three polls are answered', () => probe.of('polled').length >= 3);
    expect(server.connectionsOpened).toBeGreaterThanOrEqual(3);
    expect(probe.of('open')).toHaveLength(1);
  });

  test('is told unchanged when it asks with the version it holds', async () => {
    server.publish(3);
    const probe = open('polling', { etag: true });
    await probe.until('a poll is told unchanged', () => probe.of('unchanged').length > 0);
    expect(probe.versions).toEqual([['snapshot', 3]]);
  });

  test.each([
    ['skip', 1, 0],
    ['queue', 1, 1],
    ['overlap', 6, 6],
  ] as const)('with late=%s makes %i requests at once', async (late, atOnce, connections) => {
    server.freeze();
    const probe = open('polling', { late, pollIntervalUs: 5_000 });
    const ticks = () =>
      late === 'queue' ? probe.session.outstanding : probe.of('skipped').length + server.asked.length;
    await expect.poll(ticks, { timeout: 10_000, interval: 5 }).toBeGreaterThan(8);
    await server.until('the requests have come', () => server.asked.length >= atOnce);
    expect(server.asked).toHaveLength(atOnce);
    expect(server.connectionsOpened).toBe(Math.max(1, connections));
    expect(probe.of('skipped').length > 0).toBe(late !== 'queue');
    server.thaw();
    await probe.until('late polls are answered', () => probe.of('polled').length >= atOnce);
    const [first] = probe.of('polled');
    expect(first?.dueUs).toBe(probe.startUs);
  });
});

describe('a session of long-polling', () => {
  test('asks again after nothing new, with the version it holds', async () => {
    server.publish(2);
    const probe = open('long-polling');
    await server.until('it waits', () => server.subscribers.size === 1);
    server.answerNothing();
    await server.until('it waits again', () => server.asked.length === 3 && server.subscribers.size === 1);
    expect(probe.of('unchanged')).toHaveLength(1);
    expect(server.asked.map(({ url }) => new URL(url, 'http://localhost').searchParams.get('after'))).toEqual([
      null,
      '2',
      '2',
    ]);
    expect(server.connectionsOpened).toBe(1);
  });
});

describe('a session of sse', () => {
  test('resumes after the version the client holds', async () => {
    server.publish(7);
    const probe = open('sse', { held: 5 });
    await shows(probe, 7);
    expect(server.asked[0]?.headers['last-event-id']).toBe('5');
    expect(probe.versions).toEqual([
      ['update', 6],
      ['update', 7],
    ]);
  });

  test('tells the reconnection time that the stream asks for, once', async () => {
    server.retryMs = 1_500;
    const probe = open('sse');
    await shows(probe, 0);
    server.publish(1);
    await shows(probe, 1);
    expect(probe.of('retry')).toEqual([{ what: 'retry', delayUs: 1_500_000 }]);
  });
});

test('a session of sse tells no reconnection time that came with the message on which it was closed', async () => {
  const message = `data: ${messageText('snapshot', 0)}\n\nretry: 50\n\n`;
  server.answerWith(raw(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${message}`));
  const probe = new Probe('sse', server.address);
  probes.push(probe);
  probe.onTold = ({ what }) => {
    if (what === 'snapshot') probe.session.close();
  };
  probe.open();
  expect(await endOf(probe)).toEqual({ kind: 'stopped' });
  expect(probe.told.map(({ what }) => what)).toEqual(['open', 'snapshot', 'end']);
});

describe('a session of websocket', () => {
  test.each([1000, 1001, 1008, 1011, 1013])('ends as closed with the code %i, and echoes it', async (code) => {
    const probe = open('websocket');
    await shows(probe, 0);
    for (const webSocket of server.webSockets) webSocket.close(code);
    await server.until('the close is answered', () => server.heard.some(({ kind }) => kind === 'close'));
    expect(await endOf(probe)).toEqual({ kind: 'closed', code });
    expect(server.heard).toEqual([{ kind: 'close', text: String(code) }]);
  });

  test('ends as closed with 1005 when the close frame has no code', async () => {
    const probe = open('websocket');
    await shows(probe, 0);
    for (const webSocket of server.webSockets) webSocket.close();
    expect(await endOf(probe)).toEqual({ kind: 'closed', code: 1005 });
  });

  test('closes with 1000', async () => {
    const probe = open('websocket');
    await shows(probe, 0);
    probe.session.close();
    await server.until('the close is heard', () => server.heard.length > 0);
    expect(server.heard).toEqual([{ kind: 'close', text: '1000' }]);
  });

  test('answers pings, those of the protocol and those of the application', async () => {
    const probe = open('websocket');
    await shows(probe, 0);
    for (const webSocket of server.webSockets) {
      webSocket.ping('are you there');
      server.sendText(webSocket, '{"type":"ping"}');
    }
    await server.until('both are answered', () => server.heard.length === 2);
    expect(server.heard).toEqual([
      { kind: 'pong', text: 'are you there' },
      { kind: 'text', text: '{"type":"pong"}' },
    ]);
    expect(probe.end).toBeNull();
  });

  test('sends its token first when the server asks for it in a message', async () => {
    open('websocket', { auth: 'message' });
    await server.until('the token is heard', () => server.heard.length > 0);
    expect(server.heard).toEqual([{ kind: 'text', text: '{"type":"auth","token":"freshet"}' }]);
  });
});
