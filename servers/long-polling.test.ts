import { once } from 'node:events';
import { get } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metricNames } from './protocol.ts';
import { type Node, openRig, parseMessage, type Rig, request, waitUntil } from './rig.fixture.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
}, 60_000);
afterAll(() => rig.close());
beforeEach(() => rig.forgetQueries());
afterEach(() => rig.stopNodes());

const ask = (node: Node, audience: number, after?: number) =>
  request(`${node.url}/dashboard?audience=${audience}${after === undefined ? '' : `&after=${after}`}`);
const waiting = (node: Node, count: number) => waitUntil(() => node.metric(metricNames.connections), count);

describe('long polling', () => {
  it('answers at once who holds nothing, or less than there is', async () => {
    const version = await rig.change(0);
    const node = await rig.serve({ transport: 'long-polling' });
    expect(parseMessage((await ask(node, 0)).body)).toMatchObject({ type: 'snapshot', version });
    expect(parseMessage((await ask(node, 0, -1)).body)).toMatchObject({ type: 'snapshot', version });
    expect(await rig.queries()).toBe(2);
    expect(parseMessage((await ask(node, 0, version - 1)).body)).toMatchObject({ type: 'update', version });
    expect(await rig.queries()).toBe(2);
  });

  it('answers all who wait for a dashboard with one query, and nobody else', async () => {
    const node = await rig.serve({ transport: 'long-polling' });
    // A node without memory looks once whether a waiter is behind; here both dashboards are known before anyone waits.
    const [version, other] = [
      parseMessage((await ask(node, 0)).body).version,
      parseMessage((await ask(node, 1)).body).version,
    ];
    const held = Array.from({ length: 20 }, () => ask(node, 0, version));
    const elsewhere = ask(node, 1, other);
    await waiting(node, 21);
    await rig.forgetQueries();
    await rig.change(0);
    for (const { body } of await Promise.all(held)) {
      expect(parseMessage(body)).toMatchObject({ type: 'update', version: version + 1, audience: 0 });
    }
    expect(await rig.queries()).toBe(1);
    expect(await node.metric(`${metricNames.connectionsClosed}{reason="answered"}`)).toBe(2 + 20);
    await waiting(node, 1);
    await rig.change(1);
    expect(parseMessage((await elsewhere).body).version).toBe(other + 1);
  });

  it('answers from memory who was away between two waits', async () => {
    const node = await rig.serve({ transport: 'long-polling' });
    const version = await rig.version(0);
    const held = ask(node, 0, version);
    await waiting(node, 1);
    await rig.change(0);
    await held;
    await rig.forgetQueries();
    expect(parseMessage((await ask(node, 0, version)).body).version).toBe(version + 1);
    expect(await rig.queries()).toBe(0);
  });

  it('does not query a change nobody waits for until somebody asks, and then once for all', async () => {
    const node = await rig.serve({ transport: 'long-polling', queryCostMs: 50 });
    const before = parseMessage((await ask(node, 0)).body).version;
    await rig.forgetQueries();
    await rig.change(0);
    const version = await rig.change(0);
    const probe = ask(node, 1, await rig.version(1));
    await waiting(node, 1);
    await rig.change(1);
    await probe;
    await rig.forgetQueries();
    const replies = await Promise.all([ask(node, 0, before), ask(node, 0, before), ask(node, 0, before)]);
    expect(replies.map(({ body }) => parseMessage(body).version)).toEqual([version, version, version]);
    expect(await rig.queries()).toBe(1);
  });

  it('answers 204 when nothing newer came in time', async () => {
    const node = await rig.serve({ transport: 'long-polling', holdMs: 50 });
    expect(await ask(node, 0, await rig.version(0))).toMatchObject({ status: 204, body: '' });
    expect(await node.metric(`${metricNames.connectionsClosed}{reason="expired"}`)).toBe(1);
  });

  it('forgets a client that hangs up', async () => {
    const node = await rig.serve({ transport: 'long-polling' });
    const hungUp = get(`${node.url}/dashboard?after=${await rig.version(0)}`, { agent: false });
    hungUp.on('error', () => undefined);
    await waiting(node, 1);
    await waitUntil(rig.queries, 1);
    hungUp.destroy();
    await waiting(node, 0);
    await rig.forgetQueries();
    await rig.change(0);
    expect(await node.metric(`${metricNames.connectionsClosed}{reason="client"}`)).toBe(1);
    expect(await rig.queries()).toBe(0);
  });

  it('tells those who wait "nothing new" when it drains', async () => {
    const node = await rig.serve({ transport: 'long-polling', drainMs: 5_000 });
    const held = ask(node, 0, await rig.version(0));
    await waiting(node, 1);
    await rig.stopNodes();
    expect((await held).status).toBe(204);
    const refused = get(node.url);
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});
