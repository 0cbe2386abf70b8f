// One run's database on a Postgres: a name and two roles nobody else has, and pg_stat_statements if it can be had.
// On somebody's server nothing of it may stay, so the guard's watchdog can drop it as well (drop-database.ts).
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { buildBundles } from './bundle.ts';
import { type DatabaseNames, dropDatabase } from './drop-database.ts';
import type { Guard } from './guard.ts';
import { withClient } from './postgres-client.ts';
import type { Database, Service } from './service.ts';

const undoEntry = fileURLToPath(new URL('undo-database.ts', import.meta.url));

/** Creates it; several in one run do not meet. Throws `environment` when the administrator may not. */
export async function createDatabase(options: { guard: Guard; postgres: Service }): Promise<Database> {
  const { guard, postgres } = options;
  const name = `freshet_${guard.runId}_${randomBytes(2).toString('hex')}`;
  const names: DatabaseNames = { database: name, roles: [`${name}_server`, `${name}_publisher`] };
  const cancelUndo = postgres.driver === 'url' ? await addUndo(guard, postgres.url, names) : () => {};
  const passwords = names.roles.map(() => randomBytes(16).toString('hex'));
  try {
    await withClient(postgres.url, (client) => createNames(client, names, passwords), name);
  } catch (error) {
    // When this fails as well, which is likely after a lost connection, the watchdog tries once more in the end.
    await dropDatabase(postgres.url, names).then(cancelUndo, () => {});
    throw describeFailure(name, error);
  }
  const adminUrl = urlWith(postgres.url, { database: name });
  let dropping: Promise<void> | null = null;
  return {
    name,
    adminUrl,
    serverUrl: urlWith(adminUrl, { user: names.roles[0], password: passwords[0] }),
    serverRole: names.roles[0],
    publisherUrl: urlWith(adminUrl, { user: names.roles[1], password: passwords[1] }),
    publisherRole: names.roles[1],
    statements: await withClient(adminUrl, openStatements),
    drop() {
      dropping ??= dropDatabase(postgres.url, names).then(cancelUndo);
      return dropping;
    },
  };
}

/** Tells the watchdog before anything is created, so that no moment exists in which it could stay behind. */
async function addUndo(guard: Guard, url: string, names: DatabaseNames): Promise<() => void> {
  const key = `undo-${names.database}`;
  await buildBundles(guard.directory, { [key]: undoEntry });
  guard.addUndo(key, JSON.stringify({ url, names }));
  return () => guard.cancelUndo(key);
}

async function createNames(client: pg.Client, names: DatabaseNames, passwords: readonly string[]): Promise<void> {
  for (const [index, role] of names.roles.entries()) {
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD '${passwords[index]}'`);
  }
  // Or an administrator who is no superuser could not end their sessions, and so not drop the database.
  await client.query(`GRANT ${names.roles.join(', ')} TO CURRENT_USER`);
  // template0: template1 may be in use by another run that creates its own in this moment.
  await client.query(`CREATE DATABASE ${names.database} TEMPLATE template0 ENCODING 'UTF8'`);
  await client.query(`REVOKE ALL ON DATABASE ${names.database} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${names.database} TO ${names.roles.join(', ')}`);
}

function describeFailure(name: string, cause: unknown): FreshetError {
  return new FreshetError(
    'environment',
    `cannot create the run's database ${name}: ${messageOf(cause)}; expected an administrator ` +
      '(a superuser, or a role with CREATEDB and CREATEROLE); pass --postgres with such a role',
    { cause },
  );
}

/** Makes the extension and reads it once, because it can be created where it cannot be read (not preloaded, no right). */
async function openStatements(client: pg.Client): Promise<Database['statements']> {
  try {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await client.query('SELECT count(*) FROM pg_stat_statements(false)');
    const { rows } = await client.query<{ track: string; may: boolean }>(
      `SELECT current_setting('pg_stat_statements.track') AS track, pg_has_role('pg_read_all_stats', 'USAGE') AS may`,
    );
    if (rows[0]?.track === 'none') return unavailable('pg_stat_statements.track is none on this server');
    if (rows[0]?.may !== true) return unavailable('the administrator is not a member of pg_read_all_stats');
    return { available: true };
  } catch (error) {
    return unavailable(`pg_stat_statements cannot be used here: ${messageOf(error)}`);
  }
}

function unavailable(reason: string): Database['statements'] {
  return { available: false, reason };
}

/** The same server, another database or role. */
function urlWith(url: string, change: { database?: string; user?: string; password?: string | undefined }): string {
  const changed = new URL(url);
  // Parameters go before what stands in front of the host.
  for (const name of ['user', 'password', 'dbname']) changed.searchParams.delete(name);
  if (change.database !== undefined) changed.pathname = `/${change.database}`;
  if (change.user !== undefined) changed.username = change.user;
  if (change.password !== undefined) changed.password = change.password;
  return changed.href;
}
