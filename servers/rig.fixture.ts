// For tests: a Postgres, if wanted a Redis, a prepared database, servers in this process, and clients of every transport.
import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { PassThrough } from 'node:stream';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import pg from 'pg';
import { vi } from 'vitest';
import { WebSocket } from 'ws';
import type { z } from 'zod';
import { createDatabase } from '../harness/services/database.ts';
import { openGuard } from '../harness/services/guard.ts';
import { Mailbox } from '../harness/services/mailbox.ts';
import { startPostgres } from '../harness/services/postgres.ts';
import { startRedis } from '../harness/services/redis.ts';
import type { Database } from '../harness/services/service.ts';
import { startRelay } from './feed/relay.ts';
import type { Listening } from './listening.ts';
import { type DashboardMessage, type PublishCommand, type PublishResult, paths } from './protocol.ts';
import { startPublishing } from './publish.ts';
import { prepare } from './schema.ts';
import { startServer } from './server.ts';
import { prepareSettings, relaySettings, serverSettings } from './settings.ts';

const audiences = 4;

/** A server, or a relay, under test. */
export interface Node extends Listening {
  url: string;
  /** One of its Prometheus figures, e.g. `freshet_messages_total{type="update"}`; 0 for a label not seen yet. */
  metric(name: string): Promise<number>;
}

export interface Rig {
  database: Database;
  admin: pg.Pool;
  redisUrl: string | null;
  /** What the servers reported as gone wrong. */
  problems: string[];
  serve(settings: Partial<z.input<typeof serverSettings>>): Promise<Node>;
  relay(settings?: Partial<z.input<typeof relaySettings>>): Promise<Node>;
  /** Commits the next version of a dashboard and returns it. */
  change(audience?: number): Promise<number>;
  publish(command: PublishCommand): Promise<PublishResult>;
  version(audience?: number): Promise<number>;
  /** SELECT statements the servers' role completed, since the last call of `forgetQueries`. */
  queries(): Promise<number>;
  forgetQueries(): Promise<void>;
  /** Stops what was served, and leaves the services. */
  stopNodes(): Promise<void>;
  close(): Promise<void>;
}

export async function openRig({ redis = false } = {}): Promise<Rig> {
  const guard = await openGuard();
  const [postgres, redisService] = await Promise.all([startPostgres({ guard }), redis ? startRedis({ guard }) : null]);
  const database = await createDatabase({ guard, postgres });
  const { adminUrl: postgresUrl, serverRole, publisherRole } = database;
  const sessions = [
    { token: 'alive', isExpired: false },
    { token: 'over', isExpired: true },
  ];
  await prepare(prepareSettings.parse({ postgresUrl, serverRole, publisherRole, audiences, sessions }));
  const admin = new pg.Pool({ connectionString: postgresUrl, max: 2 });
  const publisher = await openPublisher(database.publisherUrl);
  const nodes: Listening[] = [];
  const problems: string[] = [];
  const report = (problem: string): void => void problems.push(problem);
  const redisUrl = redisService?.url ?? null;
  const version = async (audience = 0): Promise<number> => {
    const { rows } = await admin.query('SELECT version FROM dashboard WHERE id = $1', [audience]);
    return rows[0].version;
  };
  const add = (listening: Listening): Node => {
    nodes.push(listening);
    return asNode(listening);
  };
  const stopNodes = async (): Promise<void> => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  };
  let idleReadings = 0;
  /** In a row, up to now; a query that is still running would be counted after it was forgotten. */
  const countIdleReadings = async (): Promise<number> => {
    const { rows } = await admin.query(
      "SELECT count(*)::int AS active FROM pg_stat_activity WHERE usename = $1 AND state <> 'idle'",
      [serverRole],
    );
    idleReadings = rows[0].active === 0 ? Math.min(idleReadings + 1, 3) : 0;
    return idleReadings;
  };
  return {
    database,
    admin,
    redisUrl,
    problems,
    version,
    stopNodes,
    publish: publisher.publish,
    serve: async (settings) => {
      const base = {
        postgresUrl: database.serverUrl,
        redisUrl,
        transport: 'polling',
        audiences,
        drainMs: 200,
      } as const;
      return add(await startServer(serverSettings.parse({ ...base, ...settings }), report));
    },
    relay: async (settings = {}) => {
      const base = { postgresUrl: database.serverUrl, redisUrl, audiences };
      return add(await startRelay(relaySettings.parse({ ...base, ...settings }), report));
    },
    change: async (audience = 0) => {
      const result = await publisher.publish({ audience, version: (await version(audience)) + 1, intendedUs: 1 });
      if (result.committedUs === null) throw new Error(result.error);
      return result.version;
    },
    queries: async () => {
      const { rows } = await admin.query(
        `SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
         WHERE r.rolname = $1 AND s.query ILIKE 'select%'`,
        [serverRole],
      );
      return rows[0].calls;
    },
    forgetQueries: async () => {
      idleReadings = 0;
      await waitUntil(countIdleReadings, 3);
      await admin.query('SELECT pg_stat_statements_reset()');
    },
    close: async () => {
      await stopNodes();
      await publisher.close();
      await admin.end();
      await guard.close();
    },
  };
}

