// Short polling on its connections: the schedule, what becomes of connections, and answers in whatever shape HTTP allows.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DashboardServer, messageText, raw, status, writePieces } from './dashboard-server.fixture.ts';
import { Probe, type ProbeOptions } from './session-probe.fixture.ts';

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

function open(options: ProbeOptions = {}): Probe {
  const probe = new Probe('polling', server.address, options);
  probes.push(probe);
  return probe.open();
}

function polled(probe: Probe, times: number): Promise<void> {
  return probe.until(`${times} polls are answered or it ends`, () => {
    return probe.of('polled').length >= times || probe.end !== null;
  });
}

describe('every tick of the schedule', () => {
  test.each(['skip', 'queue', 'overlap'] as const)('is told once when late=%s, stall or no stall', async (late) => {
    const pollIntervalUs = 5_000;
    const probe = open({ late, pollIntervalUs });
    await polled(probe, 5);
    server.freeze();
    const before = probe.told.length;
    const stalledTicks = () => probe.told.length - before + probe.session.outstanding;
    await expect.poll(stalledTicks, { timeout: 10_000, interval: 5 }).toBeGreaterThanOrEqual(15);
    server.thaw();
    const answered = probe.of('polled').length;
    await polled(probe, answered + 20);
    probe.session.quiesce();
    await expect.poll(() => probe.session.outstanding, { timeout: 10_000, interval: 5 }).toBe(0);
    const ticks = [...probe.of('polled'), ...probe.of('skipped')]
      .map(({ dueUs }) => (dueUs - probe.startUs) / pollIntervalUs)
      .sort((a, b) => a - b);
    expect(ticks).toEqual(ticks.map((_, k) => k));
    for (const { dueUs, sentUs, atUs } of probe.of('polled')) {
      expect(sentUs).toBeGreaterThanOrEqual(dueUs);
      expect(atUs).toBeGreaterThanOrEqual(sentUs);
    }
    expect(server.asked).toHaveLength(probe.of('polled').length);
    expect(server.connectionsOpened).toBeLessThanOrEqual(late === 'overlap' ? 6 : 1);
  });
});

describe('every tick that was due', () => {
  test.each(['skip', 'queue', 'overlap'] as const)(
    'is told when one poll fails and ends the others, late=%s',
    async (late) => {
      const pollIntervalUs = 5_000;
      const probe = open({ late, pollIntervalUs });
      await polled(probe, 5);
      server.freeze();
      const before = probe.told.length;
      const stalledTicks = () => probe.told.length - before + probe.session.outstanding;
      await expect.poll(stalledTicks, { timeout: 10_000, interval: 5 }).toBeGreaterThanOrEqual(15);
      const { outstanding } = probe.session;
      server.cut();
      await probe.until('the streak ends', () => probe.end !== null);
      expect(probe.of('failed').length).toBeGreaterThanOrEqual(outstanding);
      const ticks = [...probe.of('polled'), ...probe.of('skipped'), ...probe.of('failed')]
        .map(({ dueUs }) => (dueUs - probe.startUs) / pollIntervalUs)
        .sort((a, b) => a - b);
      expect(ticks).toEqual(ticks.map((_, k) => k));
    },
  );

  test('is told when the trial ends before its answer', async () => {
    const probe = open({ late: 'queue' });
    await polled(probe, 2);
    server.freeze();
    await expect.poll(() => probe.session.outstanding, { timeout: 10_000, interval: 5 }).toBeGreaterThanOrEqual(3);
    probe.session.quiesce();
    const { outstanding } = probe.session;
    probe.session.settle();
    expect(probe.of('failed')).toHaveLength(outstanding);
  });

  test('is told when it is answered by a status of failure', async () => {
    const probe = open();
    await polled(probe, 2);
    server.answerWith(status(503));
    await probe.until('the streak ends', () => probe.end !== null);
    const failed = probe.told.flatMap((told) => (told.what === 'failed' ? [told.dueUs] : []));
    expect(failed).toEqual([(probe.of('polled').at(-1)?.dueUs ?? 0) + 20_000]);
  });

  test('goes on when an overloaded server refuses one, late=overlap', async () => {
    const probe = open({ late: 'overlap' });
    await polled(probe, 2);
    server.answerWith(status(503));
    await probe.until('two are refused', () => probe.of('failed').length >= 2);
    server.answerWith(({ response }) => response !== null && server.sendBody(response, messageText('snapshot', 0)));
    await polled(probe, probe.of('polled').length + 2);
    expect(probe.end).toBeNull();
    const ticks = [...probe.of('polled'), ...probe.of('failed')]
      .map(({ dueUs }) => (dueUs - probe.startUs) / 20_000)
      .sort((a, b) => a - b);
    expect(ticks).toEqual(ticks.map((_, k) => k));
  });
});

