// Where clients are sent, as plain JSON for every shard: to the reference servers or to somebody's own. Out: the target made of it.
import type { Target } from '../contract/target.ts';
import { type ForeignTargetPlan, foreignTarget, loadDefinition } from './foreign.ts';
import { type ReferenceTargetPlan, referenceTarget } from './reference.ts';

export type TargetPlan = ReferenceTargetPlan | ForeignTargetPlan;

/** The target that a plan describes; `onBroken` is told when the code of a target file fails. */
export function targetOf(plan: TargetPlan, onBroken: (problem: string) => void): Target {
  return plan.kind === 'reference' ? referenceTarget(plan) : foreignTarget(plan, loadDefinition(plan.bundle), onBroken);
}

/** Whom to trust for TLS: a certificate of its own, or the public authorities; `null` speaks in the clear. */
export function trustOf(plan: TargetPlan): { readonly ca?: string } | null {
  if (plan.authority !== null) return { ca: plan.authority };
  return plan.kind === 'foreign' && plan.isSecure ? {} : null;
}
