// The metric catalogue: every figure Freshet reports, once. The run record's schema, tables, charts and docs derive from it.

/** `us`, `bytes`, `count`, `ratio` (0 to 1), and rates of them. */
export type Unit = 'us' | 'bytes' | 'count' | 'ratio' | '1/min' | '1/s' | 'bytes/min' | 'ms/s';

/** A `counter` counts events over its boundary, a `gauge` is one reading or rate, a `distribution` is a histogram. */
export type MetricKind = 'counter' | 'gauge' | 'distribution';

export interface MetricDefinition {
  /** What heads its column, in at most about 20 characters. */
  readonly label: string;
  /** One sentence a stranger understands. */
  readonly meaning: string;
  readonly unit: Unit;
  readonly kind: MetricKind;
  readonly better: 'lower' | 'higher' | 'neither';
  /** The same on any machine, so it can be gated tightly on one run. */
  readonly deterministic: boolean;
  /** What it covers: the measured window, the versions intended in the window, or the whole trial at rest. */
  readonly boundary: 'window' | 'versions' | 'trial';
  /** How the shards' parts become one figure; `whole` is measured once for all of them. */
  readonly acrossShards: 'sum' | 'max' | 'histogram' | 'whole';
  /** It grows with the clients, or is divided by them: without some of them it says too little. Every `sum` does. */
  readonly ofAllClients?: boolean;
  /**
   * How repetitions become one figure in a report, which always is that of one repetition: of counts the `mean`, so that it does not
   * grow with the repetitions. Distributions merge as histograms, never as averaged percentiles.
   */
  readonly acrossRepetitions: 'median' | 'mean' | 'max' | 'histogram';
  /** The transports that alone have it. */
  readonly transports?: readonly string[];
  /** A trial with a fault alone has it: one that befalls servers or connections, one that takes a service away, or a rolling deploy. */
  readonly needsFault?: 'server' | 'service' | 'deploy';
  /**
   * What it has of two clocks, the clients' and that of publisher, servers and faults; clients of agents know the second only so well.
   * `difference`: it is a time from a moment of one to a moment of the other (or, where clients act, to one of another client's). `share`: a sum of such times, as a share of another.
   * `slice`: it counts what fell into 100 ms. Any other is of one clock, or of none.
   */
  readonly acrossClocks?: 'difference' | 'share' | 'slice';
  /** A trial with such clients alone has it: some vanish, some read slowly, all come and go, all act, or all are of somebody's own server. */
  readonly needs?: ClientKind;
}

export type ClientKind = 'vanishing' | 'slow' | 'churn' | 'acting' | 'foreign';

type Shape = Omit<MetricDefinition, 'label' | 'meaning'>;

const rate = {
  unit: '1/min',
  kind: 'gauge',
  better: 'lower',
  deterministic: true,
  boundary: 'window',
  acrossShards: 'whole',
  ofAllClients: true,
  acrossRepetitions: 'median',
} as const satisfies Shape;
const cpu = {
  unit: 'ms/s',
  kind: 'gauge',
  better: 'lower',
  deterministic: false,
  boundary: 'window',
  acrossShards: 'whole',
  ofAllClients: true,
  acrossRepetitions: 'median',
} as const satisfies Shape;
const latency = {
  unit: 'us',
  kind: 'distribution',
  better: 'lower',
  deterministic: false,
  boundary: 'window',
  acrossShards: 'histogram',
  acrossRepetitions: 'histogram',
} as const satisfies Shape;
const bytes = {
  unit: 'bytes',
  kind: 'gauge',
  better: 'lower',
  deterministic: true,
  boundary: 'window',
  acrossShards: 'sum',
  acrossRepetitions: 'median',
} as const satisfies Shape;
const share = {
  unit: 'ratio',
  kind: 'gauge',
  better: 'lower',
  deterministic: true,
  boundary: 'window',
  acrossShards: 'sum',
  acrossRepetitions: 'median',
} as const satisfies Shape;
const tally = {
  unit: 'count',
  kind: 'counter',
  better: 'lower',
  deterministic: true,
  boundary: 'trial',
  acrossShards: 'sum',
  acrossRepetitions: 'mean',
} as const satisfies Shape;
const storm = { ...tally, deterministic: false, needsFault: 'server' } as const satisfies Shape;
const deploy = { ...tally, deterministic: false, needsFault: 'deploy' } as const satisfies Shape;
const outage = { ...storm, needsFault: 'service' } as const satisfies Shape;
/** What a server keeps a connection for. */
const streamed = ['sse', 'websocket'] as const;
/** What has a schedule of polls. */
const polled = ['polling'] as const;
/** What stays connected. */
const streams = ['sse', 'websocket'] as const;

