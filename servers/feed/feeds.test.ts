import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metricNames } from '../protocol.ts';
import {
  type EventStream,
  type Node,
  openEvents,
  openRig,
  openSocket,
  parseMessage,
  type Rig,
  request,
  waitUntil,
} from '../rig.fixture.ts';
import { connectRedis, untilClosed } from './redis.ts';

let rig: Rig;
let redis: Redis;

beforeAll(async () => {
  rig = await openRig({ redis: true });
  redis = new Redis(rig.redisUrl ?? '');
}, 60_000);
afterAll(async () => {
  redis.disconnect();
  await rig.close();
});
beforeEach(() => rig.forgetQueries());
afterEach(() => rig.stopNodes());

const watch = (node: Node, audience = 0) => openEvents(`${node.url}/events?audience=${audience}`);
const next = async (stream: EventStream) => parseMessage((await stream.events.next()).data);
const listeners = async () => (await redis.pubsub('NUMSUB', 'freshet:changes'))[1] as number;

describe('feed postgres', () => {
  it('makes up for what it missed when its LISTEN connection was ended', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const [moved, unmoved] = [await watch(node, 0), await watch(node, 1)];
    const { version } = await next(moved);
    await next(unmoved);
    await rig.forgetQueries();
    await whileDeaf(async () => {
      await rig.change(0);
      await rig.change(0);
    });
    // One state in place of two changes, and called so: a client can tell that it has missed one.
    expect(await next(moved)).toMatchObject({ type: 'snapshot', version: version + 2 });
    expect(await rig.queries()).toBe(2);
    await rig.change(0);
    expect(await next(moved)).toMatchObject({ type: 'update', version: version + 3 });
  });

  it('without resync shows the next change, with the gap in its version, and says how long it heard nothing', async () => {
    const node = await rig.serve({ transport: 'sse', resync: false });
    const stream = await watch(node);
    const { version } = await next(stream);
    await whileDeaf(async () => {
      await rig.change();
      await rig.change();
    });
    const absences = async () => {
      const { body } = await request(`${node.url}/metrics`);
      return body.split('\n').filter((line) => line.startsWith(`${metricNames.absence}{source="listen"`));
    };
    await expect.poll(absences).toEqual([expect.stringMatching(/ \d\.\d+$/)]);
    await rig.change();
    expect(await next(stream)).toMatchObject({ type: 'update', version: version + 3 });
  });

  it('lets long polls that wait know of it as well', async () => {
    const node = await rig.serve({ transport: 'long-polling' });
    const version = await rig.version();
    const held = request(`${node.url}/dashboard?after=${version}`);
    await waitUntil(() => node.metric(metricNames.connections), 1);
    await waitUntil(rig.queries, 1);
    await whileDeaf(() => rig.change());
    expect(parseMessage((await held).body).version).toBe(version + 1);
  });

  it('ignores a NOTIFY that is no change', async () => {
    const node = await rig.serve({ transport: 'sse' });
    const stream = await watch(node);
    await next(stream);
    for (const payload of ['', 'x', '{}', '{"audience":-1,"version":1}', '{"audience":99,"version":1}'])
      await rig.admin.query('SELECT pg_notify($1, $2)', ['dashboard_change', payload]);
    const version = await rig.change();
    expect(await next(stream)).toMatchObject({ version });
  });
});

