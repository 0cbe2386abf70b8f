// Everything a trial measured, before it is made into figures.
import type { MetricName } from '../contract/metrics.ts';
import type { TrialRecord } from '../contract/record.ts';
import type { Outage } from '../faults/fault.ts';
import type { Vanishing } from '../faults/vanish.ts';
import type { Update } from '../plan/arrivals.ts';
import { restartsServers, takesServersAway } from '../plan/fault.ts';
import { type ServiceFault, serviceFaultOf } from '../plan/service-fault.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Published } from '../publisher/publisher-contract.ts';
import type { SwarmResults, SwarmState } from '../swarm/swarm.ts';
import type { BeatCost } from './beat-cost.ts';
import type { Reading } from './reading.ts';

export interface TrialInput {
  readonly plan: TrialPlan;
  /** All changes that were planned, the warm-up's included. */
  readonly planned: readonly Update[];
  readonly firstVersionInWindow: number;
  readonly published: readonly Published[];
  readonly publishFailures: number;
  /** Why the last of those attempts failed. */
  readonly publishFailure?: string | null;
  readonly readings: {
    readonly controlStart: Reading;
    readonly controlEnd: Reading;
    readonly windowStart: Reading;
    /** When all clients were connected, or had given up. */
    readonly connected: Reading;
    readonly windowEnd: Reading;
    readonly atRest: Reading;
  };
  readonly results: SwarmResults;
  /** Those that the clients were dealt to; none where all ran on this machine. */
  readonly agents: readonly AgentShare[];
  /** Where the clients stood at rest. */
  readonly atRest: SwarmState;
  readonly timeline: TrialRecord['timeline'];
  readonly statements: { readonly available: true } | { readonly available: false; readonly reason: string };
  /** How far the calendar's clock and the monotonic clock moved apart during the trial. */
  readonly clockStepMs: number;
  /** When the window was to start, µs of the monotonic clock. */
  readonly startUs: number;
  /** Clients' actions that had no end when their time was over. */
  readonly givenUp: number;
  /** What all dashboards' versions in Postgres rose by until all was at rest; `null` where nobody asked, since clients only watch. */
  readonly versionsMade: number | null;
  /** Clients that did not hold the warm-up's last version when its time was up. */
  readonly behindAtStart: number;
  /** What was done to the system in the window; `null` where nothing was. */
  readonly outage: Outage | null;
  readonly hasRelay: boolean;
  /** When clients vanished, and how; `null` where none did. */
  readonly vanishing: Vanishing | null;
  /** What a heartbeat costs; `null` where there are none, or nobody asked. */
  readonly beatCost: BeatCost | null;
  /** Lines of the balancer's access log in which a client's token can be read; `null` where there is no such log. */
  readonly tokensLogged: number | null;
  /** When all clients had gone; `null` where they stayed to the end. */
  readonly allGone: AllGone | null;
  /** Figures that cannot be had of this system, each with its reason. */
  readonly unseen: Readonly<Partial<Record<MetricName, string>>>;
}

/** An agent, and how many of the trial's clients it was given. */
export interface AgentShare {
  readonly name: string;
  readonly host: string;
  readonly cores: number;
  readonly version: string;
  readonly clients: number;
}

export interface AllGone {
  /** Before any client had come. */
  readonly before: Reading;
  readonly after: Reading;
  /** TCP connections that the servers still had open; `null` where the kernel does not tell. */
  readonly sockets: number | null;
}

/** Whether a change is one of the measured ones. Of clients that act, those before the window were all answered before it began. */
export function isInWindow(
  change: Update,
  { plan, startUs, firstVersionInWindow }: Pick<TrialInput, 'plan' | 'startUs' | 'firstVersionInWindow'>,
): boolean {
  return plan.acting === null ? change.version >= firstVersionInWindow : change.intendedUs >= startUs;
}

/** The fault of this trial that took a service away; `null` where none did. */
export function serviceFaultIn({ outage }: Pick<TrialInput, 'outage'>): ServiceFault | null {
  return outage === null ? null : serviceFaultOf(outage.kind);
}

/** Whether the fault of a plan takes away what changes are made through: they come late then, which is no fault of the publisher's. */
export function holdsUpChanges({ fault, contender }: Pick<TrialPlan, 'fault' | 'contender'>): boolean {
  if (fault === null) return false;
  if (contender.foreign?.changes === 'ours') return takesServersAway(fault.kind);
  return serviceFaultOf(fault.kind)?.service === 'postgres';
}

/** Whether a fault replaced the server processes. */
export function hasRestarted({ outage }: TrialInput): boolean {
  return outage !== null && restartsServers(outage.kind);
}
