import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { metricNames, paths } from './protocol.ts';
import {
  type Node,
  openEvents,
  openRig,
  openSocket,
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
afterEach(() => rig.stopNodes());

const asJson = { 'Content-Type': 'application/json' };

async function post(
  node: Node,
  body: string,
  { search = '?audience=0', headers = asJson }: { search?: string; headers?: OutgoingHttpHeaders } = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, agent: false } as const;
    httpRequest(`${node.url}${paths.actions}${search}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    })
      .on('error', reject)
      .end(body);
  });
}

const outcomes = (node: Node, outcome: string) => node.metric(`${metricNames.actions}{outcome="${outcome}"}`);

describe('POST /actions', () => {
  it('makes a version that bears the intended time, and that the next poll brings', async () => {
    const node = await rig.serve({ actions: true });
    const version = await rig.version(1);
    expect(await post(node, '{"intendedUs":77}', { search: '?audience=1' })).toEqual({
      status: 200,
      body: `{"version":${version + 1}}`,
    });
    const poll = parseMessage((await request(`${node.url}/dashboard?audience=1`)).body);
    expect(poll).toMatchObject({ version: version + 1, intendedUs: 77, audience: 1 });
    expect(await outcomes(node, 'committed')).toBe(1);
    expect(await node.metric(metricNames.queries)).toBe(2);
  });

  it('reaches an event stream and a held poll by the feed, also one of another node', async () => {
    const node = await rig.serve({ transport: 'sse', actions: true });
    const held = await rig.serve({ transport: 'long-polling', actions: true });
    const stream = await openEvents(`${node.url}/events`);
    const { version } = parseMessage((await stream.events.next()).data);
    const waiting = request(`${held.url}/dashboard?after=${version}`);
    await waitUntil(() => held.metric(metricNames.connections), 1);
    expect((await post(held, '{"intendedUs":5}')).status).toBe(200);
    expect(parseMessage((await waiting).body)).toMatchObject({ type: 'update', version: version + 1, intendedUs: 5 });
    expect(parseMessage((await stream.events.next()).data)).toMatchObject({ type: 'update', version: version + 1 });
  });

  it('with feed local tells the node that it was done on', async () => {
    const node = await rig.serve({ transport: 'sse', feed: 'local', actions: true });
    const stream = await openEvents(`${node.url}/events`);
    const { version } = parseMessage((await stream.events.next()).data);
    await post(node, '{"intendedUs":5}');
    expect(parseMessage((await stream.events.next()).data)).toMatchObject({ version: version + 1 });
  });

  it('gives each of many at once a version of its own', async () => {
    const node = await rig.serve({ actions: true });
    const version = await rig.version();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => post(node, `{"intendedUs":${n}}`)));
    const versions = answers.map(({ body }) => JSON.parse(body).version).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, n) => version + 1 + n));
  });

  it('refuses what is no action, changes nothing, and says why by its status', async () => {
    const node = await rig.serve({ actions: true, maxMessageBytes: 100, allowedOrigins: ['https://ours'] });
    const version = await rig.version();
    for (const body of ['', 'x', 'null', '[]', '{}', '{"intendedUs":-1}', '{"intendedUs":1.5}', '{"intendedUs":1e300}'])
      expect([body, (await post(node, body)).status]).toEqual([body, 400]);
    expect(await outcomes(node, 'malformed')).toBe(8);
    const good = '{"intendedUs":1}';
    expect((await post(node, good, { headers: { 'Content-Type': 'text/plain' } })).status).toBe(415);
    expect((await post(node, good, { headers: { ...asJson, Origin: 'https://theirs' } })).status).toBe(403);
    expect((await post(node, good, { search: '?audience=99' })).status).toBe(404);
    expect((await post(node, `{"intendedUs":1,"x":"${'x'.repeat(200)}"}`)).status).toBe(413);
    const chunked = { ...asJson, 'Transfer-Encoding': 'chunked' };
    expect((await post(node, 'x'.repeat(200), { headers: chunked })).status).toBe(413);
    expect(await request(`${node.url}${paths.actions}`)).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(await rig.version()).toBe(version);
    expect((await post(node, good, { headers: { ...asJson, Origin: 'https://ours' } })).status).toBe(200);
  });

  it('lets in who shows the token, by query or cookie', async () => {
    const byQuery = await rig.serve({ actions: true, auth: 'query', token: 'secret' });
    const byCookie = await rig.serve({ actions: true, auth: 'cookie', verify: 'session' });
    const good = '{"intendedUs":1}';
    expect((await post(byQuery, good)).status).toBe(401);
    expect((await post(byQuery, good, { search: '?token=secret' })).status).toBe(200);
    expect((await post(byCookie, good, { headers: { ...asJson, Cookie: 'token=over' } })).status).toBe(401);
    expect((await post(byCookie, good, { headers: { ...asJson, Cookie: 'token=alive' } })).status).toBe(200);
  });

  it('takes nobody’s place under a limit of new sessions', async () => {
    const node = await rig.serve({ actions: true, admitPerSecond: 1 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(node, '{"intendedUs":1}')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  it('is not there where clients only watch, nor on a WebSocket server', async () => {
    for (const node of [await rig.serve({}), await rig.serve({ transport: 'websocket', actions: true })])
      expect((await post(node, '{"intendedUs":1}')).status).toBe(404);
  });

  it('does nothing for a client that hangs up in the middle of its body', async () => {
    const node = await rig.serve({ actions: true });
    const version = await rig.version();
    const socket = connect(node.port, '127.0.0.1');
    socket.write(
      'POST /actions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"intended',
    );
    socket.end();
    await new Promise((resolve) => socket.on('close', resolve).resume());
    expect((await post(node, '{"intendedUs":1}')).body).toBe(`{"version":${version + 1}}`);
    expect(rig.problems).toEqual([]);
  });
});

describe('an action up a WebSocket', () => {
  it('is answered by its id, and all who watch hear of it', async () => {
    const node = await rig.serve({ transport: 'websocket', actions: true });
    const [actor, watcher] = [await openSocket(node), await openSocket(node)];
    const { version } = await actor.next();
    await watcher.next();
    actor.socket.send('{"type":"action","id":7,"intendedUs":42}');
    const heard = [await actor.texts.next(), await actor.texts.next()].map((text) => JSON.parse(text));
    expect(heard).toContainEqual({ type: 'acted', id: 7, version: version + 1 });
    expect(heard).toContainEqual(expect.objectContaining({ type: 'update', version: version + 1, intendedUs: 42 }));
    expect(await watcher.next()).toMatchObject({ type: 'update', version: version + 1 });
  });

  it('is refused when it is none, and when its client has shown no token', async () => {
    const node = await rig.serve({ transport: 'websocket', actions: true, auth: 'message', token: 'secret' });
    const { socket, texts } = await openSocket(node);
    const version = await rig.version();
    socket.send('{"type":"action","id":1,"intendedUs":1}');
    expect(await texts.next()).toBe('{"type":"acted","id":1,"error":"unauthorized"}');
    socket.send('{"type":"auth","token":"secret"}');
    await texts.next();
    socket.send('{"type":"action","id":2}');
    expect(await texts.next()).toBe('{"type":"acted","id":2,"error":"malformed"}');
    expect(await rig.version()).toBe(version);
  });

  it('is one of 32 at most that a client has under way', async () => {
    const node = await rig.serve({ transport: 'websocket', actions: true, poolSize: 1 });
    const { socket, texts } = await openSocket(node, '?audience=3');
    await texts.next();
    const release = await lock(3);
    for (let id = 0; id < 33; id++) socket.send(`{"type":"action","id":${id},"intendedUs":1}`);
    expect(await texts.next()).toBe('{"type":"acted","id":32,"error":"busy"}');
    await release();
    await waitUntil(() => outcomes(node, 'committed'), 32);
    socket.send(`{"type":"action","id":33,"padding":"${'x'.repeat(70_000)}"}`);
    await expect.poll(() => socket.readyState).toBe(socket.CLOSED);
  });

  it('is ignored where clients only watch', async () => {
    const node = await rig.serve({ transport: 'websocket' });
    const { socket, texts } = await openSocket(node);
    await texts.next();
    socket.send('{"type":"action","id":1,"intendedUs":1}');
    socket.send('{"type":"ping"}');
    expect(await texts.next()).toBe('{"type":"pong"}');
  });
});

/** Keeps a dashboard from being changed until it is released. */
async function lock(audience: number): Promise<() => Promise<void>> {
  const client = await rig.admin.connect();
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM dashboard WHERE id = $1 FOR UPDATE', [audience]);
  return async () => {
    await client.query('COMMIT');
    client.release();
  };
}
