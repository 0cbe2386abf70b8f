// Role `publish`: lines of `PublishCommand` in, one transaction each, lines of `PublishResult` out. Commands of one dashboard
// are done in order, those of different dashboards side by side.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import pg from 'pg';
import { z } from 'zod';
import type { Report } from './app.ts';
import { nowUs } from './clock.ts';
import { leavesConnectionSound } from './connection-error.ts';
import { type Change, notifyChannel, type PublishCommand, type PublishResult } from './protocol.ts';
import type { PublishSettings } from './settings.ts';

const connections = 4;

// A single statement is a transaction of its own, so the NOTIFY leaves at its commit or not at all.
const publishSql = `
  WITH changed AS (
    UPDATE dashboard SET version = $2, intended_us = $3 WHERE id = $1 AND version < $2 RETURNING id
  )
  SELECT pg_notify('${notifyChannel}', $4) FROM changed`;

const publishCommand = z.object({
  audience: z.number().int().nonnegative(),
  version: z.number().int().nonnegative(),
  intendedUs: z.number().int().nonnegative(),
});

export interface Publishing {
  /** Reads commands to the end of `input`; resolves when all are answered. */
  run(input: Readable): Promise<void>;
  /** Reads no further, so `run` resolves after the commands that were read. */
  stop(): void;
}

/** Connects, so that the first command is not late; rejects when Postgres cannot be reached. */
export async function startPublishing(
  settings: PublishSettings,
  write: (result: PublishResult) => void,
  report: Report,
): Promise<Publishing> {
  const pool = new pg.Pool({
    connectionString: settings.postgresUrl,
    application_name: 'freshet-publisher',
    max: connections,
    idleTimeoutMillis: 0,
  });
  pool.on('error', (error) => report(`a connection to Postgres was lost: ${error.message}`));
  // One that dies while it is lent out fails its transaction, which is a result; it must not end the publisher.
  pool.on('connect', (client) => client.on('error', () => {}));
  const warm = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  for (const client of warm) client.release();
  const stopping = new AbortController();
  return {
    stop: () => stopping.abort(),
    run: async (input) => {
      const failed = new Set<string>();
      await publishAll(input, stopping.signal, { pool, changeUrl: settings.changeUrl, failed, write, report });
      await pool.end();
    },
  };
}

interface Outlet {
  pool: pg.Pool;
  changeUrl: string | null;
  /** Versions of which an attempt failed: the transaction may have been committed, and only the answer been lost. */
  failed: Set<string>;
  write(result: PublishResult): void;
  report: Report;
}

async function publishAll(input: Readable, signal: AbortSignal, outlet: Outlet): Promise<void> {
  const lastOf = new Map<number, Promise<void>>();
  const lines = createInterface({ input, signal });
  lines.on('line', (line) => {
    const command = parseCommand(line);
    if (command === null) return outlet.report(`not a publish command: ${line.slice(0, 200)}`);
    const before = lastOf.get(command.audience) ?? Promise.resolve();
    lastOf.set(
      command.audience,
      before.then(async () => outlet.write(await publishOne(command, outlet))),
    );
  });
  await new Promise<void>((resolve) => lines.once('close', resolve));
  await Promise.all(lastOf.values());
}

/** Never rejects: a transaction that failed is a result. */
async function publishOne(command: PublishCommand, outlet: Outlet): Promise<PublishResult> {
  const { audience, version } = command;
  const key = `${audience}:${version}`;
  let sentUs = nowUs();
  try {
    const client = await outlet.pool.connect();
    sentUs = nowUs();
    const isThere = outlet.failed.has(key);
    const committedUs = (await commit(client, command)) ?? (isThere ? nowUs() : null);
    if (committedUs === null)
      return { audience, version, sentUs, committedUs, error: `dashboard ${audience} is not older than ${version}` };
    outlet.failed.delete(key);
    if (outlet.changeUrl !== null) await tell(outlet.changeUrl, { audience, version }, outlet.report);
    return { audience, version, sentUs, committedUs };
  } catch (error) {
    outlet.failed.add(key);
    return {
      audience,
      version,
      sentUs,
      committedUs: null,
      error: error instanceof Error ? error.message || error.name : String(error),
    };
  }
}

/** When the change was committed; `null` when there was nothing to change. */
async function commit(
  client: pg.PoolClient,
  { audience, version, intendedUs }: PublishCommand,
): Promise<number | null> {
  const change: Change = { audience, version };
  try {
    const values = [audience, version, intendedUs, JSON.stringify(change)];
    const { rowCount } = await client.query({ name: 'publish', text: publishSql, values });
    client.release();
    return rowCount === 0 ? null : nowUs();
  } catch (error) {
    client.release(!leavesConnectionSound(error));
    throw error;
  }
}

/** A node that cannot be told is reported: the change is committed all the same. */
async function tell(changeUrl: string, change: Change, report: Report): Promise<void> {
  try {
    const response = await fetch(changeUrl, { method: 'POST', body: JSON.stringify(change) });
    if (!response.ok) report(`${changeUrl} answered ${response.status} to a change`);
    await response.arrayBuffer();
  } catch (error) {
    report(`${changeUrl} could not be told of a change: ${String(error)}`);
  }
}

function parseCommand(line: string): PublishCommand | null {
  try {
    return publishCommand.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
