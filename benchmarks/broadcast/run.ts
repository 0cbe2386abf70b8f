// The whole of `bench:broadcast`: services once, then every row at every number of clients, repeated in alternating order so that
// drift of the machine meets all alike. In: sizes. Out: what was measured, by row and number of clients.
import { fileURLToPath } from 'node:url';
import { buildBundles, entryPoints } from '../../harness/services/bundle.ts';
import { createDatabase } from '../../harness/services/database.ts';
import { settleAll } from '../../harness/services/deadline.ts';
import { openGuard } from '../../harness/services/guard.ts';
import { startPostgres } from '../../harness/services/postgres.ts';
import { startRedis } from '../../harness/services/redis.ts';
import { inspectorOptions } from './garbage.ts';
import type { Row } from './rows.ts';
import type { Ground } from './subject.ts';
import type { Measured } from './table.ts';
import { measureBroadcast, type TrialFigures } from './trial.ts';

export interface BroadcastPlan {
  readonly rows: readonly Row[];
  readonly clients: readonly number[];
  readonly repeat: number;
  readonly rounds: number;
  readonly messagesPerRound: number;
  readonly warmUpMessages: number;
  readonly signal: AbortSignal;
  onTrial(name: string, clients: number): void;
}

/** Leaves nothing behind. Throws `environment`, or the signal's reason. */
export async function runBroadcast(plan: BroadcastPlan): Promise<Measured[]> {
  process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, inspectorOptions].join(' ').trim();
  const guard = await openGuard();
  // Whatever is being waited for, its processes end with the guard.
  const interrupted = new Promise<never>((_, reject) => {
    plan.signal.addEventListener('abort', () => reject(plan.signal.reason), { once: true });
  });
  interrupted.catch(() => {});
  try {
    const [bundles, postgres, redis] = await settleAll([
      buildBundles(guard.directory, {
        ...entryPoints(),
        floor: fileURLToPath(new URL('floor.ts', import.meta.url)),
      }),
      startPostgres({ guard, url: process.env.DATABASE_URL }),
      startRedis({ guard, url: process.env.REDIS_URL }),
    ]);
    const database = await createDatabase({ guard, postgres });
    const measured = await Promise.race([measureAll(plan, { guard, bundles, postgres, redis, database }), interrupted]);
    await database.drop();
    return measured;
  } finally {
    await guard.close();
  }
}

async function measureAll(plan: BroadcastPlan, ground: Ground): Promise<Measured[]> {
  const fewest = Math.min(...plan.clients);
  const cells = plan.clients.flatMap((clients) =>
    plan.rows
      .filter(({ isMain }) => isMain || clients === fewest)
      .map((row) => ({ row, clients, trials: [] as TrialFigures[] })),
  );
  for (let repetition = 0; repetition < plan.repeat; repetition++) {
    for (const cell of repetition % 2 === 0 ? cells : cells.toReversed()) {
      plan.onTrial(cell.row.name, cell.clients);
      cell.trials.push(await measureBroadcast(cell.row, { ...plan, clients: cell.clients }, ground));
    }
  }
  return cells;
}