describe('a connection', () => {
  test('is used for all polls when it is kept alive', async () => {
    const probe = open();
    await polled(probe, 5);
    expect(server.connectionsOpened).toBe(1);
  });

  test('that the server closes between two polls is opened anew, unseen', async () => {
    // With the interval as it is, the end of a connection is heard long before the next poll is due.
    const probe = open({ pollIntervalUs: 250_000 });
    for (const polls of [1, 2, 3]) {
      await polled(probe, polls);
      server.cut();
      await server.until('it is cut', () => server.sockets.size === 0);
    }
    await polled(probe, 4);
    expect(probe.end).toBeNull();
    expect(server.connectionsOpened).toBe(4);
    expect(probe.of('open')).toHaveLength(1);
  });

  test('that the server announces to close is not used again', async () => {
    server.answerWith(({ response }) => {
      response?.setHeader('Connection', 'close');
      if (response !== null) server.sendBody(response, messageText('snapshot', 0));
    });
    const probe = open();
    await polled(probe, 3);
    expect(probe.end).toBeNull();
    expect(server.connectionsOpened).toBeGreaterThanOrEqual(3);
  });

  test.each(['skip', 'queue'] as const)(
    'that ends an answer may be followed by the next at once (late=%s)',
    async (late) => {
      server.freeze();
      server.answerWith(({ socket }) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${messageText('snapshot', 3)}`));
      const probe = open({ late, pollIntervalUs: 10_000 });
      const missed = () => probe.of('skipped').length + probe.session.outstanding;
      await expect.poll(missed, { timeout: 10_000, interval: 5 }).toBeGreaterThan(4);
      server.thaw();
      await polled(probe, 8);
      expect(probe.end).toBeNull();
      expect(probe.held).toBe(3);
    },
  );
});

describe('an answer', () => {
  const text = messageText('snapshot', 6);
  const chunk = (piece: string) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`;
  const bytes = Buffer.from(text);

  test.each<[string, (string | Buffer)[]]>([
    ['in several segments', [`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`, ...split(bytes, 20)]],
    ['whose head is cut', ['HTTP/1.1 200 O', `K\r\nContent-Length: ${bytes.length}\r`, '\n\r\n', bytes]],
    [
      'in chunks',
      [
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(text.slice(0, 40))}${chunk(text.slice(40))}0\r\n\r\n`,
      ],
    ],
    [
      'in chunks and segments',
      [
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
        ...split(Buffer.from(`${chunk(text.slice(0, 40))}${chunk(text.slice(40))}0\r\n\r\n`), 7),
      ],
    ],
  ])('%s is read whole, and counted', async (_how, pieces) => {
    server.answerWith(raw(...pieces));
    const probe = open({ pollIntervalUs: 60_000_000 });
    await polled(probe, 1);
    await probe.until('it is shown', () => probe.held !== null || probe.end !== null);
    expect(probe.versions).toEqual([['snapshot', 6]]);
    const { traffic } = probe.context;
    expect(traffic.payloadIn).toBe(bytes.length);
    expect(traffic.bytesIn).toBe(pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0));
  });

  test('of another client in the same segment does not spoil it', async () => {
    // All sockets of a shard read into one buffer: a body that is not complete must be kept before another socket's bytes come.
    server.answerWith(({ socket }) => {
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`;
      writePieces(socket, [Buffer.concat([Buffer.from(head), bytes.subarray(0, 30)]), bytes.subarray(30)]);
    });
    const many = Array.from({ length: 20 }, () => open({ pollIntervalUs: 60_000_000 }));
    for (const probe of many) await probe.until('it is shown', () => probe.held !== null || probe.end !== null);
    expect(many.map(({ versions }) => versions)).toEqual(many.map(() => [['snapshot', 6]]));
  });

  test('304 to the ETag it holds costs no body', async () => {
    server.publish(3);
    const probe = open({ etag: true });
    await probe.until('it is told unchanged', () => probe.of('unchanged').length >= 2);
    server.publish(4);
    await probe.until('it is told the change', () => probe.held === 4);
    expect(probe.versions).toEqual([
      ['snapshot', 3],
      ['snapshot', 4],
    ]);
    expect(server.asked.slice(0, 2).map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"3"']);
    expect(probe.context.traffic.payloadIn).toBe(server.payloadOut);
  });
});

function split(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, k) => bytes.subarray(k * size, (k + 1) * size));
}
