import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nowUs } from './clock.ts';
import { notifyChannel, type PublishCommand, type PublishResult } from './protocol.ts';
import { startPublishing } from './publish.ts';
import { openRig, type Rig, waitUntil } from './rig.fixture.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
}, 60_000);
afterAll(() => rig.close());

interface Outcome {
  results: PublishResult[];
  problems: string[];
}

async function publishAll(commands: (PublishCommand | string)[], changeUrl: string | null = null): Promise<Outcome> {
  const [results, problems]: [PublishResult[], string[]] = [[], []];
  const settings = { postgresUrl: rig.database.publisherUrl, changeUrl };
  const publishing = await startPublishing(
    settings,
    (result) => results.push(result),
    (problem) => problems.push(problem),
  );
  const lines = commands.map((command) => (typeof command === 'string' ? command : JSON.stringify(command)));
  const input = new PassThrough();
  input.end(lines.map((line) => `${line}\n`).join(''));
  await publishing.run(input);
  return { results, problems };
}

async function commandsFrom(audience: number, count: number): Promise<PublishCommand[]> {
  const version = await rig.version(audience);
  return Array.from({ length: count }, (_, index) => ({ audience, version: version + 1 + index, intendedUs: index }));
}

describe('publish', () => {
  it('commits the versions of each dashboard in order, with their intended times', async () => {
    const commands = [...(await commandsFrom(0, 20)), ...(await commandsFrom(1, 20))];
    const { results } = await publishAll(commands);
    for (const audience of [0, 1]) {
      const own = results.filter((result) => result.audience === audience);
      expect(own.map(({ version }) => version)).toEqual(
        commands.filter((command) => command.audience === audience).map(({ version }) => version),
      );
      for (const [index, { sentUs, committedUs }] of own.entries()) {
        expect(committedUs).toBeGreaterThanOrEqual(sentUs);
        expect(sentUs).toBeGreaterThanOrEqual(own[index - 1]?.committedUs ?? 0);
      }
    }
    const { rows } = await rig.admin.query('SELECT version, intended_us FROM dashboard WHERE id = 1');
    expect(rows[0]).toEqual({ version: commands.at(-1)?.version, intended_us: '19' });
  });

  it('notifies once for each commit, and not of one that failed', async () => {
    const client = new pg.Client({ connectionString: rig.database.serverUrl });
    await client.connect();
    const payloads: string[] = [];
    client.on('notification', ({ payload }) => payloads.push(payload ?? ''));
    await client.query(`LISTEN ${notifyChannel}`);
    const [first, second] = (await commandsFrom(2, 2)) as [PublishCommand, PublishCommand];
    const { results } = await publishAll([first, first, second]);
    await waitUntil(() => payloads.length, 2);
    expect(payloads.map((payload) => JSON.parse(payload))).toEqual([
      { audience: 2, version: first.version },
      { audience: 2, version: second.version },
    ]);
    expect(results.map(({ committedUs }) => committedUs === null)).toEqual([false, true, false]);
    await client.end();
  });

  it('answers with an error what it cannot commit, and goes on', async () => {
    const [next] = (await commandsFrom(0, 1)) as [PublishCommand];
    const { results, problems } = await publishAll([
      { ...next, audience: 99 },
      'not a command',
      '{"audience":0}',
      { ...next, version: 3_000_000_000 },
      next,
    ]);
    const outcomeOf = (audience: number, version: number) =>
      results.find((result) => result.audience === audience && result.version === version);
    expect(outcomeOf(99, next.version)).toMatchObject({ committedUs: null, error: expect.stringContaining('99') });
    expect(outcomeOf(0, 3_000_000_000)).toMatchObject({ committedUs: null, error: expect.stringContaining('range') });
    expect(outcomeOf(0, next.version)?.committedUs).toBeTypeOf('number');
    expect(problems).toHaveLength(2);
  });

  it('works on dashboards side by side, so that a locked one holds up no other', async () => {
    const [blocked, free] = [...(await commandsFrom(2, 1)), ...(await commandsFrom(3, 1))] as [
      PublishCommand,
      PublishCommand,
    ];
    const locker = await rig.admin.connect();
    await locker.query('BEGIN');
    await locker.query('SELECT FROM dashboard WHERE id = 2 FOR UPDATE');
    const publishing = publishAll([blocked, free]);
    await waitUntil(() => rig.version(3), free.version);
    const releasedUs = nowUs();
    await locker.query('COMMIT');
    locker.release();
    const { results } = await publishing;
    expect(results.map(({ audience }) => audience)).toEqual([3, 2]);
    expect(results[1]?.committedUs).toBeGreaterThanOrEqual(releasedUs);
  });

  it('takes a version that is there for committed when it was tried before, and the answer was lost', async () => {
    const [next] = (await commandsFrom(3, 1)) as [PublishCommand];
    const settings = { postgresUrl: rig.database.publisherUrl, changeUrl: null };
    const results: PublishResult[] = [];
    const publishing = await startPublishing(
      settings,
      (result) => results.push(result),
      () => undefined,
    );
    const input = new PassThrough();
    const running = publishing.run(input);
    const say = (command: PublishCommand) => input.write(`${JSON.stringify(command)}\n`);
    const locker = await rig.admin.connect();
    await locker.query('BEGIN');
    await locker.query('UPDATE dashboard SET version = $1 WHERE id = 3', [next.version]);
    say(next);
    const waiting = `SELECT pid FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'`;
    const pids = async () => (await rig.admin.query(waiting, [rig.database.publisherRole])).rows;
    await waitUntil(async () => (await pids()).length, 1);
    await rig.admin.query('SELECT pg_terminate_backend($1)', [(await pids())[0]?.pid]);
    await waitUntil(() => results.length, 1);
    await locker.query('COMMIT');
    locker.release();
    say(next);
    say(next);
    input.end();
    await running;
    expect(results.map(({ committedUs }) => committedUs === null)).toEqual([true, false, true]);
  });

  it('tells the change to an URL once it is committed, and reports when nobody is there', async () => {
    const told: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => told.push(body));
      request.on('end', () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/change`;
    const commands = await commandsFrom(0, 2);
    await publishAll(commands.slice(0, 1), url);
    expect(told.map((body) => JSON.parse(body))).toEqual([{ audience: 0, version: commands[0]?.version }]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const { results, problems } = await publishAll(commands.slice(1), url);
    expect(results[0]?.committedUs).toBeTypeOf('number');
    expect(problems).toEqual([expect.stringContaining('could not be told')]);
  });
});
