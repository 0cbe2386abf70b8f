// Role `prepare`: makes and seeds the application's tables in a fresh database, the same rows for the same seed.
// A dashboard sums up the events of one segment; its version counts its changes from 1, and 0 is this seeded state.
import pg from 'pg';
import type { PrepareSettings } from './settings.ts';

const segments = 16;

/** Chosen so that the snapshot of one segment costs Postgres about 1 ms. */
const eventsPerSegment = 4_000;

// Nothing may happen to these tables behind the measurement's back: dashboard_event is vacuumed here and never again,
// and no snapshot gets parallel workers. The room in dashboard's pages lets every UPDATE stay on its page (HOT).
const dashboardTable = `
  DROP TABLE IF EXISTS dashboard;
  CREATE TABLE dashboard (
    id integer PRIMARY KEY,
    version integer NOT NULL DEFAULT 0,
    intended_us bigint NOT NULL DEFAULT 0,
    segment integer NOT NULL
  ) WITH (fillfactor = 25)`;

const eventTable = `
  DROP TABLE IF EXISTS dashboard_event;
  CREATE TABLE dashboard_event (
    segment integer NOT NULL,
    tile text NOT NULL,
    amount integer NOT NULL
  ) WITH (autovacuum_enabled = false, parallel_workers = 0)`;

const events = `
  INSERT INTO dashboard_event (segment, tile, amount)
  SELECT n / $2::int, (ARRAY['orders', 'refunds', 'signups', 'tickets', 'visits'])[1 + floor(random() * 5)::int],
         1 + floor(random() * 9999)::int
  FROM generate_series(0, $1::int * $2::int - 1) n`;

const sessionTable = `
  DROP TABLE IF EXISTS session;
  CREATE TABLE session (
    token text PRIMARY KEY,
    expires_at timestamptz NOT NULL
  )`;

const sessions = `
  INSERT INTO session (token, expires_at)
  SELECT token, now() + CASE WHEN is_expired THEN interval '-1 hour' ELSE interval '1 day' END
  FROM unnest($1::text[], $2::boolean[]) AS given (token, is_expired)`;

const dashboards = 'INSERT INTO dashboard (id, segment) SELECT n, n % $2::int FROM generate_series(0, $1::int - 1) n';

/**
 * Makes tables `dashboard` (ids 0 … audiences − 1), `dashboard_event` and `session`, and grants the two roles their part. An earlier
 * `dashboard` is replaced; events that were seeded alike are kept, since nobody changes them and seeding takes a second.
 */
export async function prepare(settings: PrepareSettings): Promise<void> {
  const client = new pg.Client({ connectionString: settings.postgresUrl, application_name: 'freshet-prepare' });
  await client.connect();
  try {
    if (!(await hasEvents(client, settings.seed))) await seedEvents(client, settings.seed);
    await client.query(dashboardTable);
    await client.query(dashboards, [settings.audiences, segments]);
    await client.query(sessionTable);
    await client.query(sessions, [
      settings.sessions.map(({ token }) => token),
      settings.sessions.map(({ isExpired }) => isExpired),
    ]);
    await client.query('VACUUM (ANALYZE) dashboard, session');
    await client.query(grants(settings));
  } finally {
    await client.end();
  }
}

/** The table's comment tells how it was seeded; it is written last, so half a table has none. */
function seedingOf(seed: number): string {
  return `${segments} segments of ${eventsPerSegment} events, seed ${seed}`;
}

async function hasEvents(client: pg.Client, seed: number): Promise<boolean> {
  const { rows } = await client.query<{ seeding: string | null }>(
    "SELECT obj_description(to_regclass('dashboard_event'), 'pg_class') AS seeding",
  );
  return rows[0]?.seeding === seedingOf(seed);
}

async function seedEvents(client: pg.Client, seed: number): Promise<void> {
  await client.query(eventTable);
  await client.query('SELECT setseed($1)', [seedFraction(seed)]);
  await client.query(events, [segments, eventsPerSegment]);
  await client.query('CREATE INDEX ON dashboard_event (segment)');
  await client.query('VACUUM (ANALYZE) dashboard_event');
  await client.query(`COMMENT ON TABLE dashboard_event IS ${pg.escapeLiteral(seedingOf(seed))}`);
}

function grants(settings: PrepareSettings): string {
  const server = pg.escapeIdentifier(settings.serverRole);
  const publisher = pg.escapeIdentifier(settings.publisherRole);
  return `
    GRANT SELECT ON dashboard, dashboard_event, session TO ${server};
    GRANT UPDATE (version, intended_us) ON dashboard TO ${server};
    GRANT SELECT, UPDATE ON dashboard TO ${publisher}`;
}

/** setseed takes −1 … 1. */
function seedFraction(seed: number): number {
  return (Math.abs(seed) % 1_000_003) / 1_000_003;
}
