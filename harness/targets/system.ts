// The contract of a system to measure, as a trial sees it: the reference servers or somebody's own. In: a plan. Out: where everything will
// be, then the system as it runs.
import type { MetricName } from '../contract/metrics.ts';
import type { PublishProgram, SystemProcesses } from '../contract/target.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Child } from '../services/child.ts';
import type { NetworkLink } from '../services/network-link.ts';
import type { Database, Service } from '../services/service.ts';
import type { TargetPlan } from './target-plan.ts';

export interface MeasuredSystem {
  /** What it stands on; a trial cannot outlive them. `null`: there is none, or it is not ours to see. */
  readonly services: SystemServices;
  /** Makes it ready for this plan, and says where its parts will be. Throws `environment` when that fails. */
  prepare(plan: TrialPlan): Promise<SystemLayout>;
}

export interface SystemServices {
  readonly postgres: Service | null;
  readonly redis: Service | null;
}

/** The database whose statements are counted, and the roles they come from. */
export type CountedDatabase = Pick<Database, 'adminUrl' | 'serverRole' | 'publisherRole' | 'statements'>;

/** Where everything will be, known before it runs, so that all processes of a trial can start side by side. */
export interface SystemLayout {
  readonly target: TargetPlan;
  /** The balancer's nginx.conf; `null` where there is none. */
  readonly nginxConf: string | null;
  /** /metrics of the servers and the relay, in that order; never through the balancer. */
  readonly metricsUrls: readonly string[];
  /** Where the balancer logs requests; `null` where there is none, or it logs nothing. */
  readonly accessLogFile: string | null;
  /** The program that commits changes; `null` where the system makes its own. */
  readonly publish: PublishProgram | null;
  /** Or why there is none whose statements could be counted. */
  readonly database: CountedDatabase | Pick<CountedDatabase, 'statements'>;
  /** Figures that cannot be had of this system, each with its reason. */
  readonly unseen: Readonly<Partial<Record<MetricName, string>>>;
  /** The network that some of the clients are in, and vanish with; `null`: all are on this machine's own. */
  readonly link: NetworkLink | null;
  /** Starts it; resolves when all parts are ready. Throws `environment` when one does not start; the guard ends the rest. */
  start(): Promise<RunningSystem>;
}

/** A process of the servers. */
export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
}

export interface RunningSystem {
  /** The server nodes as they are now: a restart replaces them. */
  readonly servers: readonly ServerProcess[];
  /** The processes of all parts, as they are now. */
  readonly processes: SystemProcesses;
  readonly hasRelay: boolean;
  /** Resolves with the part that ended though nobody asked. */
  readonly died: Promise<Child>;
  /** Services of its own, such as a balancer. */
  readonly services: readonly Service[];
  /** Ends all servers by this signal; resolves when they are gone, by force after `graceMs`. */
  endServers(signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void>;
  /** Starts the servers again on the same ports; resolves when they listen. */
  restartServers(): Promise<void>;
  /** Ends one node of them, from 0; resolves when it is gone. */
  endServer(node: number, signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void>;
  /** Starts that node again on its port; resolves when it listens. */
  restartServer(node: number): Promise<void>;
  /** Stops and continues the servers, where that takes more than a signal. */
  freeze?(): Promise<void>;
  thaw?(): Promise<void>;
  /** Ending and coming back is one command, of which nobody knows what it does in between. */
  readonly restartsByCommand?: boolean;
  /** A restart is under way that takes as long as it takes. */
  readonly isRestarting?: boolean;
  /** How long the servers took to start, in µs. */
  readonly startedInUs: number;
  /** Ends what a trial started of it. */
  stop(): Promise<void>;
}
