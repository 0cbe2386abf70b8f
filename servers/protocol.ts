// The wire protocol of the reference application and of the server interface `freshet.server/1`.
// It is all that a client, a target description or a harness needs to know of these servers.

/** The version of the contract between `servers/main` and whoever drives it. Unlike versions are refused by name. */
export const serverInterface = 'freshet.server/1';

/** Environment variable with a role's settings as JSON, for who starts it with passwords in them: all users see a command line, but not this. */
export const settingsVariable = 'FRESHET_SETTINGS';

/** `prepare` makes the schema, `serve` is a server, `relay` feeds Redis from Postgres, `publish` commits changes. */
export const roles = ['prepare', 'serve', 'relay', 'publish'] as const;
export type Role = (typeof roles)[number];

/** The one line a role prints on stdout when it is ready (for `prepare`: when it is done). */
export interface ReadyLine {
  interface: typeof serverInterface;
  role: Role;
  pid: number;
  /** Where it listens: `serve` its clients, `relay` its /healthz and /metrics; `null` for the others. */
  port: number | null;
  /** What these servers can do beyond the first of their interface; absent: nothing. */
  offers?: readonly Offer[];
}

/** `actions`: setting `actions` of `serve`, by which clients change their dashboards. */
export type Offer = 'actions';

/** What a client holds or is sent. `type` says whether it is the state (on connecting, or after a gap in what the server heard) or a change. */
export interface DashboardMessage {
  type: 'snapshot' | 'update';
  /** Counts the changes of this dashboard, from 1; 0 is the seeded state. */
  version: number;
  /** When the change was intended, in µs of the machine's monotonic clock; 0 for the seeded state. */
  intendedUs: number;
  /** Which dashboard, from 0. */
  audience: number;
  tiles: DashboardTile[];
  /** Fills the message up to the payload size that was asked for. */
  padding: string;
}

export interface DashboardTile {
  name: string;
  count: number;
  total: number;
  mean: number;
}

/**
 * Every message begins with these bytes, followed by digits: a reader that only wants the version need not parse the rest.
 * `{"type":"update","version":12,"intendedUs":3456,"audience":0,…`
 */
export const messagePrefix = {
  snapshot: '{"type":"snapshot","version":',
  update: '{"type":"update","version":',
  intendedUs: ',"intendedUs":',
} as const;

export const paths = {
  /**
   * polling: `?audience=K`; long-polling: `?audience=K&after=VERSION`, 204 when nothing newer came.
   * Without `after` (or below 0) the client holds nothing and is answered at once. `audience` is 0 when it is left out.
   */
  dashboard: '/dashboard',
  /** sse: `?audience=K`, resumes after `Last-Event-ID`. */
  events: '/events',
  /** websocket: `?audience=K`. */
  websocket: '/ws',
  /** Where the settings allow it, and not on a WebSocket server: POST an `Action` with `?audience=K`, answered by an `ActionAnswer`. */
  actions: '/actions',
  health: '/healthz',
  metrics: '/metrics',
  /** feed `local`: POST a `Change` to the one node that shall know of it. */
  change: '/change',
  /** POST `?rounds=N`, where the settings allow it: beats all connections N times, then answers 204. */
  heartbeat: '/heartbeat',
} as const;

/** What a feed tells: a dashboard has a new version. Sent as NOTIFY payload, and to `paths.change`. */
export interface Change {
  audience: number;
  version: number;
}

/** What a client does: it changes its dashboard. */
export interface Action {
  /** When it was to be done, in µs of the machine's monotonic clock: the change bears it. */
  intendedUs: number;
}

/** An action's answer over HTTP. */
export interface ActionAnswer {
  version: number;
}

/** Why an action was not done: it is none, or its transaction got no connection in time, or failed. */
export type ActionRefusal = 'malformed' | 'busy' | 'failed';

/** The text message of a WebSocket client that acts; `id` is its own and comes back with the answer. */
export interface ActionMessage extends Action {
  type: 'action';
  id: number;
}

