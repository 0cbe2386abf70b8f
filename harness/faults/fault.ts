// What is done to a system on purpose, and when it is there again. One function for each kind of fault.
import { nowUs, sleepUntilUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { type FaultKind, type FaultPlan, faultMeanings, restartsServers } from '../plan/fault.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { RunningSystem, SystemServices } from '../targets/system.ts';
import { type Restart, restartInTurn } from './rolling.ts';
import { interruptService } from './service-fault.ts';

/** What happened, µs of the monotonic clock; both moments are one where the system was there all the time. */
export interface Outage {
  readonly kind: FaultKind;
  /** What was done, in words. */
  readonly what: string;
  readonly atUs: number;
  readonly untilUs: number;
  /** Of a rolling deploy: each node's turn. */
  readonly restarts: readonly Restart[];
}

export interface Victims {
  readonly system: RunningSystem;
  readonly swarm: Pick<Swarm, 'lose' | 'serviceBack'>;
  /** What the system stands on. */
  readonly services: SystemServices;
}

/** A server that drains has this long before it is killed. */
const drainGraceMs = 5_000;

/** Inflicts the fault at its moment after `startUs`; resolves when the system is there again. */
export async function inflict(plan: FaultPlan, victims: Victims, startUs: number): Promise<Outage> {
  await sleepUntilUs(startUs + plan.atUs);
  const atUs = nowUs();
  const restarts = (await faults[plan.kind](plan, victims, atUs)) ?? [];
  const isCommand = restartsServers(plan.kind) && victims.system.restartsByCommand === true;
  const what = isCommand ? 'restart command run' : faultMeanings[plan.kind];
  const isMomentary = plan.kind === 'cut' || plan.kind === 'half-open';
  return { kind: plan.kind, what, atUs, untilUs: isMomentary ? atUs : nowUs(), restarts };
}

type Inflict = (plan: FaultPlan, victims: Victims, atUs: number) => Promise<undefined | readonly Restart[]>;

const faults: Readonly<Record<FaultKind, Inflict>> = {
  async kill(plan, { system }, atUs) {
    await system.endServers('SIGKILL', 0);
    await bringBack(plan, system, atUs);
  },
  async drain(plan, { system }, atUs) {
    await system.endServers('SIGTERM', drainGraceMs);
    await bringBack(plan, system, atUs);
  },
  async stall(plan, { system }, atUs) {
    await (system.freeze?.() ?? signalAll(system, 'SIGSTOP'));
    await sleepUntilUs(atUs + plan.downUs);
    await (system.thaw?.() ?? signalAll(system, 'SIGCONT'));
  },
  async cut(_plan, { swarm }) {
    swarm.lose('reset');
  },
  async 'half-open'(_plan, { swarm }) {
    swarm.lose('silent');
  },
  async rolling(plan, { system }, atUs) {
    return plan.rolling === undefined ? undefined : restartInTurn(plan, plan.rolling, { system, atUs });
  },
  'redis-kill': interrupt,
  'postgres-fast': interrupt,
  'postgres-immediate': interrupt,
};

async function interrupt(plan: FaultPlan, { services, swarm }: Victims, atUs: number): Promise<undefined> {
  await interruptService(plan, services, atUs);
  swarm.serviceBack(nowUs());
}

/** Starts the servers early enough to listen when the time is up. */
async function bringBack(plan: FaultPlan, system: RunningSystem, atUs: number): Promise<void> {
  if (system.isRestarting !== true) await sleepUntilUs(atUs + plan.downUs - system.startedInUs);
  await system.restartServers();
}

function signalAll(system: RunningSystem, signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const { name, pid } of system.servers) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      throw new FreshetError('environment', `${name} was to be sent ${signal} but is gone`, { cause: error });
    }
  }
}
