// However a session ends, and at whatever moment: nothing of it is left at the server, and it was told once.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nowUs } from '../contract/clock.ts';
import type { Transport } from '../contract/record.ts';
import { DashboardServer, raw, status } from './dashboard-server.fixture.ts';
import type { EndReason } from './session.ts';
import { Probe, type ProbeOptions } from './session-probe.fixture.ts';

const transports: readonly Transport[] = ['polling', 'long-polling', 'sse', 'websocket'];

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

/** Opens it and acts in one go: the connect has begun, and the event loop has not heard of its success. */
function openAndThen(transport: Transport, act: (probe: Probe) => void): Probe {
  const probe = new Probe(transport, server.address);
  probes.push(probe);
  probe.scheduler.at(probe.startUs, {
    run: (dueUs) => {
      probe.session.open(dueUs);
      // A polling session's first poll is a task of its own, and comes before this one.
      probe.scheduler.at(dueUs, { run: () => act(probe) });
    },
  });
  return probe;
}

/** The server closes nothing by itself here: that no connection is left is the session's doing. */
async function endsAndLeavesNothing(probe: Probe): Promise<EndReason | null> {
  await probe.until('the session ends', () => probe.end !== null);
  await server.until('its connections are gone', () => server.sockets.size === 0);
  expect(probe.told.at(-1)?.what).toBe('end');
  expect(probe.session.outstanding).toBe(0);
  return probe.end;
}

describe.each(transports)('a session of %s leaves no connection', (transport) => {
  test('when it is closed', async () => {
    const probe = open(transport);
    await probe.until('it shows something', () => probe.held === 0);
    probe.session.close();
    expect(await endsAndLeavesNothing(probe)).toEqual({ kind: 'stopped' });
  });

  test('when it is closed before its connection is there', async () => {
    const probe = openAndThen(transport, ({ session }) => session.close());
    expect(await endsAndLeavesNothing(probe)).toEqual({ kind: 'stopped' });
    expect(probe.told.filter(({ what }) => what !== 'late')).toHaveLength(1);
  });

  test('when no connection came about in time', async () => {
    const probe = openAndThen(transport, ({ session }) => session.expire(Number.MAX_SAFE_INTEGER));
    expect(await endsAndLeavesNothing(probe)).toMatchObject({ kind: 'timeout' });
    expect(probe.told.filter(({ what }) => what !== 'late' && what !== 'failed')).toHaveLength(1);
  });

  test('when its answer did not come in time, and not before', async () => {
    server.freeze();
    const timeoutUs = 150_000;
    const probe = open(transport, { connectTimeoutUs: timeoutUs, requestTimeoutUs: timeoutUs });
    await server.until('it has asked', () => server.asked.length === 1);
    expect(probe.session.outstanding).toBeGreaterThan(0);
    expect(await endsAndLeavesNothing(probe)).toMatchObject({ kind: 'timeout' });
    expect(nowUs() - probe.startUs).toBeGreaterThanOrEqual(timeoutUs);
  });

  test.each([401, 404, 500, 503])('when it is answered with status %i', async (code) => {
    server.answerWith(status(code));
    expect(await endsAndLeavesNothing(open(transport))).toEqual({ kind: 'status', status: code, retryAfterUs: null });
  });

  test.each<[string, string[]]>([
    ['what is no HTTP', ['+OK\r\n\r\n']],
    ['what is no HTTP, byte by byte', ['+', 'O', 'K']],
    ['a bare line feed', ['HTTP/1.1 200 OK\nContent-Length: 0\n\n']],
    ['two lengths', ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab']],
  ])('when it is answered with %s', async (_what, pieces) => {
    server.answerWith(raw(...pieces));
    expect(await endsAndLeavesNothing(open(transport))).toMatchObject({ kind: 'protocol' });
  });

  test('when the server ends the connection in the middle of its answer', async () => {
    server.answerWith(({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'));
    expect(await endsAndLeavesNothing(open(transport))).toMatchObject({ kind: 'broken' });
  });
});
