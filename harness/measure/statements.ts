// Database statements by role, from pg_stat_statements: the count that no server can get wrong about itself.
import pg from 'pg';
import { nowUs } from '../contract/clock.ts';

/** Totals since the database was made; `null` where the extension is missing. */
export interface StatementCounts {
  /** Middle of the reading. */
  readonly atUs: number;
  readonly queries: number | null;
  /** LISTEN, BEGIN, COMMIT, SET and the like. */
  readonly others: number | null;
  /** Statements that are neither the servers', the publisher's nor the samplers', whatever role sent them. */
  readonly foreign: number | null;
}

// The administrator's role is ours and others', so the samplers' own statements are known by the name in their text.
const countStatements = `
  SELECT coalesce(sum(calls) FILTER (WHERE role = 'server' AND NOT housekeeping), 0)::float8 AS queries,
         coalesce(sum(calls) FILTER (WHERE role = 'server' AND housekeeping), 0)::float8 AS others,
         coalesce(sum(calls) FILTER (WHERE role = 'foreign'), 0)::float8 AS foreign
  FROM (SELECT calls,
               query ~* '^\\s*(listen|unlisten|notify|begin|start|commit|rollback|abort|end|set|reset|show|deallocate|discard)\\M' AS housekeeping,
               CASE WHEN r.rolname = $1 THEN 'server'
                    WHEN r.rolname = $2 OR query ~ 'freshet_sampler' THEN 'ours'
                    ELSE 'foreign' END AS role
        FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
        WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) AS freshet_sampler`;

const connectTimeoutMs = 5_000;

/** Reads one database's statements over a connection of its own, and over another where that broke. */
export class StatementReader {
  readonly #adminUrl: string | null;
  /** `null` while there is none: the database is, or was, away. */
  #client: pg.Client | null = null;
  readonly #roles: readonly [string, string];
  readonly #available: boolean;
  /** One query at a time; the next waits for the last. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(adminUrl: string | null, roles: readonly [string, string], available: boolean) {
    this.#adminUrl = adminUrl;
    this.#roles = roles;
    this.#available = available;
  }

  /** Of no database it reads nothing, for ever. */
  static async open(
    database:
      | { adminUrl: string; serverRole: string; publisherRole: string; statements: { available: boolean } }
      | { statements: { available: boolean } },
  ): Promise<StatementReader> {
    if (!('adminUrl' in database)) return new StatementReader(null, ['', ''], false);
    const { adminUrl, serverRole, publisherRole, statements } = database;
    const reader = new StatementReader(adminUrl, [serverRole, publisherRole], statements.available);
    await reader.#connected();
    return reader;
  }

  async read(): Promise<StatementCounts> {
    if (!this.#available) return { atUs: nowUs(), queries: null, others: null, foreign: null };
    return this.#inTurn(async (client) => {
      const beforeUs = nowUs();
      const { rows } = await client.query<{ queries: number; others: number; foreign: number }>({
        name: 'count',
        text: countStatements,
        values: [...this.#roles],
      });
      const row = rows[0];
      return {
        atUs: (beforeUs + nowUs()) / 2,
        queries: row?.queries ?? null,
        others: row?.others ?? null,
        foreign: row?.foreign ?? null,
      };
    });
  }

  /** The sum of all dashboards' versions, as the table itself has them. Of the reference servers' database only. */
  async versions(): Promise<number> {
    return this.#inTurn(async (client) => {
      const { rows } = await client.query<{ versions: number }>(
        'SELECT coalesce(sum(version), 0)::float8 AS versions FROM dashboard AS freshet_sampler',
      );
      return rows[0]?.versions ?? 0;
    });
  }

  /** Backends that are not the system under test: the publisher's and the samplers'. */
  async rigBackends(): Promise<Set<number>> {
    if (this.#adminUrl === null) return new Set();
    return this.#inTurn(async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity AS freshet_sampler WHERE application_name IN ('freshet-sampler', 'freshet-publisher')`,
      );
      return new Set(rows.map((row) => row.pid));
    });
  }

  /** Rejects while the database is away. */
  #inTurn<T>(query: (client: pg.Client) => Promise<T>): Promise<T> {
    const answer = this.#turn.then(async () => query(await this.#connected()));
    this.#turn = answer.catch(() => null);
    return answer;
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    const client = new pg.Client({
      connectionString: this.#adminUrl ?? '',
      application_name: 'freshet-sampler',
      connectionTimeoutMillis: connectTimeoutMs,
    });
    // A connection that breaks makes the reading fail, which is where it is told.
    client.on('error', () => {});
    client.once('end', () => {
      if (this.#client === client) this.#client = null;
    });
    await client.connect();
    this.#client = client;
    return client;
  }

  async close(): Promise<void> {
    await this.#client?.end();
  }
}
