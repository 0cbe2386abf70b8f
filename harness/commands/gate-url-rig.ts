// What the gate measures with where both versions run already: nothing is started but clients, and one server is under load at a time.
import { FreshetError } from '../contract/errors.ts';
import type { TrialRecord } from '../contract/record.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { runTrial } from '../trial/run-trial.ts';
import { prepareForeignGround } from './foreign-ground.ts';
import type { GateRequest } from './gate-request.ts';
import type { GateRig, GateRigOptions, Side } from './gate-rig.ts';

export async function startUrlRig(
  { targets }: Pick<GateRequest, 'targets'>,
  { limits, guard, signal, step }: GateRigOptions,
): Promise<GateRig> {
  if (targets === null) throw new FreshetError('bug', 'no servers to gate by URL');
  const grounds = {
    baseline: await prepareForeignGround([targets.baseline], { guard, postgresUrl: undefined }),
    candidate: await prepareForeignGround([targets.candidate], { guard, postgresUrl: undefined }),
  };
  const measure = (side: Side, plan: TrialPlan): Promise<TrialRecord> => {
    const { bundles, system } = grounds[side];
    const onPhase = (phase: string) =>
      phase === 'start' && step(`pair ${plan.repetition}: ${plan.contender.name}, ${side}`);
    return runTrial(plan, { guard, bundles, limits, system, signal, onPhase, onPoint: () => {} });
  };
  return {
    commits: { baseline: null, candidate: null },
    services: {},
    async measurePair(plan) {
      signal.throwIfAborted();
      if (plan.repetition % 2 === 1) {
        const baseline = await measure('baseline', plan);
        return { baseline, candidate: await measure('candidate', plan) };
      }
      const candidate = await measure('candidate', plan);
      return { baseline: await measure('baseline', plan), candidate };
    },
    async stop() {},
  };
}
