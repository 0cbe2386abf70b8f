// Trials in the test's own process, on the Postgres of a rig with agents: what a run does, without its record and report.
import type { TrialRecord } from '../harness/contract/record.ts';
import type { TrialPlan } from '../harness/plan/trial-plan.ts';
import { buildBundles, entryPoints } from '../harness/services/bundle.ts';
import { createDatabase } from '../harness/services/database.ts';
import { readLimits } from '../harness/services/limits.ts';
import type { Executor } from '../harness/swarm/executor.ts';
import { referenceSystem } from '../harness/targets/reference-system.ts';
import { runTrial, type TrialContext } from '../harness/trial/run-trial.ts';
import type { AgentRig } from '../scripts/kill-agents/rig.ts';

export class Trials {
  readonly #rig: AgentRig;
  readonly #bundles: TrialContext['bundles'] & { readonly servers: string };

  private constructor(rig: AgentRig, bundles: TrialContext['bundles'] & { readonly servers: string }) {
    this.#rig = rig;
    this.#bundles = bundles;
  }

  static async open(rig: AgentRig): Promise<Trials> {
    return new Trials(rig, await buildBundles(rig.guard.directory, entryPoints()));
  }

  /** Runs one on a database of its own; on this machine, where no executor is given. */
  async run(plan: TrialPlan, executor?: Executor): Promise<TrialRecord> {
    const { guard, postgres } = this.#rig;
    const database = await createDatabase({ guard, postgres });
    try {
      return await runTrial(plan, {
        guard,
        bundles: this.#bundles,
        limits: readLimits(),
        system: referenceSystem({ guard, bundle: this.#bundles.servers, database, postgres, redis: null }),
        signal: new AbortController().signal,
        onPhase: () => {},
        onPoint: () => {},
        ...(executor !== undefined && { executor }),
      });
    } finally {
      await database.drop();
    }
  }
}
