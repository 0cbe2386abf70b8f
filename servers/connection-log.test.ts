// What a server writes of its clients' connections: counts and codes, and nothing of what was said.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { paths } from './protocol.ts';
import { openEvents, openRig, openSocket, type Rig, request } from './rig.fixture.ts';

const secret = 'a-token-nobody-may-read';

let rig: Rig;
let directory: string;

beforeAll(async () => {
  rig = await openRig();
  directory = await mkdtemp(join(tmpdir(), 'freshet-log-'));
});

afterAll(async () => {
  await rig?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Ends all servers, so that everything is written, and reads the lines; none of them may hold what was said. */
async function linesOf(logFile: string): Promise<Record<string, unknown>[]> {
  await rig.stopNodes();
  const text = await readFile(logFile, 'utf8');
  for (const said of [secret, 'audience', 'tiles', 'padding']) expect(text).not.toContain(said);
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const search = `?audience=0&token=${secret}`;
const settingsOf = (transport: 'polling' | 'long-polling' | 'sse' | 'websocket') => {
  const logFile = join(directory, `${transport}.jsonl`);
  return { transport, log: 'connections', logFile, auth: 'query', token: secret, heartbeat: 'none' } as const;
};

test('a WebSocket: opened, then closed with its code, its messages both ways and its duration', async () => {
  const settings = settingsOf('websocket');
  const node = await rig.serve(settings);
  const client = await openSocket(node, search);
  await client.next();
  client.socket.send('hello');
  await rig.change();
  await client.next();
  client.socket.terminate();
  const polite = await openSocket(node, search);
  polite.socket.close(1000);
  await polite.closed;
  const refused = await openSocket(node);
  expect(await refused.closed).toBe(1008);
  const lines = await linesOf(settings.logFile);
  expect(lines.filter(({ msg }) => msg === 'opened')).toMatchObject([{ client: 1 }, { client: 2 }, { client: 3 }]);
  const closed = lines.filter(({ msg }) => msg === 'closed');
  expect(closed.find(({ client: who }) => who === 1)).toMatchObject({
    transport: 'websocket',
    code: 1006,
    reason: 'client',
    requests: 1,
    sent: 2,
    received: 1,
    durationMs: expect.any(Number),
  });
  expect(closed.find(({ client: who }) => who === 2)).toMatchObject({ code: 1000, reason: 'client' });
  expect(closed.find(({ client: who }) => who === 3)).toMatchObject({ code: 1008, reason: 'unauthorized', sent: 0 });
});

test('a stream: its messages, and that the server ended it', async () => {
  const settings = settingsOf('sse');
  const node = await rig.serve(settings);
  const stream = await openEvents(`${node.url}${paths.events}${search}`);
  await stream.events.next();
  await rig.change();
  await stream.events.next();
  const lines = await linesOf(settings.logFile);
  expect(lines.map(({ msg }) => msg)).toEqual(['opened', 'closed']);
  expect(lines[1]).toMatchObject({ reason: 'drain', requests: 1, sent: 2 });
  expect(lines[1]?.bytesOut).toBeGreaterThan(1_000);
  expect(lines[1]).not.toHaveProperty('code');
});

test.each(['polling', 'long-polling'] as const)('%s: a line a connection, not a line a request', async (transport) => {
  const settings = settingsOf(transport);
  const node = await rig.serve(settings);
  for (let i = 0; i < 3; i++) expect((await request(`${node.url}${paths.dashboard}${search}`)).status).toBe(200);
  expect((await request(`${node.url}${paths.health}`)).status).toBe(200);
  const lines = await linesOf(settings.logFile);
  const closed = lines.filter(({ msg }) => msg === 'closed');
  expect(closed.reduce((sum, { requests }) => sum + Number(requests), 0)).toBe(3);
  expect(closed.reduce((sum, { sent }) => sum + Number(sent), 0)).toBe(3);
  expect(lines.filter(({ msg }) => msg === 'opened')).toHaveLength(closed.length);
});
