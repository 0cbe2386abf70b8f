import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from './database.ts';
import { type Guard, openGuard } from './guard.ts';
import { startRun, waitUntilGone } from './killed-run.testing.ts';
import { startPostgres } from './postgres.ts';
import { withClient } from './postgres-client.ts';
import type { Service } from './service.ts';

let guard: Guard;
/** Ours for these tests, but they see it as someone's server. */
let postgres: Service;
beforeAll(async () => {
  guard = await openGuard();
  const embedded = await startPostgres({ guard });
  postgres = await startPostgres({ guard, url: embedded.url });
}, 30_000);
afterAll(() => guard.close());

const rowsOf = (url: string, sql: string) =>
  withClient(url, async (client) => (await client.query({ text: sql, rowMode: 'array' })).rows.flat());
const names = () =>
  rowsOf(
    postgres.url,
    `SELECT datname FROM pg_database WHERE datname LIKE 'freshet%' UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE 'freshet%'`,
  );

describe('a run’s database', () => {
  it('has roles of its own, which no other run’s database lets in', async () => {
    const [one, two] = await Promise.all([createDatabase({ guard, postgres }), createDatabase({ guard, postgres })]);
    expect(one.name).not.toBe(two.name);
    expect(await rowsOf(one.serverUrl, 'SELECT current_user')).toEqual([one.serverRole]);
    expect(await rowsOf(one.publisherUrl, 'SELECT current_user')).toEqual([one.publisherRole]);
    expect(await rowsOf(one.adminUrl, 'SELECT current_database()')).toEqual([one.name]);
    const foreign = new URL(one.serverUrl);
    foreign.pathname = two.name;
    await expect(rowsOf(foreign.href, 'SELECT 1')).rejects.toThrow('permission denied for database');
    await Promise.all([one.drop(), two.drop()]);
    expect(await names()).toEqual([]);
  });

  it('counts what its roles ask', async () => {
    const database = await createDatabase({ guard, postgres });
    expect(database.statements).toEqual({ available: true });
    await withClient(database.serverUrl, async (client) => {
      for (let count = 0; count < 20; count++) await client.query('SELECT 1 AS counted');
    });
    const counted = await rowsOf(
      database.adminUrl,
      `SELECT calls::int FROM pg_stat_statements WHERE query LIKE '%counted%' AND userid = '${database.serverRole}'::regrole`,
    );
    expect(counted).toEqual([20]);
    await database.drop();
  });

  it('is dropped although someone is connected, and twice', async () => {
    const database = await createDatabase({ guard, postgres });
    await withClient(database.serverUrl, async () => {
      await database.drop();
      await database.drop();
    });
    expect(await names()).toEqual([]);
  });

  it('is not left behind by a run that is killed, nor by one that ends without dropping it', async () => {
    const [killed, careless] = await Promise.all([
      startRun({ postgresUrl: postgres.url }),
      startRun({ postgresUrl: postgres.url, finish: true }),
    ]);
    expect(await names()).toContain(killed.database);
    killed.process.kill('SIGKILL');
    expect(await Promise.all([waitUntilGone(killed, 15_000), waitUntilGone(careless, 15_000)])).toEqual([[], []]);
    expect(await names()).toEqual([]);
  }, 30_000);
});

describe('an administrator who is no superuser', () => {
  const create = async (rights: string) => {
    await rowsOf(postgres.url, `CREATE ROLE modest LOGIN PASSWORD 'modest' ${rights}`);
    const url = new URL(postgres.url);
    url.username = 'modest';
    url.password = 'modest';
    return { ...postgres, url: url.href };
  };

  it('can do with CREATEDB and CREATEROLE, but sees no statements', async () => {
    const modest = await create('CREATEDB CREATEROLE');
    const database = await createDatabase({ guard, postgres: modest });
    expect(database.statements).toEqual({ available: false, reason: expect.stringContaining('permission denied') });
    await withClient(database.serverUrl, () => database.drop());
    expect(await names()).toEqual([]);
    await rowsOf(postgres.url, 'DROP ROLE modest');
  });

  it('is told what it takes otherwise, and leaves nothing', async () => {
    const modest = await create('CREATEROLE');
    await expect(createDatabase({ guard, postgres: modest })).rejects.toThrow(
      /permission denied.*CREATEDB and CREATEROLE/,
    );
    expect(await names()).toEqual([]);
    await rowsOf(postgres.url, 'DROP ROLE modest');
  });
});
