// What can be asked of somebody's own server, and what cannot: a line for each trial that could not be carried out.
import { auth } from '../../scenarios/auth.ts';
import { corporateProxy } from '../../scenarios/corporate-proxy.ts';
import { idleProxy } from '../../scenarios/idle-proxy.ts';
import { poolDrain } from '../../scenarios/pool-drain.ts';
import { scaleOut } from '../../scenarios/scale-out.ts';
import { isMixed } from '../plan/population.ts';
import { serviceFaultOf } from '../plan/service-fault.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { TargetDefinition } from '../targets/define-target.ts';
import type { ForeignTarget } from '../targets/foreign-system.ts';
import { hostProblems } from '../targets/target-file.ts';

/** Connections a second that a host beyond this machine is asked for, at most. */
const mostConnectsElsewhere = 1_000;

/** What these compare are settings of the reference servers, their pool, or a balancer before them. */
const comparingSettings: readonly string[] = [auth, scaleOut, corporateProxy, idleProxy, poolDrain].map(
  ({ name }) => name,
);

export function foreignProblems(plan: TrialPlan, targets: readonly ForeignTarget[]): string[] {
  const target = targets.find(({ subject }) => subject.name === plan.contender.foreign?.name);
  if (target === undefined) return [];
  const { definition, file, subject } = target;
  const problems: string[] = [];
  if (plan.acting !== null)
    problems.push(
      `in ${plan.scenario} clients act, and ${file} cannot say how; expected dashboard or reconnect-storm with ${file}`,
    );
  const isElsewhere = hostProblems(subject.url, [], '').length > 0;
  if (isElsewhere && plan.connectRate > mostConnectsElsewhere)
    problems.push(
      `connect-rate ${plan.connectRate} at ${subject.url}; expected at most ${mostConnectsElsewhere} on a host that is not this machine`,
    );
  if (plan.audiences > 1 && !mentionsAudience(definition))
    problems.push(
      `--audiences ${plan.audiences}: ${file} sends all clients to one; expected {audience} in its url, headers or onOpen`,
    );
  if (isMixed(plan) || plan.fault?.kind === 'rolling' || comparingSettings.includes(plan.scenario))
    problems.push(`${plan.scenario} needs the reference servers; expected dashboard or reconnect-storm with ${file}`);
  return [...problems, ...faultProblems(plan, target)];
}

function mentionsAudience({ url, headers, body, onOpen }: TargetDefinition): boolean {
  const isOpen = typeof headers === 'function' || typeof onOpen === 'function';
  return isOpen || JSON.stringify([url, headers, body, onOpen]).includes('{audience}');
}

function faultProblems({ scenario, fault }: TrialPlan, { definition, file }: ForeignTarget): string[] {
  if (fault === null) return [];
  if (serviceFaultOf(fault.kind) !== null)
    return [
      `${scenario} takes a service of the reference servers away; expected dashboard or reconnect-storm with ${file}`,
    ];
  const { faults = {}, run } = definition;
  const can = {
    kill: faults.kill ?? faults.drain ?? faults.restart,
    drain: faults.drain ?? faults.kill ?? faults.restart,
    stall: faults.stall,
  };
  if (run !== undefined || !(fault.kind in can) || can[fault.kind as keyof typeof can] !== undefined) return [];
  const remedy = fault.kind === 'stall' ? 'stall and resume' : `${fault.kind} and start, or restart`;
  return [
    `${file} does not say how its server is to be ${fault.kind === 'stall' ? 'stopped' : 'restarted'} (fault ${fault.kind}); expected run, or faults with ${remedy}; --set fault=cut takes only the connections`,
  ];
}
