// Removes one run's database and roles, from the run itself or from its watchdog after a crash.
import pg from 'pg';

export interface DatabaseNames {
  readonly database: string;
  readonly roles: readonly [server: string, publisher: string];
}

/**
 * Leaves nothing of these names on the server at `url`, whatever state they are in. Who creates them connects with the
 * database's name as application name: a CREATE DATABASE goes on after its client was killed, so it is ended first.
 */
export async function dropDatabase(url: string, names: DatabaseNames): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, statement_timeout: 30_000 });
  try {
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
       WHERE (application_name = $1 OR datname = $1) AND pid <> pg_backend_pid()`,
      [names.database],
    );
    await client.query(`DROP DATABASE IF EXISTS ${names.database} WITH (FORCE)`);
    await client.query(`DROP ROLE IF EXISTS ${names.roles.join(', ')}`);
  } finally {
    await client.end();
  }
}
