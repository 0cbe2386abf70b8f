// Whether a connection to Postgres can be used again after a query on it failed.
import pg from 'pg';

/** After an answer of Postgres it is sound, unless that was its last (FATAL, PANIC: a shutdown, a crash); after anything else it is not. */
export function leavesConnectionSound(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}
