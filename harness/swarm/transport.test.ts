// One conformance suite for all four transports: what a session tells its owner, against real sockets and a server that counts for itself.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Transport } from '../contract/record.ts';
import { DashboardServer, raw, status } from './dashboard-server.fixture.ts';
import type { EndReason } from './session.ts';
import { Probe, type ProbeOptions, type Told } from './session-probe.fixture.ts';

interface Dialect {
  readonly transport: Transport;
  /** A poll is told the state, a stream the change. */
  readonly change: 'snapshot' | 'update';
  /** What becomes of a session whose idle connection is cut; `null` when a poll just opens another one. */
  readonly whenCut: Partial<EndReason> | null;
  /** What becomes of it when the answer is a page. */
  readonly whenAnsweredByAPage: Partial<EndReason>;
}

const dialects: readonly Dialect[] = [
  { transport: 'polling', change: 'snapshot', whenCut: null, whenAnsweredByAPage: { kind: 'protocol' } },
  {
    transport: 'long-polling',
    change: 'snapshot',
    whenCut: { kind: 'broken' },
    whenAnsweredByAPage: { kind: 'protocol' },
  },
  { transport: 'sse', change: 'update', whenCut: { kind: 'broken' }, whenAnsweredByAPage: { kind: 'protocol' } },
  {
    transport: 'websocket',
    change: 'update',
    whenCut: { kind: 'closed', code: 1006 },
    whenAnsweredByAPage: { kind: 'status', status: 200, retryAfterUs: null },
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

describe.each(dialects)('a session of $transport', ({ transport, change, whenCut, whenAnsweredByAPage }) => {
  test('opens and tells a snapshot, then the change', async () => {
    server.publish(4);
    const probe = open(transport);
    await shows(probe, 4);
    server.publish(5);
    await shows(probe, 5);
    expect(probe.told[0]).toEqual({ what: 'open' });
    expect(probe.of('open')).toHaveLength(1);
    expect(probe.versions[0]).toEqual(['snapshot', 4]);
    expect(probe.versions.at(-1)).toEqual([change, 5]);
    expect(probe.end).toBeNull();
  });

  test('counts the bytes that the server counts', async () => {
    const probe = open(transport);
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
      .poll(() => ({ in: traffic.bytesIn, out: traffic.bytesOut }), { timeout: 5_000, interval: 5 })
      .toEqual({ in: server.bytesOut, out: server.bytesIn });
    expect(traffic.payloadIn).toBe(server.payloadOut);
    expect(traffic.payloadIn).toBeGreaterThan(0);
    expect(traffic.bytesIn).toBeGreaterThan(traffic.payloadIn);
  });

  test('takes its time for an answer that comes byte by byte', async () => {
    server.publish(12_345);
    let pieces = 0;
    server.answerWith(({ socket, response, request }) => {
      const write = socket.write.bind(socket);
      pieces += 1;
      if (response === null) socket.write = (bytes: Uint8Array | string) => splitInto(write, bytes);
      server.answerWith(null);
      if (response === null) socket.server?.emit('upgrade', request, socket, Buffer.alloc(0));
      else server.respond({ request, response, socket });
    });
    const probe = open(transport);
    await shows(probe, 12_345);
    expect(pieces).toBe(1);
  });

  test('ends as refused when nobody listens', async () => {
    const { address } = server;
    await server.stop();
    const probe = new Probe(transport, address);
    probes.push(probe.open());
    await probe.until('the session ends', () => probe.end !== null);
    expect(probe.told).toEqual([{ what: 'end', reason: { kind: 'refused', detail: expect.stringContaining('ECONN') } }]);
    server = await DashboardServer.start();
  });

  test('ends as broken when it is cut off before its first answer', async () => {
    server.freeze();
    const probe = open(transport);
    await server.until('it has asked', () => server.asked.length === 1);
    server.cut();
    expect(await endOf(probe)).toMatchObject({ kind: 'broken' });
  });

  test.skipIf(whenCut === null)('ends when its connection is cut', async () => {
    const probe = open(transport);
    await shows(probe, 0);
    await server.until('it waits for news', () => server.subscribers.size === 1);
    server.cut();
    expect(await endOf(probe)).toMatchObject(whenCut ?? {});
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

  test('ends when it is answered by a page', async () => {
    server.answerWith(page);
    expect(await endOf(open(transport))).toMatchObject(whenAnsweredByAPage);
  });

  test('ends with a protocol error when it is answered by no HTTP at all', async () => {
    server.answerWith(raw('220 mail.example.com ESMTP\r\n\r\n'));
    expect(await endOf(open(transport))).toMatchObject({ kind: 'protocol' });
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

  test.each<Told['what']>(['open', 'snapshot', 'polled', 'retry'])(
    "tells nothing more when it is closed while it tells '%s'",
    async (what) => {
      server.retryMs = 50;
      const probe = new Probe(transport, server.address);
      probes.push(probe);
      probe.onTold = (told) => {
        if (told.what === what) probe.session.close();
      };
      probe.open();
      await shows(probe, 0).catch(() => {});
    },
  );
});
