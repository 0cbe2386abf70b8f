// A service is taken away and, when its time is up, brought back at the same address.
import { sleepUntilUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import type { FaultPlan } from '../plan/fault.ts';
import { type ServiceFault, serviceFaultOf } from '../plan/service-fault.ts';
import type { SystemServices } from '../targets/system.ts';

/** Takes it away at once; resolves when it is ready again. */
export async function interruptService(plan: FaultPlan, services: SystemServices, atUs: number): Promise<void> {
  const fault = serviceFaultOf(plan.kind);
  if (fault === null) throw new FreshetError('bug', `the fault ${plan.kind} takes no service away`);
  const interruption = interruptionOf(fault, services);
  await interruption.begin(fault.how);
  await sleepUntilUs(atUs + plan.downUs);
  await interruption.end();
}

/** Says before anything is measured that a service cannot be taken away. Throws `environment`. */
export function checkInterruptible(plan: FaultPlan, services: SystemServices): void {
  const fault = serviceFaultOf(plan.kind);
  if (fault !== null) interruptionOf(fault, services);
}

function interruptionOf({ service }: ServiceFault, services: SystemServices) {
  const interruption = services[service]?.interruption;
  if (interruption !== undefined) return interruption;
  const driver = services[service]?.driver;
  throw new FreshetError(
    'environment',
    `this trial stops ${service} for a while, but ${driver === undefined ? 'there is none' : `this one (driver ${driver}) is not the run's to stop`}; ` +
      `expected one that the run starts itself; leave out --${service} and --services`,
  );
}