/** A publisher in this process, with the next result for each command. */
async function openPublisher(postgresUrl: string) {
  const input = new PassThrough();
  const results = new Mailbox<PublishResult>();
  const publishing = await startPublishing(
    { postgresUrl, changeUrl: null },
    (result) => results.deliver(result),
    () => undefined,
  );
  const running = publishing.run(input);
  return {
    publish: async (command: PublishCommand): Promise<PublishResult> => {
      input.write(`${JSON.stringify(command)}\n`);
      return results.next();
    },
    close: async (): Promise<void> => {
      input.end();
      await running;
    },
  };
}

function asNode(listening: Listening): Node {
  const url = `http://127.0.0.1:${listening.port}`;
  return {
    ...listening,
    url,
    metric: async (name) => {
      const { body } = await request(`${url}${paths.metrics}`);
      const line = body.split('\n').find((candidate) => candidate.startsWith(`${name} `));
      return line === undefined ? 0 : Number(line.slice(name.length + 1));
    },
  };
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** One GET on a connection of its own. */
export async function request(url: string, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
  const response = await openResponse(url, headers);
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

async function openResponse(url: string, headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { headers, agent: false }), 'response')) as [IncomingMessage];
  return response;
}

export function parseMessage(json: string): DashboardMessage {
  return JSON.parse(json) as DashboardMessage;
}

/** An open event stream. */
export interface EventStream {
  status: number;
  headers: IncomingHttpHeaders;
  /** The `retry:` it was told. */
  retryMs: Promise<number>;
  events: Mailbox<EventSourceMessage>;
  comments: Mailbox<string>;
  /** Resolves when the server ends it, in whatever way. */
  ended: Promise<void>;
  close(): void;
}

export async function openEvents(url: string, headers: OutgoingHttpHeaders = {}): Promise<EventStream> {
  const response = await openResponse(url, headers);
  const events = new Mailbox<EventSourceMessage>();
  const comments = new Mailbox<string>();
  const retries = new Mailbox<number>();
  const parser = createParser({
    onEvent: (event) => events.deliver(event),
    onComment: (comment) => comments.deliver(comment),
    onRetry: (retryMs) => retries.deliver(retryMs),
  });
  response.setEncoding('utf8').on('data', (chunk: string) => parser.feed(chunk));
  // A connection that is cut is an error to the reader and an ending to these tests.
  const ended = new Promise<void>((resolve) => response.on('error', () => resolve()).on('close', () => resolve()));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    retryMs: retries.next(),
    events,
    comments,
    ended,
    close: () => void response.destroy(),
  };
}

/** A WebSocket client that keeps what it is sent. */
export interface SocketClient {
  socket: WebSocket;
  texts: Mailbox<string>;
  /** Its code, when it is closed. */
  closed: Promise<number>;
  next(): Promise<DashboardMessage>;
}

export async function openSocket(
  node: Listening,
  search = '?audience=0',
  options: { headers?: Record<string, string>; autoPong?: boolean } = {},
): Promise<SocketClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${node.port}${paths.websocket}${search}`, options);
  const texts = new Mailbox<string>();
  socket.on('message', (text) => texts.deliver(text.toString()));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  return { socket, texts, closed, next: async () => parseMessage(await texts.next()) };
}

/** Waits until a figure has the value; for what a server does that no client can see. */
export async function waitUntil(read: () => number | Promise<number>, value: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const seen = await read();
      if (seen !== value) throw new Error(`expected ${value}, still ${seen}`);
    },
    { timeout: 5_000, interval: 10 },
  );
}
