// Everything a server process can be told, with its default. Passed as one JSON object: `servers/main serve '{"transport":"sse"}'`.
import { z } from 'zod';

const milliseconds = z.number().int().nonnegative();

export const serverSettings = z.strictObject({
  transport: z.enum(['polling', 'long-polling', 'sse', 'websocket']),
  host: z.string().default('127.0.0.1'),
  /** 0 lets the system choose. */
  port: z.number().int().min(0).max(65535).default(0),
  /** Connects as the servers' own role, so that their queries can be told from everyone else's. */
  postgresUrl: z.string(),
  /** Needed by feed `redis` only. */
  redisUrl: z.string().nullable().default(null),
  redisChannel: z.string().default('freshet:changes'),
  poolSize: z.number().int().positive().default(10),
  poolTimeoutMs: milliseconds.default(5_000),
  /** How many dashboards there are. */
  audiences: z.number().int().positive().default(1),
  /** Size of a message's JSON, reached by padding. */
  payloadBytes: z.number().int().min(0).max(1_000_000).default(500),
  /** Added to each snapshot query with pg_sleep. */
  queryCostMs: milliseconds.default(0),
  /** How a push or long-polling server hears of a change. Polling has no feed. */
  feed: z.enum(['postgres', 'redis', 'local']).default('postgres'),
  /** Look up what moved while the feed was deaf. Off is the plain subscriber of the textbook: it shows whatever change comes next. */
  resync: z.boolean().default(true),
  /** polling: answer from memory for this long; 0 is off. */
  cacheMs: milliseconds.default(0),
  /** polling: answer 304 when If-None-Match names the current version. */
  etag: z.boolean().default(false),
  /** polling, long-polling: keep connections open between requests. */
  keepAlive: z.boolean().default(true),
  /** Longer than any poll interval, or slow pollers are reset. */
  keepAliveTimeoutMs: milliseconds.default(75_000),
  /** long-polling: answer 204 after this long. */
  holdMs: milliseconds.default(25_000),
  /** What a client gets on connecting: a query of its own, or the newest message in memory. */
  snapshot: z.enum(['query', 'cached']).default('query'),
  /**
   * `ping`: WebSocket ping frames or SSE comments; `message`: an application-level JSON ping (websocket only); `next-round`: ping frames
   * whose answers are looked at when the next is due, and no sooner (websocket only).
   */
  heartbeat: z.enum(['ping', 'message', 'next-round', 'none']).default('ping'),
  heartbeatMs: milliseconds.default(30_000),
  /** websocket: end a connection that has not answered by then. */
  heartbeatTimeoutMs: milliseconds.default(10_000),
  /** Serve POST /heartbeat?rounds=N, which beats all connections N times in a row: to measure what a beat costs. */
  heartbeatOnDemand: z.boolean().default(false),
  /** TCP keep-alive: the kernel probes a connection that was idle for so long (then 10 probes, a second apart); 0 is off. */
  tcpKeepAliveMs: milliseconds.default(0),
  /** sse: the `retry:` field. */
  retryMs: milliseconds.default(3_000),
  /** sse: how many changes of a dashboard are kept for Last-Event-ID. */
  replay: z.number().int().nonnegative().default(100),
  auth: z.enum(['none', 'query', 'cookie', 'message']).default('none'),
  /** How a token is judged: `secret` compares it, `jwt` verifies its signature and `exp`, `session` looks it up in Postgres. */
  verify: z.enum(['secret', 'jwt', 'session']).default('secret'),
  /** The token that is accepted when `auth` is not `none`; with verify `jwt` the key that signs them (HS256). */
  token: z.string().default('freshet'),
  /** auth `message`: how long a WebSocket may stay silent before it is closed. */
  authTimeoutMs: milliseconds.default(5_000),
  /** `null` allows every Origin; a request without the header is no browser and is allowed. */
  allowedOrigins: z.array(z.string()).nullable().default(null),
  /** A client with more unsent bytes than this reads too slowly. */
  maxBufferedBytes: z.number().int().positive().default(1_048_576),
  /** What becomes of it: it is ended and counted (1013 / disconnect), it is sent nothing until it has caught up, or it is waited for. */
  slowClients: z.enum(['disconnect', 'drop', 'unbounded']).default('disconnect'),
  maxHeaderBytes: z.number().int().positive().default(16_384),
  maxMessageBytes: z.number().int().positive().default(65_536),
  /** Clients may change their dashboards: POST /actions, or a message up their WebSocket. */
  actions: z.boolean().default(false),
  /** Requests for the dashboard (new sessions, of a stream) that are taken on a second; the others are turned away. `null` is no limit. */
  admitPerSecond: z.number().int().positive().nullable().default(null),
  /** How they are told: by status 503 with Retry-After, or by close code 1013 once the WebSocket is open, which a browser can see. */
  turnAwayWith: z.enum(['503', '1013']).default('503'),
  /** Serve https and wss: PEM files. */
  tls: z.strictObject({ certificateFile: z.string(), keyFile: z.string() }).nullable().default(null),
  /** Connections the kernel may hold before they are accepted; the default is Node's. `net.core.somaxconn` caps it. */
  backlog: z.number().int().positive().default(511),
  /** One line of JSON for each connection that opens and for each that is closed, with counts and no payload. */
  log: z.enum(['off', 'connections']).default('off'),
  /** Where those lines are appended; `null` is stderr. */
  logFile: z.string().nullable().default(null),
  /** How long SIGTERM waits for connections to end by themselves after they were told. */
  drainMs: milliseconds.default(1_000),
  /** Over how much of that time they are told, one after the other; 0 is all at once. */
  spreadMs: milliseconds.default(0),
});

