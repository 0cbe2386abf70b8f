import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metricNames, paths } from './protocol.ts';
import { openRig, type Rig, request, waitUntil } from './rig.fixture.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
}, 60_000);
afterAll(() => rig.close());
beforeEach(() => rig.forgetQueries());
afterEach(() => rig.stopNodes());

describe('the HTTP endpoint', () => {
  it('serves /healthz and /metrics without a query and without a token', async () => {
    const node = await rig.serve({ auth: 'query' });
    expect(await request(`${node.url}/healthz`)).toMatchObject({ status: 200, body: 'ok\n' });
    const { body } = await request(`${node.url}/metrics`);
    // Polls are answered and done with.
    const { bufferedBytes, ...names } = metricNames;
    expect(body).not.toContain(bufferedBytes);
    for (const name of Object.values(names)) expect(body).toContain(`# TYPE ${name} `);
    expect(await rig.queries()).toBe(0);
    expect(body).not.toContain(`${metricNames.responses}{`);
  });

  it('buckets delays 20 % apart from 10 µs to 30 s', async () => {
    const node = await rig.serve({});
    const { body } = await request(`${node.url}/metrics`);
    for (const name of [metricNames.poolWait, metricNames.eventLoopDelay]) {
      const bounds = [...body.matchAll(new RegExp(`^${name}_bucket{le="([\\d.e-]+)"}`, 'gm'))].map(([, le]) =>
        Number(le),
      );
      expect(bounds[0]).toBe(1e-5);
      expect(bounds.at(-1)).toBeGreaterThan(30);
      for (const [index, bound] of bounds.slice(1).entries()) expect(bound / (bounds[index] ?? 0)).toBeCloseTo(1.2, 2);
    }
  });

  it('knows no other path and no other method', async () => {
    const node = await rig.serve({});
    expect((await request(`${node.url}/events`)).status).toBe(404);
    expect((await fetch(`${node.url}/dashboard`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${node.url}/change`, { method: 'POST', body: '{"audience":0,"version":1}' })).status).toBe(
      404,
    );
    expect(await rig.queries()).toBe(0);
  });

  it.each(['//', '//[', 'http://[', '*'])('refuses a handshake for %s and lives on', async (target) => {
    const node = await rig.serve({ transport: 'websocket' });
    const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket';
    // Our half stays open: the server must end its own all the same.
    const socket = connect({ port: node.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(`GET ${target} HTTP/1.1\r\n${upgrade}\r\n\r\n`);
    let text = '';
    for await (const chunk of socket.setEncoding('latin1')) text += chunk;
    expect(text).toMatch(/^HTTP\/1.1 404 /);
    expect(await request(`${node.url}/healthz`)).toMatchObject({ status: 200 });
  });

  it.each(['sse', 'long-polling'] as const)(
    'forgets what waits behind another answer of %s with its connection',
    async (transport) => {
      const node = await rig.serve({ transport });
      const target = transport === 'sse' ? '/events' : '/dashboard?after=999';
      const held = `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;
      // node:http lets go of a connection that asks for a tunnel without telling those who wait on it.
      for (const last of ['', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n']) {
        const socket = connect(node.port, '127.0.0.1');
        socket.write(held.repeat(5));
        await waitUntil(() => node.metric(metricNames.connections), 5);
        if (last === '') socket.destroy();
        else socket.write(last);
        await waitUntil(() => node.metric(metricNames.connections), 0);
        socket.destroy();
      }
    },
  );

  it.each([
    ['query', '?token=secret', '?token=wrong', {}],
    ['query', '?token=secret', '?token=secret&token=secret', {}],
    ['cookie', { Cookie: 'a=b; token=secret' }, '', { Cookie: 'token=secret2' }],
    ['cookie', { Cookie: 'token=secret' }, '?token=secret', { Cookie: 'token=%E0' }],
  ] as const)(
    'with auth %s takes %o, and answers 401 without a query to %o %o',
    async (auth, good, search, headers) => {
      const node = await rig.serve({ auth, token: 'secret' });
      expect((await request(`${node.url}/dashboard${search}`, headers)).status).toBe(401);
      expect((await request(`${node.url}/dashboard`)).status).toBe(401);
      expect(await rig.queries()).toBe(0);
      const [goodSearch, goodHeaders] = typeof good === 'string' ? [good, {}] : ['', good];
      expect((await request(`${node.url}/dashboard${goodSearch}`, goodHeaders)).status).toBe(200);
    },
  );

  it('lets in allowed origins and what is no browser, and answers 403 to others', async () => {
    const node = await rig.serve({ allowedOrigins: ['https://app.example'] });
    const ask = (headers: Record<string, string>) => request(`${node.url}/dashboard`, headers);
    expect((await ask({ Origin: 'https://app.example' })).status).toBe(200);
    expect((await ask({})).status).toBe(200);
    expect((await ask({ Origin: 'https://evil.example' })).status).toBe(403);
    expect((await ask({ Origin: 'null' })).status).toBe(403);
  });

  it('answers 503 with Retry-After, without a query, to those above its rate, and not for who is refused anyway', async () => {
    const node = await rig.serve({ admitPerSecond: 1, auth: 'query', token: 'secret' });
    await rig.forgetQueries();
    for (const wrong of ['a', 'b'])
      expect((await request(`${node.url}${paths.dashboard}?token=${wrong}`)).status).toBe(401);
    const ask = () => request(`${node.url}${paths.dashboard}?token=secret`);
    expect((await ask()).status).toBe(200);
    expect(await ask()).toMatchObject({ status: 503, headers: { 'retry-after': '1' }, body: '' });
    expect(await rig.queries()).toBe(1);
    expect((await request(`${node.url}${paths.health}`)).status).toBe(200);
  });

  it('refuses headers above the limit', async () => {
    const node = await rig.serve({ maxHeaderBytes: 1_000 });
    expect((await request(`${node.url}/dashboard`, { 'X-Long': 'x'.repeat(500) })).status).toBe(200);
    expect((await request(`${node.url}/dashboard`, { 'X-Long': 'x'.repeat(2_000) })).status).toBe(431);
  });

  it('survives clients that hang up at any moment', async () => {
    const node = await rig.serve({ queryCostMs: 20 });
    for (const text of ['GET /dash', 'GET /dashboard HTTP/1.1\r\nHost: x\r\n\r\n']) {
      const socket = connect(node.port, '127.0.0.1', () => socket.end(text, () => socket.resetAndDestroy()));
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect((await request(`${node.url}/dashboard`)).status).toBe(200);
  });
});
