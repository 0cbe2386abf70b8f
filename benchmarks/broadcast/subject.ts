// What is measured, as processes: a contender of the reference servers, started as a trial starts it, or a floor.
// In: a row and the services. Out: where clients connect, how a change is made, and which processes do the work.
import { sleepUntilUs } from '../../harness/contract/clock.ts';
import { FreshetError } from '../../harness/contract/errors.ts';
import type { SystemProcesses } from '../../harness/contract/target.ts';
import type { Update } from '../../harness/plan/arrivals.ts';
import { type Contender, parseContender } from '../../harness/plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../../harness/plan/trial-plan.ts';
import { Publisher } from '../../harness/publisher/publisher.ts';
import { type Child, startChild } from '../../harness/services/child.ts';
import { settleAll } from '../../harness/services/deadline.ts';
import type { Guard } from '../../harness/services/guard.ts';
import { freePort } from '../../harness/services/ports.ts';
import type { Database, Service } from '../../harness/services/service.ts';
import type { ReferenceTargetPlan } from '../../harness/targets/reference.ts';
import { prepareReferenceSystem } from '../../harness/targets/reference-system.ts';
import { dashboard } from '../../scenarios/dashboard.ts';
import type { FloorCommand, FloorKind } from './floor.ts';
import type { Row } from './rows.ts';

/** What all trials of the benchmark stand on. */
export interface Ground {
  readonly guard: Guard;
  readonly bundles: {
    readonly servers: string;
    readonly publisher: string;
    readonly shard: string;
    readonly floor: string;
  };
  readonly postgres: Service;
  readonly redis: Service;
  readonly database: Database;
}

export interface Subject {
  readonly target: ReferenceTargetPlan;
  readonly metricsUrls: readonly string[];
  readonly servers: readonly Child[];
  readonly processes: SystemProcesses;
  /** Makes these changes at their intended times; resolves when the last is made. */
  publish(updates: readonly Update[]): Promise<void>;
  stop(): Promise<void>;
}

/** The plan of a trial as the harness knows it; a floor borrows the one of the transport it speaks. */
export function planOf(row: Row, clients: number): TrialPlan {
  const settings = settingsOf(dashboard, {
    clients,
    'connect-rate': row.connectsPerSecond,
    'poll-interval': Math.round((clients / row.pollsPerSecond) * 1e6),
  });
  const [plan] = planTrials(dashboard, { settings, contenders: [contenderOf(row)], repeat: 1, seed: 42 });
  if (plan === undefined) throw new FreshetError('bug', `row '${row.name}' gave no trial`);
  return plan;
}

function contenderOf(row: Row): Contender {
  const parsed = parseContender(row.contender);
  if ('problems' in parsed) throw new FreshetError('bug', parsed.problems);
  return parsed.contender;
}

export function startSubject(row: Row, plan: TrialPlan, ground: Ground): Promise<Subject> {
  return row.floor === null ? startReference(plan, ground) : startFloor(row.floor, plan, ground);
}

async function startReference(plan: TrialPlan, ground: Ground): Promise<Subject> {
  const { guard, bundles, database, redis, postgres } = ground;
  const layout = await prepareReferenceSystem({ guard, bundle: bundles.servers, database, postgres, redis, plan });
  const [system, publisher] = await settleAll([
    layout.start(),
    Publisher.start({ guard, bundle: bundles.publisher, publish: layout.publish }),
  ]);
  let published = 0;
  return {
    target: layout.target,
    metricsUrls: layout.metricsUrls,
    servers: system.servers,
    processes: system.processes,
    publish: (updates) => {
      published += updates.length;
      publisher.schedule(updates);
      return publisher.untilPublished(published);
    },
    stop: async () => {
      await publisher.stop();
      await system.stop();
    },
  };
}

/** Changes reach it over IPC: it has neither database nor feed. */
async function startFloor(kind: FloorKind, plan: TrialPlan, { guard, bundles }: Ground): Promise<Subject> {
  const port = await freePort();
  const child = await startChild({
    guard,
    name: `floor ${kind}`,
    command: process.execPath,
    args: [bundles.floor, kind, String(port), String(plan.payloadBytes)],
    ipc: true,
    readyLine: true,
  });
  return {
    target: {
      kind: 'reference',
      transport: plan.contender.transport,
      addresses: [{ host: '127.0.0.1', port }],
      keepAlive: true,
      etag: false,
      auth: 'none',
      token: '',
      authority: null,
    },
    metricsUrls: [],
    servers: [child],
    processes: { servers: [child.pid], relay: [], redis: [], postgres: [] },
    publish: async (updates) => {
      for (const { version, intendedUs } of updates) {
        await sleepUntilUs(intendedUs);
        child.send({ version, intendedUs } satisfies FloorCommand);
      }
    },
    stop: () => child.stop(0),
  };
}
