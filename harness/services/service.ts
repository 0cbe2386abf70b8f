// The contract of whatever the servers under test stand on: start, address, stop; one per driver behind it.
import type { FreshetError } from '../contract/errors.ts';
import type { ServiceRecord } from '../contract/record.ts';

/** How a service of the run's own is started. */
export const ownDrivers = ['embedded', 'docker'] as const;
export type OwnDriver = (typeof ownDrivers)[number];

export interface Service extends ServiceRecord {
  readonly name: 'postgres' | 'redis' | 'nginx';
  /** Where to connect, as its administrator. */
  readonly url: string;
  /** The process whose CPU time (children included) is the service's, or `null` where it is not ours to see. */
  readonly pid: number | null;
  /** Resolves when it has died without being asked, with what is known of it. Never for a service that is not ours. */
  readonly lost: Promise<FreshetError>;
  /** Absent where it is not ours to take away. */
  readonly interruption?: Interruption;
  /** Ends it and removes what it left. Safe to call twice. */
  stop(): Promise<void>;
}

/** A service that is taken away on purpose and comes back at the same address. Its end is no loss. */
export interface Interruption {
  /** Ends it `cleanly`, as its administrator would, or `abruptly`, as a crash would; resolves when it is gone. */
  begin(how: 'cleanly' | 'abruptly'): Promise<void>;
  /** Starts it again; resolves when it is ready. Throws `environment` when it does not start. */
  end(): Promise<void>;
}

/** One run's database: its own name and roles on the service, so that two runs on one server cannot meet. */
export interface Database {
  readonly name: string;
  /** As the administrator: schema, samplers. */
  readonly adminUrl: string;
  /** As the role of the servers and the relay; its statements are what `db.queriesPerMinute` counts. */
  readonly serverUrl: string;
  readonly serverRole: string;
  readonly publisherUrl: string;
  readonly publisherRole: string;
  /** Whether pg_stat_statements can be read here; if not, why. */
  readonly statements: { readonly available: true } | { readonly available: false; readonly reason: string };
  /** Removes the database and its roles, whoever is connected. Safe to call twice. */
  drop(): Promise<void>;
}
