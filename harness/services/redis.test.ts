import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { type Guard, openGuard } from './guard.ts';
import { isAlive } from './killed-run.testing.ts';
import { startRedis } from './redis.ts';

let guard: Guard;
beforeAll(async () => {
  guard = await openGuard();
});
afterAll(() => guard.close());
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a Redis of the run’s own', () => {
  it('answers with a password only, keeps nothing, and leaves nothing', async () => {
    const service = await startRedis({ guard });
    expect(service).toMatchObject({ name: 'redis', driver: 'embedded' });
    expect(service.version).toMatch(/^(valkey )?\d+\.\d+\.\d+$/);
    const client = new Redis(service.url);
    expect(await client.config('GET', 'save')).toEqual(['save', '']);
    expect(await client.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
    client.disconnect();
    const stranger = new URL(service.url);
    stranger.password = '';
    await expect(startRedis({ guard, url: stranger.href })).rejects.toThrow(/NOAUTH/);
    await service.stop();
    await service.stop();
    expect(isAlive(service.pid ?? 0)).toBe(false);
    expect(readdirSync(guard.directory).filter((name) => name.startsWith('redis'))).toEqual([]);
  });

  it('is taken away and comes back at the same address, which is no loss; a death after that is one', async () => {
    const service = await startRedis({ guard });
    const lost = vi.fn();
    void service.lost.then(lost);
    const before = service.pid ?? 0;
    await service.interruption?.begin('abruptly');
    expect(isAlive(before)).toBe(false);
    await expect(startRedis({ guard, url: service.url })).rejects.toThrow(/ECONNREFUSED/);
    await service.interruption?.end();
    expect(service.pid).not.toBe(before);
    expect((await startRedis({ guard, url: service.url })).version).toBe(service.version);
    expect(lost).not.toHaveBeenCalled();
    process.kill(service.pid ?? 0, 'SIGKILL');
    expect((await service.lost).message).toContain(`redis (pid ${service.pid}) died`);
    await service.stop();
  });

  it('tells when it dies', async () => {
    const service = await startRedis({ guard });
    process.kill(service.pid ?? 0, 'SIGKILL');
    const loss = await service.lost;
    expect(loss.kind).toBe('environment');
    expect(loss.message).toContain(`redis (pid ${service.pid}) died during the run with SIGKILL`);
    await service.stop();
  });
});

describe('without redis-server on PATH', () => {
  /** All programs but those, as links. */
  function hideRedis(): string {
    const bin = mkdtempSync(join(guard.directory, 'bin-'));
    for (const directory of (process.env.PATH ?? '').split(delimiter).filter(existsSync)) {
      for (const name of readdirSync(directory)) {
        if (/^(redis|valkey)-/.test(name) || existsSync(join(bin, name))) continue;
        symlinkSync(join(directory, name), join(bin, name));
      }
    }
    return bin;
  }

  it('unpacks Debian’s package once, also when two runs do it at the same time', async ({ skip }) => {
    const cache = mkdtempSync(join(tmpdir(), 'freshet-cache-'));
    vi.stubEnv('PATH', hideRedis());
    vi.stubEnv('XDG_CACHE_HOME', cache);
    try {
      const other = await openGuard();
      const progress: string[] = [];
      const started = Promise.all([
        startRedis({ guard, progress: (what) => progress.push(what) }),
        startRedis({ guard: other }),
      ]);
      const services = await started.catch((error: unknown) => {
        skipWithoutNetwork(error, skip);
        throw error;
      });
      expect(services.map((service) => service.version)).toEqual([
        expect.stringMatching(/^\d/),
        expect.stringMatching(/^\d/),
      ]);
      expect(progress).toEqual([expect.stringContaining('redis-server')]);
      const [kept, ...rest] = readdirSync(join(cache, 'freshet'));
      expect(kept).toMatch(/^redis-server-[a-z]+-[\d.]+-\w+$/);
      expect(rest).toEqual([]);
      // Now it is there, and nothing is fetched.
      const third = await startRedis({ guard, progress: (what) => progress.push(what) });
      expect(progress).toHaveLength(1);
      for (const service of [...services, third]) await service.stop();
      await other.close();
    } finally {
      rmSync(cache, { recursive: true });
    }
  }, 90_000);

  it('and without apt, lists every way to get one in one line', async () => {
    vi.stubEnv('PATH', mkdtempSync(join(guard.directory, 'empty-')));
    const cache = join(guard.directory, 'cache');
    mkdirSync(cache);
    vi.stubEnv('XDG_CACHE_HOME', cache);
    const error = await startRedis({ guard }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FreshetError);
    expect((error as FreshetError).kind).toBe('environment');
    for (const way of ['redis-server', 'valkey-server', 'apt-get', '--redis redis://', 'REDIS_URL']) {
      expect((error as FreshetError).message).toContain(way);
    }
    expect((error as FreshetError).problems).toHaveLength(1);
    expect((error as FreshetError).message).not.toContain('\n');
    expect(readdirSync(join(cache, 'freshet'))).toEqual([]);
  });
});

/** Only what a machine without Debian's archive would say counts as a reason. */
function skipWithoutNetwork(error: unknown, skip: (note: string) => void): void {
  const message = messageOf(error);
  const isNetwork = /fetched nothing|Could not (resolve|connect)|Unable to connect|Failed to fetch|unreachable/i.test(
    message,
  );
  if (!isNetwork && process.platform === 'linux' && existsSync('/usr/bin/apt-get')) return;
  const note = `SKIPPED: Debian's redis package cannot be fetched here, so unpacking it is not tested: ${message}`;
  process.stderr.write(`${note}\n`);
  skip(note);
}

describe('someone’s Redis', () => {
  it('is used as it is, and not stopped', async () => {
    const own = await startRedis({ guard });
    const service = await startRedis({ guard, url: own.url });
    expect(service).toMatchObject({ driver: 'url', version: own.version, url: own.url, pid: null });
    expect(service.interruption).toBeUndefined();
    await service.stop();
    expect(isAlive(own.pid ?? 0)).toBe(true);
    await own.stop();
  });

  it('that does not answer is one line without the password', async () => {
    const failing = startRedis({ guard, url: 'redis://:s3cret@127.0.0.1:1/2' });
    await expect(failing).rejects.toThrow(
      /^Redis at redis:\/\/127\.0\.0\.1:1\/2 cannot be used: connect ECONNREFUSED.*--redis/,
    );
    await expect(failing).rejects.not.toThrow(/s3cret|\n/);
  });

  it('needs a redis address', async () => {
    await expect(startRedis({ guard, url: 'http://localhost' })).rejects.toMatchObject({ kind: 'input' });
    await expect(startRedis({ guard, url: 'localhost:6379' })).rejects.toThrow(/--redis is .*; expected redis:\/\//);
  });
});
