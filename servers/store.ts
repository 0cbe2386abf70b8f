// The dashboards in Postgres: one pool a process, one SQL statement a snapshot. A query that fails is an outcome, not an exception.
import pg from 'pg';
import { nowUs } from './clock.ts';
import { leavesConnectionSound } from './connection-error.ts';
import type { Dashboard } from './message.ts';
import type { Metrics } from './metrics.ts';
import { type Change, type DashboardTile, notifyChannel } from './protocol.ts';

/** The name under which servers and relay are seen in pg_stat_activity. */
export const serverApplicationName = 'freshet-server';

/** `busy`: no pooled connection came free in time; `failed`: Postgres was away or refused. */
export type QueryFailure = 'busy' | 'failed';

export interface StoreSettings {
  postgresUrl: string;
  poolSize: number;
  poolTimeoutMs: number;
  queryCostMs: number;
}

type SnapshotRow = [version: number, intendedUs: string, tile: string, count: number, total: number, mean: number];

// What pg-pool says, word for word, when the time-out is over: while waiting for a connection, or for a new one to be made.
const poolTimeoutMessages = [
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
];

/** SQLSTATE (PostgreSQL manual, appendix A). */
const undefinedTable = '42P01';

// One statement is one transaction: the NOTIFY leaves at its commit. Who changes the same dashboard meanwhile waits for it.
const actSql = `
  WITH changed AS (
    UPDATE dashboard SET version = version + 1, intended_us = $2 WHERE id = $1 RETURNING id, version
  )
  SELECT version, pg_notify('${notifyChannel}', json_build_object('audience', id, 'version', version)::text) FROM changed`;

export class Store {
  readonly #metrics: Metrics;
  readonly #pool: pg.Pool;
  readonly #report: (problem: string) => void;
  readonly #queryCostSeconds: number;

  constructor(settings: StoreSettings, metrics: Metrics, report: (problem: string) => void) {
    this.#pool = new pg.Pool({
      connectionString: settings.postgresUrl,
      application_name: serverApplicationName,
      max: settings.poolSize,
      connectionTimeoutMillis: settings.poolTimeoutMs,
      // A connection once made stays: reconnecting after a quiet spell would be measured as the transport's latency.
      idleTimeoutMillis: 0,
    });
    this.#pool.on('error', (error) => {
      metrics.absences.lost('postgres', nowUs());
      report(`a pooled connection to Postgres was lost: ${error.message}`);
    });
    // The pool listens to idle connections only: one that dies while it is lent out fails its query, and must not end the server.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    metrics.watchPool(() => this.#pool.waitingCount);
    this.#metrics = metrics;
    this.#report = report;
    this.#queryCostSeconds = settings.queryCostMs / 1000;
  }

  /** Fails when Postgres cannot be reached. Queries nothing. */
  async connect(): Promise<void> {
    (await this.#pool.connect()).release();
  }

  /** The dashboard as it is now: exactly one SQL statement. */
  async snapshot(audience: number): Promise<Dashboard | QueryFailure> {
    const rows = await this.#query<SnapshotRow>(snapshotQuery(audience, this.#queryCostSeconds));
    if (typeof rows === 'string') return rows;
    const first = rows[0];
    if (first === undefined) return this.#lacks(audience);
    return { audience, version: first[0], intendedUs: Number(first[1]), tiles: rows.map(tileOf) };
  }

  /** Changes the dashboard and tells the feeds; answers with its new version. One SQL statement. */
  async act(audience: number, intendedUs: number): Promise<number | QueryFailure> {
    const values = [audience, intendedUs];
    const rows = await this.#query<[version: number]>({ name: 'act', text: actSql, values, rowMode: 'array' });
    if (typeof rows === 'string') return rows;
    return rows[0]?.[0] ?? this.#lacks(audience);
  }

  /** The versions of the dashboards 0 … `audiences` − 1, for a feed that was deaf for a while. */
  async versions(audiences: number): Promise<Change[] | QueryFailure> {
    const text = 'SELECT id, version FROM dashboard WHERE id < $1 ORDER BY id';
    const rows = await this.#query<[number, number]>({ text, values: [audiences], rowMode: 'array' });
    return typeof rows === 'string' ? rows : rows.map(([audience, version]) => ({ audience, version }));
  }

  /** Whether a session of this token is there and has not expired: one SQL statement. */
  async hasSession(token: string): Promise<boolean | QueryFailure> {
    const text = 'SELECT 1 FROM session WHERE token = $1 AND expires_at > now()';
    const rows = await this.#query<[number]>({ name: 'session', text, values: [token], rowMode: 'array' });
    return typeof rows === 'string' ? rows : rows.length > 0;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #query<Row>(query: pg.QueryConfig & { rowMode: 'array' }): Promise<Row[] | QueryFailure> {
    const client = await this.#acquire();
    if (typeof client === 'string') return client;
    try {
      const { rows } = await client.query(query);
      this.#metrics.queries++;
      this.#metrics.absences.back('postgres', nowUs());
      client.release();
      return rows as Row[];
    } catch (error) {
      client.release(!leavesConnectionSound(error));
      return this.#countFailure(error);
    }
  }

  #lacks(audience: number): 'failed' {
    this.#report(`dashboard ${audience} is not in the database: was it prepared for this many audiences?`);
    return 'failed';
  }

  async #acquire(): Promise<pg.PoolClient | QueryFailure> {
    const sinceUs = nowUs();
    try {
      const connecting = this.#pool.connect();
      this.#metrics.notePoolWaiting(this.#pool.waitingCount);
      return await connecting;
    } catch (error) {
      if (!(error instanceof Error) || !poolTimeoutMessages.includes(error.message)) return this.#countFailure(error);
      this.#metrics.poolTimeouts++;
      return 'busy';
    } finally {
      this.#metrics.observePoolWait(nowUs() - sinceUs);
    }
  }

  #countFailure(error: unknown): 'failed' {
    this.#metrics.queriesFailed++;
    if (!leavesConnectionSound(error)) this.#metrics.absences.lost('postgres', nowUs());
    const unprepared = error instanceof pg.DatabaseError && error.code === undefinedTable;
    const hint = unprepared ? '; run the role "prepare" on this database first' : '';
    this.#report(`a query failed: ${error instanceof Error ? error.message || error.name : String(error)}${hint}`);
    return 'failed';
  }
}

/** Named, so that each connection parses and plans it once. A function in FROM is run once a statement. */
function snapshotQuery(audience: number, costSeconds: number): pg.QueryConfig & { rowMode: 'array' } {
  const costs = costSeconds > 0;
  const text = `SELECT d.version, d.intended_us, e.tile, count(*)::int, sum(e.amount)::float8, round(avg(e.amount), 2)::float8
    FROM dashboard d JOIN dashboard_event e ON e.segment = d.segment${costs ? ' CROSS JOIN pg_sleep($2)' : ''}
    WHERE d.id = $1
    GROUP BY d.id, e.tile
    ORDER BY e.tile`;
  return { name: 'snapshot', text, values: costs ? [audience, costSeconds] : [audience], rowMode: 'array' };
}

function tileOf([, , name, count, total, mean]: SnapshotRow): DashboardTile {
  return { name, count, total, mean };
}
