// Short connections to Postgres for the harness' own errands.
import pg from 'pg';

const connectTimeoutMs = 5_000;

/** `18.4` of the server at `url`; rejects with pg's own error. */
export async function readPostgresVersion(url: string): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    // Distributions add their own: `16.3 (Debian 16.3-1.pgdg120+1)`.
    return rows[0]?.server_version.split(' ')[0] ?? 'unknown';
  });
}

/** Runs `work` with a connection of its own, named `applicationName` to the server. */
export async function withClient<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
  applicationName = 'freshet',
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: applicationName,
  });
  // A connection that breaks while idle; one that breaks in use rejects the query.
  client.on('error', () => client.removeAllListeners('notification'));
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