describe('feed redis', () => {
  it('costs one query a change, by the relay, however many nodes and clients there are', async () => {
    const relay = await rig.relay();
    const nodes = [await serveRedis('websocket'), await serveRedis('websocket')];
    const clients = await Promise.all([...nodes, ...nodes].map((node) => openSocket(node)));
    await Promise.all(clients.map((client) => client.next()));
    await rig.forgetQueries();
    const relayed = await relay.metric(metricNames.queries);
    const version = await rig.change();
    for (const client of clients) expect(await client.next()).toMatchObject({ type: 'update', version });
    expect(await rig.queries()).toBe(1);
    expect(await relay.metric(metricNames.queries)).toBe(relayed + 1);
    expect(await request(`${relay.url}/healthz`)).toMatchObject({ status: 200 });
  });

  it('makes up for what a node missed when its subscription was killed', async () => {
    await rig.relay();
    const node = await serveRedis('sse');
    const stream = await watch(node);
    await next(stream);
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const version = await rig.change();
    expect(await next(stream)).toMatchObject({ version });
    await waitUntil(listeners, 1);
    await rig.change();
    expect(await next(stream)).toMatchObject({ version: version + 1 });
  });

  it('makes up for the changes of a time without a relay', async () => {
    const node = await serveRedis('sse');
    const stream = await watch(node);
    await next(stream);
    const version = await rig.change();
    await rig.relay();
    expect(await next(stream)).toMatchObject({ type: 'update', version });
  });

  it('publishes again after the relay lost Redis, and after it lost Postgres', async () => {
    await rig.relay();
    const node = await serveRedis('sse');
    const stream = await watch(node);
    await next(stream);
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const version = await rig.change();
    expect(await next(stream)).toMatchObject({ version });
    await whileDeaf(() => rig.change());
    expect(await next(stream)).toMatchObject({ version: version + 1 });
  });

  it('hears of a command whose connection was closed while it was under way', async () => {
    const client = connectRedis(rig.redisUrl ?? '', () => undefined);
    await client.connect();
    const id = await client.client('ID');
    const waiting = untilClosed(client, client.blpop('nothing comes', 0));
    const ended = expect(waiting).rejects.toThrow('the connection closed');
    await redis.call('CLIENT', 'KILL', 'ID', String(id));
    await ended;
    expect(client.listenerCount('close')).toBe(0);
    client.disconnect();
  });

  it('ignores a message that is no update, or of no dashboard it has', async () => {
    const node = await serveRedis('sse');
    const stream = await watch(node);
    await next(stream);
    const version = (await rig.version()) + 1;
    const update = (audience: number) =>
      `{"type":"update","version":${version},"intendedUs":1,"audience":${audience},"tiles":[],"padding":""}`;
    for (const text of ['', '{"type":"update","version":', '{"type":"snapshot","version":9}', update(99), update(0)])
      await redis.publish('freshet:changes', text);
    expect((await stream.events.next()).data).toBe(update(0));
  });

  it('resumes from memory after changes that nobody was there for, since they came for free', async () => {
    await rig.relay();
    const node = await serveRedis('sse');
    const first = await watch(node);
    await next(first);
    const version = await rig.change();
    await next(first);
    first.close();
    await waitUntil(() => node.metric(metricNames.connections), 0);
    const second = await rig.change();
    const witness = await watch(node, 1);
    await next(witness);
    await rig.change(1);
    await next(witness);
    // This node's own count: the relay may still be at a query of its start.
    const before = await node.metric(metricNames.queries);
    const resumed = await openEvents(`${node.url}/events`, { 'Last-Event-ID': String(version) });
    expect(await next(resumed)).toMatchObject({ type: 'update', version: second });
    expect(await node.metric(metricNames.queries)).toBe(before);
  });
});

describe('feed local', () => {
  it('leaves the clients of a node that was not told of the change without it', async () => {
    const [told, other] = [
      await rig.serve({ transport: 'sse', feed: 'local' }),
      await rig.serve({ transport: 'sse', feed: 'local' }),
    ];
    const [here, there] = [await watch(told), await watch(other)];
    await Promise.all([next(here), next(there)]);
    const version = await rig.change();
    await tell(told, JSON.stringify({ audience: 0, version }));
    expect(await next(here)).toMatchObject({ type: 'update', version });
    expect(await other.metric(`${metricNames.messages}{type="update"}`)).toBe(0);
    await tell(other, JSON.stringify({ audience: 0, version }));
    expect(await next(there)).toMatchObject({ type: 'update', version });
  });

  it('refuses what is no change, and too much of it', async () => {
    const node = await rig.serve({ transport: 'sse', feed: 'local', maxMessageBytes: 100 });
    expect(await tell(node, 'no change')).toBe(400);
    expect(await tell(node, '{"audience":0}')).toBe(400);
    expect(await tell(node, 'x'.repeat(200))).toBe(413);
  });
});

const serveRedis = (transport: 'sse' | 'websocket') => rig.serve({ transport, feed: 'redis' });

async function tell(node: Node, body: string): Promise<number> {
  return (await fetch(`${node.url}/change`, { method: 'POST', body })).status;
}

/** Ends the LISTEN connections and acts before anyone can listen again. */
async function whileDeaf(act: () => Promise<unknown>): Promise<void> {
  const { serverRole, name } = rig.database;
  await rig.admin.query(`ALTER ROLE ${serverRole} CONNECTION LIMIT 0`);
  await rig.admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND query LIKE 'LISTEN%' AND datname = $2`,
    [serverRole, name],
  );
  await act();
  await rig.admin.query(`ALTER ROLE ${serverRole} CONNECTION LIMIT -1`);
}