export const metrics = {
  'db.queriesPerMinute': {
    ...rate,
    label: 'DB queries/min',
    meaning: 'Queries the servers and the relay sent to Postgres, counted by pg_stat_statements for their role',
  },
  'db.otherStatementsPerMinute': {
    ...rate,
    label: 'other statements/min',
    meaning: 'Their LISTEN, BEGIN, COMMIT and SET statements, counted apart',
  },
  'db.queriesPerUpdate': {
    ...rate,
    unit: 'count',
    label: 'DB queries/update',
    meaning: 'Queries of the window for each change intended in it',
  },
  'db.queriesFailed': {
    ...tally,
    acrossShards: 'whole',
    label: 'failed queries',
    meaning:
      'Queries that Postgres failed or timed out, by the servers’ own count (pg_stat_statements counts completed ones only); those that never got a connection are db.poolTimeouts',
  },
  'db.poolWaitUs': {
    ...latency,
    acrossShards: 'whole',
    label: 'pool wait',
    meaning: 'Time a query waited for a pooled connection (upper bounds of buckets 20 % wide)',
  },
  'db.poolWaiting': {
    ...rate,
    unit: 'count',
    deterministic: false,
    acrossRepetitions: 'max',
    label: 'pool waiters',
    meaning: 'The most queries that waited for a pooled connection at one moment',
  },
  'db.poolTimeouts': {
    ...tally,
    boundary: 'window',
    deterministic: false,
    acrossShards: 'whole',
    label: 'pool time-outs',
    meaning: 'Queries that gave up waiting for a pooled connection',
  },
  'db.cpuMsPerSecond': {
    ...cpu,
    label: 'DB CPU ms/s',
    meaning: 'CPU time of Postgres above its idle control, without the publisher’s and the samplers’ backends',
  },
  freshnessUs: {
    ...latency,
    boundary: 'versions',
    acrossClocks: 'difference',
    label: 'freshness',
    meaning: 'From a change’s intended time until a client holds that version or a newer one, over clients and changes',
  },
  staleShare: {
    ...share,
    deterministic: false,
    acrossClocks: 'share',
    label: 'stale screens',
    meaning: 'Share of all clients’ time in which the screen showed an outdated version or was cut off',
  },
  requestUs: {
    ...latency,
    transports: polled,
    label: 'round trip',
    meaning: 'Round trip of a poll from its due time, so a stalled system cannot hide its own delay',
  },
  requestUncorrectedUs: {
    ...latency,
    transports: polled,
    label: 'from sending',
    meaning: 'The same round trips from the time of sending, as proof of what the correction adds',
  },
  'http.unchangedShare': {
    ...share,
    transports: ['polling', 'long-polling'],
    label: 'unchanged answers',
    meaning: 'Share of the answers that told the client nothing new',
  },
  'http.failedShare': {
    ...share,
    transports: polled,
    deterministic: false,
    label: 'failed polls',
    meaning:
      'Share of the due polls that got no answer of use: a status of failure, a broken connection, or a streak that ended before',
  },
  'http.skippedShare': {
    ...share,
    transports: polled,
    deterministic: false,
    label: 'skipped polls',
    meaning: 'Share of the due polls that were skipped because the client’s previous poll was still outstanding',
  },
  'arrivals.perClientMinute': {
    ...rate,
    needs: 'foreign',
    better: 'neither',
    deterministic: false,
    acrossShards: 'sum',
    label: 'arrivals/min',
    meaning: 'Messages (of pollings: answers) that a client of somebody’s own server received a minute',
  },
  'arrivals.gapUs': {
    ...latency,
    needs: 'foreign',
    better: 'neither',
    label: 'arrival gap',
    meaning: 'Time between two messages that a client of somebody’s own server received',
  },
  'wire.bytesInPerClientMinute': {
    ...bytes,
    unit: 'bytes/min',
    label: 'bytes in/client/min',
    meaning: 'Bytes a client received a minute, headers and frames included',
  },
  'wire.bytesOutPerClientMinute': {
    ...bytes,
    unit: 'bytes/min',
    label: 'bytes out/client/min',
    meaning: 'Bytes a client sent a minute, headers and frames included',
  },
  'wire.bytesPerUpdate': {
    ...bytes,
    label: 'bytes/update',
    meaning: 'Bytes in and out for each change and client that watches it',
  },
  'wire.headerShare': { ...share, label: 'header share', meaning: 'Share of the bytes in and out that is not payload' },
  'updates.published': {
    ...tally,
    better: 'neither',
    acrossShards: 'whole',
    label: 'published changes',
    meaning: 'Changes committed to Postgres, the warm-up’s included',
  },
  'updates.delivered': {
    ...tally,
    better: 'higher',
    // Which change a poll or a cache skips hangs on the moment it asks.
    deterministic: false,
    label: 'delivered updates',
    meaning: 'Versions that reached a client, over clients and changes',
  },
  'updates.superseded': {
    ...tally,
    better: 'neither',
    deterministic: false,
    label: 'superseded updates',
    meaning: 'Versions a client skipped by contract, because it asks for the latest state',
  },
  'updates.missed': {
    ...tally,
    label: 'missed updates',
    meaning: 'Versions an every-version stream skipped, or that a client still lacked after the drain',
  },
  'updates.duplicate': {
    ...tally,
    label: 'duplicate updates',
    meaning: 'Versions a stream sent to a client that had them',
  },
  'updates.outOfOrder': {
    ...tally,
    label: 'updates out of order',
    meaning: 'Versions a stream sent after a newer one',
  },
  deliveryRatio: {
    ...share,
    better: 'higher',
    boundary: 'trial',
    label: 'delivery ratio',
    meaning: '1 − missed / (changes × the clients that watch them)',
  },
  'system.cpuMsPerSecond': {
    ...cpu,
    label: 'system CPU ms/s',
    meaning: 'CPU time of servers, relay, Redis, Postgres and load balancer together, each above its idle control',
  },
  'server.cpuMsPerSecond': {
    ...cpu,
    label: 'server CPU ms/s',
    meaning: 'CPU time of the server processes above their idle control',
  },
  'relay.cpuMsPerSecond': { ...cpu, label: 'relay CPU ms/s', meaning: 'CPU time of the relay above its idle control' },
  'redis.cpuMsPerSecond': { ...cpu, label: 'Redis CPU ms/s', meaning: 'CPU time of Redis above its idle control' },
  'nginx.cpuMsPerSecond': {
    ...cpu,
    label: 'nginx CPU ms/s',
    meaning: 'CPU time of the load balancer above its idle control',
  },
  'nodes.skew': {
    ...share,
    // A cookie's hash is chance.
    deterministic: false,
    acrossShards: 'whole',
    label: 'busiest node',
    meaning:
      'Clients of the busiest server node at the window’s start, where 1 is an even share (of polling: answers within the window)',
  },
  'nodes.busiestCpuMsPerSecond': {
    ...cpu,
    acrossRepetitions: 'max',
    label: 'busiest node CPU',
    meaning: 'CPU time of the busiest server node above its idle control',
  },
  'sessions.lost': {
    ...tally,
    deterministic: false,
    label: 'connections cut',
    meaning:
      'How often a client’s connection ended though nobody had asked for it, from the window’s start to rest, over all clients',
  },
  'server.eventLoopDelayUs': {
    ...latency,
    acrossShards: 'whole',
    label: 'event loop',
    meaning:
      'How late a 100 ms timer fired in the servers (where a fault replaced them: in the new ones); the ticks a stall swallowed count as well (upper bounds of buckets 20 % wide)',
  },
  'server.rssBytes': {
    ...bytes,
    deterministic: false,
    acrossShards: 'whole',
    ofAllClients: true,
    acrossRepetitions: 'max',
    label: 'server memory',
    meaning: 'Resident memory of the server processes at the end of the window',
  },
  'memory.bytesPerClient': {
    ...bytes,
    deterministic: false,
    acrossShards: 'whole',
    ofAllClients: true,
    label: 'memory/client',
    meaning: 'Growth of server memory plus kernel socket memory for each client, from 1,000 clients on',
  },
  'connect.us': {
    ...latency,
    boundary: 'trial',
    label: 'connect',
    meaning: 'From a client’s intended connect time until it can use the connection',
  },
  'connect.failures': {
    ...tally,
    label: 'failed connects',
    meaning: 'Sessions that ended before they were open: refused, timed out, or answered by a status of failure',
  },
  'connect.serverCpuUs': {
    ...cpu,
    unit: 'us',
    transports: streams,
    label: 'CPU/connect',
    meaning: 'CPU time of the servers while all clients connected, above their idle control, for each client',
  },
  'connect.dbQueries': {
    ...rate,
    unit: 'count',
    transports: streams,
    label: 'queries/connect',
    meaning: 'Queries while all clients connected, for each client',
  },
  'connect.attemptsPerClient': {
    ...tally,
    kind: 'gauge',
    acrossRepetitions: 'median',
    label: 'tries/client',
    meaning: 'Sessions that were tried over the whole trial, for each client',
  },
  'connect.gaveUp': { ...tally, label: 'gave up', meaning: 'Clients that were told not to come back, and did not' },
  'auth.tokensLogged': {
    ...tally,
    acrossShards: 'whole',
    label: 'tokens in log',
    meaning: 'Lines of the load balancer’s access log in which a client’s token can be read',
  },
  'storm.attempts': {
    ...storm,
    label: 'attempts',
    meaning: 'Connection attempts from the fault until the last client was back',
  },
  'storm.attemptsPerClient': {
    ...storm,
    kind: 'gauge',
    acrossRepetitions: 'median',
    label: 'attempts/client',
    meaning: 'Those attempts for each client',
  },
  'storm.peakAttemptsPerSecond': {
    ...storm,
    kind: 'gauge',
    unit: '1/s',
    acrossRepetitions: 'median',
    acrossClocks: 'slice',
    label: 'peak attempts/s',
    meaning: 'Attempts in the busiest 100 ms after the server listened again, × 10',
  },
  'storm.peakWhileDownPerSecond': {
    ...storm,
    kind: 'gauge',
    unit: '1/s',
    acrossRepetitions: 'median',
    acrossClocks: 'slice',
    label: 'peak down/s',
    meaning: 'Attempts in the busiest 100 ms of the outage, × 10',
  },
  'storm.recoveryUs': {
    ...latency,
    needsFault: 'server',
    boundary: 'trial',
    acrossClocks: 'difference',
    label: 'back in',
    meaning:
      'From the moment the server listened again until a client was back, over clients; one that never is counts as infinite',
  },
  'storm.missedAway': {
    ...storm,
    label: 'missed away',
    meaning: 'Versions that came out while a client was away, over the clients that came back',
  },
  'storm.madeUpBySnapshot': {
    ...storm,
    label: 'by snapshot',
    meaning: 'Of those, what the state sent on reconnecting made up for',
  },
  'storm.madeUpByReplay': {
    ...storm,
    label: 'by replay',
    meaning: 'Of those, what was sent one by one on reconnecting (Last-Event-ID)',
  },
  'storm.gaveUp': { ...storm, label: 'gave up', meaning: 'Clients that stopped trying' },
  'storm.dbQueriesPeakPerSecond': {
    ...storm,
    kind: 'gauge',
    unit: '1/s',
    acrossShards: 'whole',
    ofAllClients: true,
    acrossRepetitions: 'median',
    label: 'DB peak/s',
    meaning: 'Database queries in the busiest 100 ms after the server listened again, × 10',
  },
  'storm.listenOverflows': {
    ...storm,
    acrossShards: 'whole',
    label: 'listen overflows',
    meaning:
      'Connections the kernel turned away because the queue of those waiting to be accepted was full (ListenOverflows of the machine)',
  },
  'deploy.awayUs': {
    ...latency,
    needsFault: 'deploy',
    boundary: 'trial',
    label: 'away',
    meaning:
      'How long a client was without a connection during the deploy, all times together, over all clients; one that never came back counts as infinite',
  },
  'deploy.lossesPerClient': {
    ...deploy,
    kind: 'gauge',
    acrossRepetitions: 'median',
    label: 'cuts/client',
    meaning: 'How often a client lost its connection during the deploy, as a mean over all clients',
  },
  'deploy.missedAway': {
    ...deploy,
    label: 'missed away',
    meaning: 'Versions that came out while a client was away, over all clients',
  },
  'deploy.gaveUp': { ...deploy, label: 'gave up', meaning: 'Clients that stopped trying' },
  'deploy.dbQueriesPeakPerSecond': {
    ...deploy,
    kind: 'gauge',
    unit: '1/s',
    acrossShards: 'whole',
    ofAllClients: true,
    acrossRepetitions: 'median',
    label: 'DB peak/s',
    meaning: 'Database queries in the busiest 100 ms from the deploy’s beginning on, × 10',
  },
  'deploy.skewAfter': {
    ...deploy,
    unit: 'ratio',
    kind: 'gauge',
    acrossShards: 'whole',
    acrossRepetitions: 'median',
    label: 'busiest node after',
    meaning: 'Clients of the busiest server node at the window’s end, where 1 is an even share',
  },
  'deploy.lastNodeShare': {
    ...deploy,
    unit: 'ratio',
    kind: 'gauge',
    better: 'higher',
    acrossShards: 'whole',
    acrossRepetitions: 'median',
    label: 'last node after',
    meaning: 'Clients of the node that was restarted last at the window’s end, where 1 is an even share',
  },
  'outage.changes': {
    ...outage,
    better: 'neither',
    acrossShards: 'whole',
    label: 'changes meanwhile',
    meaning: 'Changes intended while the service was away',
  },
  'outage.committedLate': {
    ...outage,
    acrossShards: 'whole',
    label: 'committed late',
    meaning: 'Of those, the ones that could not be committed until the service was back',
  },
  'outage.noticedUs': {
    ...outage,
    unit: 'us',
    kind: 'gauge',
    acrossShards: 'whole',
    acrossRepetitions: 'max',
    label: 'noticed',
    meaning: 'From the service’s end until the last server or relay that uses it knew that its connection was lost',
  },
  'outage.heardAgainUs': {
    ...outage,
    unit: 'us',
    kind: 'gauge',
    acrossShards: 'whole',
    acrossRepetitions: 'max',
    label: 'heard again',
    meaning: 'From the service’s return until the last server or relay that had lost it heard, or was answered, again',
  },
  'outage.catchUpUs': {
    ...latency,
    needsFault: 'service',
    boundary: 'trial',
    acrossClocks: 'difference',
    label: 'caught up',
    meaning:
      'From the service’s return until a client held what was newest by then, over clients; one that never did counts as infinite',
  },
  'outage.staleShare': {
    ...share,
    needsFault: 'service',
    deterministic: false,
    acrossClocks: 'share',
    label: 'stale meanwhile',
    meaning: 'Share of all clients’ time while the service was away in which the screen was outdated or cut off',
  },
  'outage.connectionsLost': {
    ...outage,
    label: 'connections lost',
    meaning: 'Clients whose connection (of polling: whose streak of good answers) ended after the service did',
  },
  'outage.failedAnswers': {
    ...outage,
    label: 'failed answers',
    meaning: 'Answers by a status of failure',
  },
  'outage.dbQueriesPeakPerSecond': {
    ...outage,
    kind: 'gauge',
    unit: '1/s',
    acrossShards: 'whole',
    ofAllClients: true,
    acrossRepetitions: 'median',
    label: 'DB peak after',
    meaning: 'Database queries in the busiest 100 ms after the service came back, × 10',
  },
  'vanished.noticedUs': {
    ...latency,
    transports: streamed,
    needs: 'vanishing',
    boundary: 'trial',
    acrossShards: 'whole',
    acrossClocks: 'difference',
    label: 'noticed after',
    meaning:
      'From the moment a client vanished until the server ended its connection, over the vanished; one that it never noticed counts as infinite',
  },
  'vanished.unnoticed': {
    ...tally,
    transports: streamed,
    needs: 'vanishing',
    deterministic: false,
    acrossShards: 'whole',
    label: 'never noticed',
    meaning:
      'Vanished clients that the server still believed in at the end of the time they are watched for (`watch`, or what its heartbeats need)',
  },
  'vanished.falseKills': {
    ...tally,
    transports: streamed,
    needs: 'vanishing',
    label: 'false kills',
    meaning: 'Connections of living clients, the slow ones among them, that ended within the window',
  },
  'vanished.heldBytes': {
    ...bytes,
    transports: streamed,
    needs: 'vanishing',
    deterministic: false,
    acrossShards: 'whole',
    acrossRepetitions: 'max',
    label: 'held for the dead',
    meaning:
      'The most bytes, in server and kernel together, that waited at one moment for clients to take them, beyond those that waited before some vanished',
  },
  'heartbeat.bytesPerClientHour': {
    ...bytes,
    needs: 'vanishing',
    transports: streamed,
    acrossShards: 'whole',
    label: 'heartbeat B/h',
    meaning:
      'Bytes of a client’s heartbeats and their answers in an hour at this interval, without those of TCP and TLS',
  },
  'heartbeat.cpuUsPerClientHour': {
    ...bytes,
    unit: 'us',
    deterministic: false,
    needs: 'vanishing',
    transports: streamed,
    acrossShards: 'whole',
    label: 'heartbeat CPU/h',
    meaning: 'CPU time that a client’s heartbeats and their answers cost the servers in an hour at this interval',
  },
  'slow.cut': {
    ...tally,
    deterministic: false,
    needs: 'slow',
    acrossShards: 'whole',
    label: 'slow clients cut',
    meaning: 'Connections that the servers ended because their client read too slowly',
  },
  'slow.skipped': {
    ...tally,
    deterministic: false,
    needs: 'slow',
    acrossShards: 'whole',
    label: 'messages skipped',
    meaning: 'Messages that the servers kept from clients that read too slowly',
  },
  'slow.othersCut': {
    ...tally,
    needs: 'slow',
    label: 'others cut',
    meaning: 'Connections of clients that keep up which ended within the window',
  },
  'slow.othersFreshnessUs': {
    ...latency,
    boundary: 'versions',
    needs: 'slow',
    acrossClocks: 'difference',
    label: 'others’ freshness',
    meaning: 'Freshness of the clients that keep up with what they are sent',
  },
  'slow.bufferedBytes': {
    ...bytes,
    deterministic: false,
    needs: 'slow',
    acrossShards: 'whole',
    acrossRepetitions: 'max',
    label: 'most buffered',
    meaning: 'The most bytes that waited in the server processes for clients to take them, looked at once a second',
  },
  'server.rssPeakBytes': {
    ...bytes,
    deterministic: false,
    needs: 'slow',
    acrossShards: 'whole',
    ofAllClients: true,
    acrossRepetitions: 'max',
    label: 'peak memory',
    meaning: 'The most resident memory of the server processes within the window, looked at once a second',
  },
  'soak.bytesPerHour': {
    ...bytes,
    deterministic: false,
    needs: 'churn',
    acrossShards: 'whole',
    label: 'growth/h',
    meaning:
      'Growth of the servers’ resident memory in an hour, from the median slope after the first third of the window',
  },
  'soak.comings': {
    ...tally,
    better: 'neither',
    deterministic: false,
    needs: 'churn',
    label: 'comings',
    meaning: 'Sessions that clients opened over the whole trial',
  },
  'soak.connectionsLeft': {
    ...tally,
    needs: 'churn',
    acrossShards: 'whole',
    label: 'connections left',
    meaning: 'Connections or waits that the servers counted when all clients had gone, against those before they came',
  },
  'soak.timersLeft': {
    ...tally,
    needs: 'churn',
    acrossShards: 'whole',
    label: 'timers left',
    meaning: 'Timers of the servers when all clients had gone, against those before they came (fewer are below 0)',
  },
  'soak.socketsLeft': {
    ...tally,
    needs: 'churn',
    acrossShards: 'whole',
    label: 'sockets left',
    meaning: 'TCP connections to the servers’ ports that a process still had open when all clients had gone',
  },
  'action.sent': {
    ...tally,
    better: 'neither',
    needs: 'acting',
    boundary: 'window',
    label: 'actions',
    meaning: 'Actions of clients that were due within the window: acknowledged, failed or unanswered',
  },
  'action.acknowledged': {
    ...tally,
    better: 'neither',
    needs: 'acting',
    boundary: 'window',
    label: 'acknowledged',
    meaning: 'Those that the server answered with the version they made',
  },
  'action.failed': {
    ...tally,
    needs: 'acting',
    boundary: 'window',
    label: 'failed actions',
    meaning: 'Those that were refused, or that there was no connection for',
  },
  'action.unanswered': {
    ...tally,
    needs: 'acting',
    boundary: 'window',
    label: 'unanswered actions',
    meaning: 'Those that were sent and never answered: nobody knows whether they were done',
  },
  'action.ackUs': {
    ...latency,
    needs: 'acting',
    label: 'acknowledged in',
    meaning: 'From the moment an action was intended until its client was told that it was done',
  },
  'action.seenByAllUs': {
    ...latency,
    needs: 'acting',
    boundary: 'versions',
    acrossShards: 'whole',
    acrossClocks: 'difference',
    label: 'seen by all',
    meaning: 'From the moment an action was intended until the last client of its audience saw it, or something newer',
  },
  'action.bytesUp': {
    ...bytes,
    needs: 'acting',
    label: 'bytes up/action',
    meaning: 'Bytes that a client sends for one action, headers or frame included',
  },
  'action.bytesDown': {
    ...bytes,
    needs: 'acting',
    label: 'bytes down/action',
    meaning: 'Bytes of its answer, without the change that everybody is told of',
  },
  'generator.attemptLagUs': {
    ...latency,
    needsFault: 'server',
    boundary: 'trial',
    label: 'attempt lag',
    meaning: 'From the moment a client’s backoff chose for its next attempt until the attempt was made',
  },
  'generator.errorUs': {
    ...cpu,
    ofAllClients: false,
    unit: 'us',
    better: 'neither',
    label: 'generator error',
    meaning:
      'How much later the swarm saw things than the canary clients beside it: the generator’s own error, as a mean',
  },
  'generator.cpuShare': {
    ...cpu,
    ofAllClients: false,
    unit: 'ratio',
    acrossShards: 'max',
    acrossRepetitions: 'max',
    label: 'generator CPU',
    meaning: 'Share of one core that the busiest shard used',
  },
  'generator.eventLoopDelayUs': {
    ...latency,
    label: 'its loop',
    meaning: 'How late a 100 ms timer fired in the shards; the ticks a stall swallowed count as well',
  },
  'generator.publishLagUs': {
    ...latency,
    acrossShards: 'whole',
    label: 'publish lag',
    meaning: 'From a change’s intended time until the publisher, or the client that makes it, sent it',
  },
  'generator.lateArrivals': {
    ...tally,
    transports: polled,
    boundary: 'window',
    deterministic: false,
    label: 'late polls',
    meaning: 'Polls sent more than 10 ms after they were due though nothing was outstanding',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metrics;

export const metricNames = Object.keys(metrics) as MetricName[];

/** The catalogue's entry, seen through its common type. */
export function metricOf(name: MetricName): MetricDefinition {
  return metrics[name];
}

/** False where a trial cannot have the metric, whatever happens in it. */
export function canHave(
  name: MetricName,
  { transport, hasFault, kinds = [] }: { transport: string; hasFault: boolean; kinds?: readonly ClientKind[] },
): boolean {
  const { transports, needsFault, needs } = metricOf(name);
  if (needs !== undefined && !kinds.includes(needs)) return false;
  return (transports === undefined || transports.includes(transport)) && (needsFault === undefined || hasFault);
}
