// What runs call into being on someone's Postgres.
import pg from 'pg';

/** The databases and roles of any run that are there now. */
export async function namesIn(url: string): Promise<string[]> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'freshet%'
     UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE 'freshet%'`,
  );
  await client.end();
  return rows.map(({ name }) => name);
}
