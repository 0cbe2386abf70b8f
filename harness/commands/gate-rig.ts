// What the gate measures with: one Postgres and one Redis for both versions, a database for each, and pairs of trials in turn.
import type { Limits } from '../contract/limits.ts';
import type { RunRecord, TrialRecord } from '../contract/record.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { buildBundles, entryPoints } from '../services/bundle.ts';
import { createDatabase } from '../services/database.ts';
import { settleAll } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { findNginx } from '../services/nginx.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import { referenceSystem, usesRelay } from '../targets/reference-system.ts';
import { runPair } from '../trial/pair.ts';
import type { TrialContext } from '../trial/run-trial.ts';
import { toItsEnd, watch } from '../trial/watch.ts';
import type { GateRequest } from './gate-request.ts';
import { openSourceTree } from './source-tree.ts';

export const sides = ['baseline', 'candidate'] as const;
export type Side = (typeof sides)[number];

export interface GateRig {
  /** `null` for a directory. */
  readonly commits: Readonly<Record<Side, string | null>>;
  readonly services: RunRecord['services'];
  /** Both sides of one plan: the baseline first in odd repetitions, the candidate in even ones, so that what drifts meets both alike. */
  measurePair(plan: TrialPlan): Promise<Record<Side, TrialRecord>>;
  /** Drops the databases and ends the services. */
  stop(): Promise<void>;
}

export interface GateRigOptions {
  readonly limits: Limits;
  readonly guard: Guard;
  readonly signal: AbortSignal;
  readonly step: (line: string) => void;
}

/** Unpacks the versions and starts what they share. Throws `input` for a version that is none, `environment` for a service that does not start. */
export async function startGateRig(
  { bench, ...versions }: Pick<GateRequest, 'bench' | Side>,
  { limits, guard, signal, step }: GateRigOptions,
): Promise<GateRig> {
  step('unpacking the versions, starting Postgres and Redis');
  const [baseline, candidate] = await settleAll([
    openSourceTree('--baseline', versions.baseline, guard.directory),
    openSourceTree('--candidate', versions.candidate, guard.directory),
  ]);
  const { publisher, shard } = entryPoints();
  const servers = { baseline: entryPoints(baseline.root).servers, candidate: entryPoints(candidate.root).servers };
  const needsRedis = bench.trials.some(({ contender }) => usesRelay(contender));
  const needsNginx = bench.trials.some(({ balancing }) => balancing !== null);
  const [bundles, postgres, redis, nginx] = await settleAll([
    buildBundles(guard.directory, { publisher, shard, ...servers }),
    startPostgres({ guard, driver: bench.services, url: bench.postgresUrl }),
    needsRedis ? startRedis({ guard, driver: bench.services, url: bench.redisUrl }) : null,
    needsNginx ? findNginx({ guard, driver: bench.services }) : null,
  ]);
  const alive = watch({ signal, services: [postgres, redis] });
  const databases = {
    baseline: await toItsEnd(alive, createDatabase({ guard, postgres })),
    candidate: await toItsEnd(alive, createDatabase({ guard, postgres })),
  };
  const contextOf = (side: Side, { repetition, contender }: TrialPlan): TrialContext => ({
    guard,
    bundles,
    limits,
    system: referenceSystem({
      guard,
      bundle: bundles[side],
      version: `of --${side} ${versions[side]}`,
      database: databases[side],
      postgres,
      redis,
      nginx,
    }),
    signal,
    onPhase: (phase) => phase === 'start' && step(`pair ${repetition}: ${contender.name}, ${side}`),
    onPoint: () => {},
  });
  return {
    commits: { baseline: baseline.git, candidate: candidate.git },
    services: {
      postgres: { driver: postgres.driver, version: postgres.version },
      ...(redis !== null && { redis: { driver: redis.driver, version: redis.version } }),
      ...(nginx !== null && { nginx: { driver: nginx.driver, version: nginx.version } }),
    },
    async measurePair(plan) {
      signal.throwIfAborted();
      const isBaselineFirst = plan.repetition % 2 === 1;
      const contexts = { baseline: contextOf('baseline', plan), candidate: contextOf('candidate', plan) };
      if (isBaselineFirst) {
        const [before, after] = await toItsEnd(alive, runPair(plan, [contexts.baseline, contexts.candidate]));
        return { baseline: before, candidate: after };
      }
      const [after, before] = await toItsEnd(alive, runPair(plan, [contexts.candidate, contexts.baseline]));
      return { baseline: before, candidate: after };
    },
    async stop() {
      await Promise.all(sides.map((side) => databases[side].drop()));
      await Promise.all([postgres.stop(), redis?.stop()]);
    },
  };
}
