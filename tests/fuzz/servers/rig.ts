// What all systems under fuzz stand on: Postgres, Redis, the bundles, and a preload that tells of their memory.
import { fileURLToPath } from 'node:url';
import { buildBundles, entryPoints } from '../../../harness/services/bundle.ts';
import { type Guard, openGuard } from '../../../harness/services/guard.ts';
import { startPostgres } from '../../../harness/services/postgres.ts';
import { startRedis } from '../../../harness/services/redis.ts';
import type { Service } from '../../../harness/services/service.ts';

/** Services that several systems share: starting Postgres takes longer than fuzzing a little. */
export class Rig {
  readonly guard: Guard;
  readonly postgres: Service;
  readonly redis: Service;
  readonly bundles: Record<'servers' | 'publisher', string>;

  private constructor(guard: Guard, postgres: Service, redis: Service, bundles: Rig['bundles']) {
    this.guard = guard;
    this.postgres = postgres;
    this.redis = redis;
    this.bundles = bundles;
  }

  static async open(): Promise<Rig> {
    const guard = await openGuard();
    // Children inherit our environment.
    process.env.NODE_OPTIONS = `--require ${fileURLToPath(new URL('collect-on-signal.cjs', import.meta.url))}`;
    process.env.FRESHET_FUZZ_DIRECTORY = guard.directory;
    const { servers, publisher } = entryPoints();
    const [postgres, redis, bundles] = await Promise.all([
      startPostgres({ guard }),
      startRedis({ guard }),
      buildBundles(guard.directory, { servers, publisher }),
    ]);
    return new Rig(guard, postgres, redis, bundles);
  }

  close(): Promise<void> {
    delete process.env.NODE_OPTIONS;
    delete process.env.FRESHET_FUZZ_DIRECTORY;
    return this.guard.close();
  }
}
