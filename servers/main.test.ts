import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Mailbox } from '../harness/services/mailbox.ts';
import { type PublishResult, type ReadyLine, settingsVariable } from './protocol.ts';
import { openRig, openSocket, type Rig, request } from './rig.fixture.ts';

let rig: Rig;
let directory: string;
let bundle: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  rig = await openRig({ redis: true });
  directory = await mkdtemp(join(tmpdir(), 'freshet-main-'));
  bundle = join(directory, 'servers.cjs');
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const external = ['pg-native', 'bufferutil', 'utf-8-validate'];
  await build({ entryPoints: [main], outfile: bundle, bundle: true, platform: 'node', format: 'cjs', external });
}, 60_000);
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await rig.close();
});

interface Started {
  child: ChildProcess;
  lines: Mailbox<unknown>;
  ready: ReadyLine;
}

async function start(role: string, settings: object): Promise<Started> {
  const child = spawn(process.execPath, [bundle, role, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  const lines = new Mailbox<unknown>();
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) lines.deliver(JSON.parse(line));
  });
  return { child, lines, ready: (await lines.next()) as ReadyLine };
}

async function fail(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const child = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.add(child);
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code, lines: stderr.trimEnd().split('\n') };
}

const checksum = `SELECT md5(string_agg(e::text, ',' ORDER BY e::text)) AS checksum FROM dashboard_event e`;

describe('servers/main', () => {
  it.each([
    [['dance'], 2, 'role "dance" is unknown'],
    [['serve', '{'], 2, 'not JSON'],
    [['serve', '{"transport":"carrier pigeon","postgresUrl":"x","colour":1}'], 2, 'transport'],
    [['serve', '{"transport":"sse","postgresUrl":"x","auth":"message"}'], 2, 'needs transport "websocket"'],
    [['serve', '{"transport":"sse","postgresUrl":"postgres://x@127.0.0.1:1/x"}'], 3, 'ECONNREFUSED'],
    [['publish', '{"postgresUrl":"postgres://x@127.0.0.1:1/x"}'], 3, 'ECONNREFUSED'],
  ])('refuses %j with exit code %i and one line', async (args, expected, words) => {
    const { code, lines } = await fail(...args);
    expect(code).toBe(expected);
    expect(lines).toEqual([expect.stringContaining(words)]);
  });

  it('prepares a database, and does so again with the same rows for the same seed', async () => {
    const { adminUrl: postgresUrl, serverRole, publisherRole } = rig.database;
    const checksums: string[] = [];
    for (const [audiences, seed] of [
      [2, 7],
      [4, 7],
      [4, 8],
    ] as const) {
      const settings = { postgresUrl, serverRole, publisherRole, audiences, seed };
      const { child, ready } = await start('prepare', settings);
      expect(ready).toMatchObject({ interface: 'freshet.server/1', role: 'prepare', port: null, pid: child.pid });
      const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
      expect(code).toBe(0);
      checksums.push((await rig.admin.query(checksum)).rows[0].checksum);
    }
    expect(checksums[0]).toBe(checksums[1]);
    expect(checksums[1]).not.toBe(checksums[2]);
    const { rows } = await rig.admin.query('SELECT id, version FROM dashboard ORDER BY id');
    expect(rows).toEqual([0, 1, 2, 3].map((id) => ({ id, version: 0 })));
  });

  it('grants the servers reading and the publisher its updates, and no more', async () => {
    const { serverRole, publisherRole } = rig.database;
    const may = async (role: string, table: string, privilege: string): Promise<boolean> => {
      const { rows } = await rig.admin.query('SELECT has_table_privilege($1, $2, $3) AS may', [role, table, privilege]);
      return rows[0].may;
    };
    expect(await may(serverRole, 'dashboard', 'SELECT')).toBe(true);
    expect(await may(serverRole, 'dashboard_event', 'SELECT')).toBe(true);
    expect(await may(serverRole, 'dashboard', 'UPDATE')).toBe(false);
    expect(await may(publisherRole, 'dashboard', 'UPDATE')).toBe(true);
    expect(await may(publisherRole, 'dashboard', 'INSERT')).toBe(false);
    expect(await may(publisherRole, 'dashboard_event', 'SELECT')).toBe(false);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('serves until %s, then drains and exits with 0', async (signal) => {
    const { child, ready } = await start('serve', { transport: 'websocket', postgresUrl: rig.database.serverUrl });
    expect(ready).toMatchObject({ role: 'serve', pid: child.pid });
    const client = await openSocket({ port: ready.port ?? 0, stop: async () => undefined });
    await client.next();
    child.kill(signal);
    const [[code], closed] = await Promise.all([once(child, 'exit'), client.closed]);
    expect([code, closed]).toEqual([0, 1001]);
  });

  it('takes its settings from the environment as well, where other users cannot see them', async () => {
    const settings = JSON.stringify({ transport: 'sse', postgresUrl: rig.database.serverUrl });
    const child = spawn(process.execPath, [bundle, 'serve'], {
      env: { ...process.env, [settingsVariable]: settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    const [line] = await once(child.stdout, 'data');
    expect(JSON.parse(String(line))).toMatchObject({ role: 'serve', pid: child.pid });
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('relays until it is told to stop', async () => {
    const { serverUrl: postgresUrl } = rig.database;
    const { child, ready } = await start('relay', { postgresUrl, redisUrl: rig.redisUrl });
    expect((await request(`http://127.0.0.1:${ready.port}/healthz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('publishes line by line, to the end of its input or to a signal', async () => {
    const version = (await rig.version(0)) + 1;
    for (const end of ['input', 'signal'] as const) {
      const { child, lines } = await start('publish', { postgresUrl: rig.database.publisherUrl });
      child.stdin?.write(`${JSON.stringify({ audience: 0, version, intendedUs: 1 })}\n`);
      const result = (await lines.next()) as PublishResult;
      expect(result.committedUs === null).toBe(end === 'signal');
      if (end === 'input') child.stdin?.end();
      else child.kill('SIGTERM');
      expect((await once(child, 'exit'))[0]).toBe(0);
    }
  });
});