/** Its answer: the version that it made, or why it made none. */
export type ActedMessage =
  | { type: 'acted'; id: number; version: number }
  | { type: 'acted'; id: number; error: ActionRefusal | 'unauthorized' };

/** The Postgres channel of NOTIFY. The Redis channel is `settings.redisChannel`; its messages are whole messages for clients. */
export const notifyChannel = 'dashboard_change';

/** One line on the stdin of `publish`: commit this version of this dashboard. Lines of one dashboard are done in order. */
export interface PublishCommand {
  audience: number;
  version: number;
  intendedUs: number;
}

/** The line on the stdout of `publish` that answers it: when the transaction was begun and committed, or why it was not. */
export interface PublishResult {
  audience: number;
  version: number;
  sentUs: number;
  committedUs: number | null;
  error?: string;
}

/** Names of the servers' Prometheus metrics that the harness reads. Histograms are in seconds, as Prometheus asks. */
export const metricNames = {
  /** Counter: queries sent to Postgres by this process and completed (LISTEN and the like are not queries). */
  queries: 'freshet_db_queries_total',
  queriesFailed: 'freshet_db_queries_failed_total',
  poolWait: 'freshet_db_pool_wait_seconds',
  /** Gauge with label `at`, seconds of the monotonic clock: the longest wait that ended from then on, until the next. */
  poolWaitLongest: 'freshet_db_pool_wait_longest_seconds',
  poolTimeouts: 'freshet_db_pool_timeouts_total',
  /** Gauge with labels `source` (`postgres`, `listen`, `redis`) and `from`, seconds of the monotonic clock: how long that connection was lost. */
  absence: 'freshet_source_absent_seconds',
  /** Gauge: queries waiting for a connection now. */
  poolWaiting: 'freshet_db_pool_waiting',
  /** Gauge: the most that waited at one moment since this metric was last read. For one reader. */
  poolWaitingPeak: 'freshet_db_pool_waiting_peak',
  /** Counter with label `status`: HTTP answers, handshakes and /healthz not included. */
  responses: 'freshet_http_responses_total',
  /** Counter with label `outcome` (`committed`, `malformed`, `busy`, `failed`): what clients did. */
  actions: 'freshet_actions_total',
  /** Counters: messages written to clients, by label `type` (`snapshot`, `update`). */
  messages: 'freshet_messages_total',
  /** Gauge: open push connections or long-poll waiters. */
  connections: 'freshet_connections',
  connectionsOpened: 'freshet_connections_opened_total',
  /** Counter with label `reason`. */
  connectionsClosed: 'freshet_connections_closed_total',
  /** Gauge with labels `reason` and `at` (seconds of the monotonic clock): seconds since a client that was given up had last been heard. */
  connectionsLost: 'freshet_connection_lost_silent_seconds',
  /** Counters: heartbeats sent, answers to them, and the bytes of both before TLS. */
  heartbeats: 'freshet_heartbeats_total',
  heartbeatAnswers: 'freshet_heartbeat_answers_total',
  heartbeatBytes: 'freshet_heartbeat_bytes_total',
  /** Gauge: bytes in this process that clients have not taken yet. */
  bufferedBytes: 'freshet_buffered_bytes',
  /** Counter: messages that were not sent to clients that read too slowly. */
  messagesSkipped: 'freshet_messages_skipped_total',
  /** Gauge with label `type`: what keeps the event loop busy, such as timers and sockets, by Node's names. */
  resources: 'freshet_active_resources',
  eventLoopDelay: 'freshet_event_loop_delay_seconds',
  cpuSeconds: 'process_cpu_seconds_total',
  residentBytes: 'process_resident_memory_bytes',
} as const;

/** WebSocket close codes this application sends. */
export const closeCodes = { goingAway: 1001, unauthorized: 1008, tooBig: 1009, overloaded: 1013 } as const;
