// Whole trials whose truth is known beforehand: the real rig on real services, with one of its programs exchanged for a saboteur.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleepUs } from '../harness/contract/clock.ts';
import type { TrialRecord } from '../harness/contract/record.ts';
import type { SettingValue } from '../harness/contract/settings.ts';
import { parseContender } from '../harness/plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../harness/plan/trial-plan.ts';
import { buildBundles, entryPoints } from '../harness/services/bundle.ts';
import { createDatabase } from '../harness/services/database.ts';
import { settleAll } from '../harness/services/deadline.ts';
import { type Guard, openGuard } from '../harness/services/guard.ts';
import { readLimits } from '../harness/services/limits.ts';
import { startPostgres } from '../harness/services/postgres.ts';
import { startRedis } from '../harness/services/redis.ts';
import type { Database, Service } from '../harness/services/service.ts';
import { referenceSystem } from '../harness/targets/reference-system.ts';
import { runTrial, type TrialContext } from '../harness/trial/run-trial.ts';
import { dashboard } from '../scenarios/dashboard.ts';

type Bundles = TrialContext['bundles'] & { readonly servers: string };

const saboteurs = {
  withholdingServer: 'withholding-server',
  doubleQueryServer: 'double-query-server',
  busyServer: 'busy-server',
  farServer: 'far-server',
  slowShard: 'slow-shard',
} as const;

type Saboteur = keyof typeof saboteurs;

/** Whom to exchange for which saboteur. */
export interface Sabotage {
  readonly servers?: Saboteur;
  readonly shard?: Saboteur;
}

/** What a test may do to a running trial. */
export interface Bystander {
  readonly database: Database;
  /** Stops the servers, or the program that commits changes, for this long (SIGSTOP, SIGCONT). */
  freeze(role: 'serve' | 'publish', us: number): Promise<void>;
}

export class Laboratory {
  readonly #guard: Guard;
  readonly #services: { readonly postgres: Service; readonly redis: Service };
  readonly #bundles: Bundles;
  readonly #saboteurs: Readonly<Record<Saboteur, string>>;

  private constructor(
    guard: Guard,
    services: { postgres: Service; redis: Service },
    bundles: Bundles,
    saboteurs: Readonly<Record<Saboteur, string>>,
  ) {
    this.#guard = guard;
    this.#services = services;
    this.#bundles = bundles;
    this.#saboteurs = saboteurs;
  }

  static async open(): Promise<Laboratory> {
    const guard = await openGuard();
    const entries = Object.entries(saboteurs).map(([key, file]) => [
      key,
      fileURLToPath(new URL(`saboteurs/${file}.ts`, import.meta.url)),
    ]);
    const [postgres, redis, bundles, built] = await settleAll([
      startPostgres({ guard }),
      startRedis({ guard }),
      buildBundles(guard.directory, entryPoints()),
      buildBundles(guard.directory, Object.fromEntries(entries) as Record<Saboteur, string>),
    ]);
    return new Laboratory(guard, { postgres, redis }, bundles, built);
  }

  /** Runs one trial on a database of its own; `duringWindow` begins with the window and is waited for. */
  async measure(
    contender: string,
    settings: Readonly<Record<string, SettingValue>>,
    options: { sabotage?: Sabotage; duringWindow?: (bystander: Bystander) => Promise<void> } = {},
  ): Promise<TrialRecord> {
    const { sabotage = {}, duringWindow } = options;
    const bundles = {
      ...this.#bundles,
      ...(sabotage.servers !== undefined && { servers: this.#saboteurs[sabotage.servers] }),
      ...(sabotage.shard !== undefined && { shard: this.#saboteurs[sabotage.shard] }),
    };
    const database = await createDatabase({ guard: this.#guard, postgres: this.#services.postgres });
    const bystander: Bystander = { database, freeze: (role, us) => freeze([bundles.servers, role, database.name], us) };
    let meanwhile: Promise<void> | undefined;
    const record = await runTrial(planOf(contender, settings), {
      guard: this.#guard,
      limits: readLimits(),
      bundles,
      system: referenceSystem({ guard: this.#guard, bundle: bundles.servers, database, ...this.#services }),
      signal: new AbortController().signal,
      onPhase: (phase) => {
        if (phase !== 'window') return;
        meanwhile = duringWindow?.(bystander);
        meanwhile?.catch(() => {}); // Told when the trial is over.
      },
      onPoint: () => {},
    });
    await meanwhile;
    await database.drop();
    return record;
  }

  /** How often a saboteur wrote that it did it. */
  deeds(file: string): number {
    return readFileSync(join(this.#guard.directory, file), 'utf8').trimEnd().split('\n').length;
  }

  async close(): Promise<void> {
    await this.#guard.close();
  }
}

function planOf(contender: string, settings: Readonly<Record<string, SettingValue>>): TrialPlan {
  const parsed = parseContender(contender);
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
  const [plan] = planTrials(dashboard, {
    settings: settingsOf(dashboard, { control: 200_000, ...settings }),
    contenders: [parsed.contender],
    repeat: 1,
    seed: 42,
  });
  if (plan === undefined) throw new Error('there is no plan');
  return plan;
}

/** Freezes the one process that was started with this program and role, and has the database's name in its settings. */
async function freeze([program = '', role = '', database = '']: readonly string[], us: number): Promise<void> {
  const pids = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    const words = readProcess(name, 'cmdline').split('\0');
    return words.includes(program) && words.includes(role) && readProcess(name, 'environ').includes(database);
  });
  const [pid] = pids;
  if (pid === undefined || pids.length > 1) throw new Error(`${pids.length} processes run ${program} ${role}`);
  process.kill(Number(pid), 'SIGSTOP');
  await sleepUs(us);
  process.kill(Number(pid), 'SIGCONT');
}

function readProcess(pid: string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}