export type ServerSettings = z.infer<typeof serverSettings>;

/** Settings that are fine alone but not together: one line each, saying what would be. */
export function conflictsOf(settings: ServerSettings): string[] {
  const conflicts: string[] = [];
  if (settings.auth === 'message' && settings.transport !== 'websocket')
    conflicts.push(`auth "message" needs transport "websocket", not "${settings.transport}": use "query" or "cookie"`);
  if (settings.feed === 'redis' && settings.redisUrl === null && settings.transport !== 'polling')
    conflicts.push('feed "redis" needs redisUrl');
  if (settings.spreadMs > 0 && settings.spreadMs >= settings.drainMs)
    conflicts.push(
      `spreadMs ${settings.spreadMs} needs a longer drainMs than ${settings.drainMs}: the last clients would be cut untold`,
    );
  if (settings.turnAwayWith === '1013' && settings.transport !== 'websocket')
    conflicts.push(`turnAwayWith "1013" needs transport "websocket", not "${settings.transport}": use "503"`);
  const { heartbeat } = settings;
  if ((heartbeat === 'message' || heartbeat === 'next-round') && settings.transport !== 'websocket')
    conflicts.push(`heartbeat "${heartbeat}" needs transport "websocket", not "${settings.transport}": use "ping"`);
  return conflicts;
}

export const relaySettings = serverSettings
  .pick({
    host: true,
    port: true,
    postgresUrl: true,
    redisChannel: true,
    resync: true,
    poolSize: true,
    poolTimeoutMs: true,
    audiences: true,
    payloadBytes: true,
    queryCostMs: true,
  })
  .extend({ redisUrl: z.string() });

export type RelaySettings = z.infer<typeof relaySettings>;

export const publishSettings = z.strictObject({
  /** Connects as the publisher's own role. */
  postgresUrl: z.string(),
  /** feed `local`: POST each committed change to this URL as well. */
  changeUrl: z.string().nullable().default(null),
});

export type PublishSettings = z.infer<typeof publishSettings>;

export const prepareSettings = z.strictObject({
  /** Connects as an owner of the database. */
  postgresUrl: z.string(),
  /** Existing roles that are granted what the servers and the publisher need. */
  serverRole: z.string(),
  publisherRole: z.string(),
  audiences: z.number().int().positive().default(1),
  seed: z.number().int().default(42),
  /** Sessions that exist, by their tokens. */
  sessions: z.array(z.strictObject({ token: z.string(), isExpired: z.boolean() })).default([]),
});

export type PrepareSettings = z.infer<typeof prepareSettings>;
