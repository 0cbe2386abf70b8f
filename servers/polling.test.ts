import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nowUs } from './clock.ts';
import { metricNames } from './protocol.ts';
import { openRig, parseMessage, type Rig, request, waitUntil } from './rig.fixture.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
}, 60_000);
afterAll(() => rig.close());
beforeEach(() => rig.forgetQueries());
afterEach(() => rig.stopNodes());

describe('polling', () => {
  it('costs exactly one query a poll, by its own count and by that of Postgres', async () => {
    const node = await rig.serve({ transport: 'polling' });
    for (let poll = 0; poll < 5; poll++) await request(`${node.url}/dashboard?audience=1`);
    expect(await rig.queries()).toBe(5);
    expect(await node.metric(metricNames.queries)).toBe(5);
    expect(await node.metric(`${metricNames.responses}{status="200"}`)).toBe(5);
    expect(await node.metric(`${metricNames.messages}{type="snapshot"}`)).toBe(5);
  });

  it('answers the state of the dashboard asked for, padded to the payload size', async () => {
    const version = await rig.change(2);
    const node = await rig.serve({ transport: 'polling', payloadBytes: 700 });
    const { body, headers } = await request(`${node.url}/dashboard?audience=2`);
    expect(parseMessage(body)).toMatchObject({ type: 'snapshot', version, intendedUs: 1, audience: 2 });
    expect(parseMessage(body).tiles).toHaveLength(5);
    expect(body).toHaveLength(700);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  });

  it('runs the query cost inside the same statement', async () => {
    const node = await rig.serve({ transport: 'polling', queryCostMs: 100 });
    const sinceUs = nowUs();
    await request(`${node.url}/dashboard`);
    expect(nowUs() - sinceUs).toBeGreaterThanOrEqual(100_000);
    expect(await rig.queries()).toBe(1);
  });

  it('refuses a dashboard that does not exist without asking Postgres', async () => {
    const node = await rig.serve({ transport: 'polling' });
    for (const audience of ['4', '-1', '1.5', 'x', '']) {
      expect((await request(`${node.url}/dashboard?audience=${audience}`)).status).toBe(404);
    }
    expect(await rig.queries()).toBe(0);
  });

  it('says 503 with Retry-After when no pooled connection comes free in time', async () => {
    const node = await rig.serve({ transport: 'polling', poolSize: 1, poolTimeoutMs: 400, queryCostMs: 1_500 });
    const first = request(`${node.url}/dashboard`);
    await waitUntil(async () => (await rig.admin.query(running)).rows[0].count, 1);
    const second = await request(`${node.url}/dashboard`);
    expect(second).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(await node.metric(metricNames.poolTimeouts)).toBe(1);
    expect((await first).status).toBe(200);
    expect(await node.metric(`${metricNames.poolWait}_count`)).toBe(2);
    expect(await node.metric(metricNames.queriesFailed)).toBe(0);
  });

  it('counts a query that Postgres ended, answers 500, and recovers', async () => {
    const node = await rig.serve({ transport: 'polling', queryCostMs: 200 });
    const poll = request(`${node.url}/dashboard`);
    await waitUntil(async () => (await rig.admin.query(running)).rows[0].count, 1);
    await rig.admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'freshet-server' AND datname = current_database()`);
    expect((await poll).status).toBe(500);
    expect(await node.metric(metricNames.queriesFailed)).toBe(1);
    // The other connections were ended as well; each shows as one more failure at most, until the pool has seen it.
    await waitUntil(async () => (await request(`${node.url}/dashboard`)).status, 200);
  });

  it('outlives the end of every connection in the middle of its query, again and again', async () => {
    // Longer than the test: a poll is answered because its query was ended, and for no other reason.
    const node = await rig.serve({ transport: 'polling', queryCostMs: 60_000 });
    for (let round = 0; round < 5; round++) {
      const statuses: number[] = [];
      const polls = Array.from({ length: 10 }, async () => {
        statuses.push((await request(`${node.url}/dashboard`)).status);
      });
      await waitUntil(async () => {
        await rig.admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'freshet-server' AND datname = current_database() AND state = 'active'`);
        return statuses.length;
      }, 10);
      await Promise.all(polls);
      expect(statuses).toEqual(polls.map(() => 500));
    }
    expect((await request(`${node.url}/healthz`)).status).toBe(200);
  });

  it('keeps connections open, or closes each, as it was told', async () => {
    const keeping = await rig.serve({ transport: 'polling' });
    const closing = await rig.serve({ transport: 'polling', keepAlive: false });
    const headers = { Connection: 'keep-alive' };
    expect((await request(`${keeping.url}/dashboard`, headers)).headers.connection).toBe('keep-alive');
    expect((await request(`${closing.url}/dashboard`, headers)).headers.connection).toBe('close');
  });
});

describe('polling with etag', () => {
  it('answers 304 without a body while the version is the same, and still queries', async () => {
    const node = await rig.serve({ transport: 'polling', etag: true });
    const { headers } = await request(`${node.url}/dashboard`);
    const etag = headers.etag ?? '';
    const unchanged = await request(`${node.url}/dashboard`, { 'If-None-Match': etag });
    expect(unchanged).toMatchObject({ status: 304, body: '', headers: { etag } });
    expect((await request(`${node.url}/dashboard`, { 'If-None-Match': `"x", W/${etag}` })).status).toBe(304);
    expect(await rig.queries()).toBe(3);
    await rig.change();
    const changed = await request(`${node.url}/dashboard`, { 'If-None-Match': etag });
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).not.toBe(etag);
  });
});

describe('polling with cache', () => {
  it('shares one query among all who ask while it is under way, for each dashboard', async () => {
    const node = await rig.serve({ transport: 'polling', cacheMs: 60_000, queryCostMs: 50 });
    const ask = (audience: number) => request(`${node.url}/dashboard?audience=${audience}`);
    const replies = await Promise.all([...Array(20).keys()].map((client) => ask(client % 2)));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect(await rig.queries()).toBe(2);
    await rig.change(0);
    expect(parseMessage((await ask(0)).body).version).toBe((await rig.version(0)) - 1);
    expect(await rig.queries()).toBe(2);
  });

  it('lets an answer live from the end of its query, so there is one query per time to live and query', async () => {
    const [cacheMs, queryCostMs] = [60, 30];
    const node = await rig.serve({ transport: 'polling', cacheMs, queryCostMs });
    const sinceUs = nowUs();
    let polls = 0;
    for (; nowUs() - sinceUs < 500_000; polls++) await request(`${node.url}/dashboard`);
    const elapsedMs = (nowUs() - sinceUs) / 1000;
    const queries = await rig.queries();
    expect(queries).toBeGreaterThanOrEqual(2);
    expect(queries).toBeLessThanOrEqual(Math.floor(elapsedMs / (cacheMs + queryCostMs)) + 1);
    expect(polls).toBeGreaterThan(queries);
  });
});

const running = `SELECT count(*)::int FROM pg_stat_activity
  WHERE application_name = 'freshet-server' AND state = 'active' AND datname = current_database()`;
