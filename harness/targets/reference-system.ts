// The reference servers as processes: prepares the database, starts the relay and the server nodes of one contender, says how to publish.

import { paths, type ReadyLine, serverInterface, settingsVariable } from '../../servers/protocol.ts';
import type { ServerSettings } from '../../servers/settings.ts';
import { nowUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import type { PublishProgram } from '../contract/target.ts';
import { type Contender, settingOf } from '../plan/contender.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { type Certificate, makeCertificate } from '../services/certificate.ts';
import { type Child, startChild } from '../services/child.ts';
import { settleAll } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { freePort } from '../services/ports.ts';
import type { Database } from '../services/service.ts';
import type { ReferenceTargetPlan } from './reference.ts';

/** Where everything will be, known before it runs, so that all processes of a trial can start side by side. */
export interface SystemLayout {
  readonly target: ReferenceTargetPlan;
  /** /metrics of the servers and the relay, in that order. */
  readonly metricsUrls: readonly string[];
  /** The program that commits changes. */
  readonly publish: PublishProgram;
  /** Starts servers and relay; resolves when all are ready. Throws `environment` when a part does not start; the guard ends the rest. */
  start(): Promise<ReferenceSystem>;
}

export interface ReferenceSystem {
  /** The server nodes as they are now: a restart replaces them. */
  readonly servers: readonly Child[];
  readonly relay: Child | null;
  /** Resolves with the server or relay that ended though nobody asked. */
  readonly died: Promise<Child>;
  /** Ends all servers by this signal; resolves when they are gone, by force after `graceMs`. */
  endServers(signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void>;
  /** Starts the servers again on the same ports; resolves when they listen. */
  restartServers(): Promise<void>;
  /** How long the servers took to start, in µs. */
  readonly startedInUs: number;
  /** Drains and ends the servers, then the relay. */
  stop(): Promise<void>;
}

export interface SystemOptions {
  readonly guard: Guard;
  /** The servers' bundle; runs under plain node. */
  readonly bundle: string;
  readonly database: Database;
  readonly redisUrl: string | null;
  readonly plan: TrialPlan;
  /** Of the first node; a free one by default. */
  readonly port?: number | undefined;
}

const host = '127.0.0.1';

/** Prepares the database for this contender, and says where its servers will be. */
export async function prepareReferenceSystem(options: SystemOptions): Promise<SystemLayout> {
  const { plan, bundle, database, guard } = options;
  const hasRelay = usesRelay(plan.contender);
  const ports = await choosePorts(options);
  const relayPort = hasRelay ? await freePort() : null;
  await runPrepare(options);
  const isToldOnly = plan.contender.transport !== 'polling' && settingOf(plan.contender, 'feed') === 'local';
  const certificate = settingOf(plan.contender, 'tls') === 'on' ? await makeCertificate(guard.directory, host) : null;
  const origins = ports.map((port) => `${certificate === null ? 'http' : 'https'}://${host}:${port}`);
  const changeUrl = isToldOnly ? `${origins[0]}${paths.change}` : null;
  const relayOrigins = relayPort === null ? [] : [`http://${host}:${relayPort}`];
  return {
    target: { ...targetOf(plan.contender, ports), authority: certificate?.certificate ?? null },
    metricsUrls: [...origins, ...relayOrigins].map((origin) => `${origin}${paths.metrics}`),
    publish: {
      command: process.execPath,
      args: [bundle, 'publish'],
      env: {
        [settingsVariable]: JSON.stringify({ postgresUrl: database.publisherUrl, changeUrl }),
        ...(certificate !== null && { NODE_EXTRA_CA_CERTS: certificate.certificateFile }),
      },
    },
    start: () => startProcesses({ ...options, certificate }, ports, relayPort),
  };
}

async function startProcesses(
  options: SystemOptions & { readonly certificate: Certificate | null },
  ports: readonly number[],
  relayPort: number | null,
): Promise<ReferenceSystem> {
  const { certificate } = options;
  const tls = certificate && { certificateFile: certificate.certificateFile, keyFile: certificate.keyFile };
  const nameOf = (index: number) => (ports.length > 1 ? `server ${index + 1}` : 'server');
  const startServers = () =>
    ports.map((port, index) => startRole(options, 'serve', { ...serverSettings(options), tls, port }, nameOf(index)));
  const startUs = nowUs();
  const [relay, ...servers] = await settleAll([
    relayPort === null ? null : startRole(options, 'relay', { ...relaySettings(options), port: relayPort }),
    ...startServers(),
  ]);
  return new RunningSystem({
    servers: servers.filter((child) => child !== null),
    relay: relay ?? null,
    startServers: () => settleAll(startServers()),
    startedInUs: nowUs() - startUs,
  });
}

interface SystemParts {
  readonly servers: readonly Child[];
  readonly relay: Child | null;
  readonly startServers: () => Promise<Child[]>;
  readonly startedInUs: number;
}

class RunningSystem implements ReferenceSystem {
  servers: readonly Child[];
  readonly relay: Child | null;
  readonly startedInUs: number;
  readonly died: Promise<Child>;
  readonly #startServers: () => Promise<Child[]>;
  readonly #askedToEnd = new Set<Child>();
  #tellDeath: (child: Child) => void = () => {};

  constructor({ servers, relay, startServers, startedInUs }: SystemParts) {
    this.servers = servers;
    this.relay = relay;
    this.startedInUs = startedInUs;
    this.#startServers = startServers;
    this.died = new Promise((resolve) => {
      this.#tellDeath = resolve;
    });
    for (const child of [...servers, ...(relay === null ? [] : [relay])]) this.#watch(child);
  }

  async endServers(signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void> {
    await Promise.all(this.servers.map((child) => this.#end(child, graceMs, signal)));
  }

  async restartServers(): Promise<void> {
    this.servers = await this.#startServers();
    for (const child of this.servers) this.#watch(child);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((child) => this.#end(child, 3_000)));
    if (this.relay !== null) await this.#end(this.relay, 2_000);
  }

  #end(child: Child, graceMs: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#askedToEnd.add(child);
    return child.stop(graceMs, signal);
  }

  #watch(child: Child): void {
    void child.exited.then(() => {
      if (!this.#askedToEnd.has(child)) this.#tellDeath(child);
    });
  }
}

/** One for each node; the first may be asked for. */
async function choosePorts({ plan, port }: SystemOptions): Promise<number[]> {
  const ports = port === undefined ? [] : [port];
  while (ports.length < plan.nodes) {
    const free = await freePort();
    if (!ports.includes(free)) ports.push(free);
  }
  return ports;
}

/** Whether a relay and Redis belong to this contender. */
export function usesRelay(contender: Contender): boolean {
  return contender.transport !== 'polling' && settingOf(contender, 'feed') === 'redis';
}

function targetOf(contender: Contender, ports: readonly number[]): Omit<ReferenceTargetPlan, 'authority'> {
  const auth = settingOf(contender, 'auth') as ReferenceTargetPlan['auth'];
  return {
    kind: 'reference',
    transport: contender.transport,
    addresses: ports.map((port) => ({ host, port })),
    keepAlive: settingOf(contender, 'keep-alive') === 'on',
    etag: settingOf(contender, 'etag') === 'on',
    auth,
    token: 'freshet',
  };
}

function serverSettings({ plan, database, redisUrl, guard }: SystemOptions): Partial<ServerSettings> {
  const { contender } = plan;
  const ms = (name: string) => Number(settingOf(contender, name)) / 1000;
  return {
    transport: contender.transport,
    postgresUrl: database.serverUrl,
    redisUrl,
    redisChannel: `freshet:${guard.runId}:${database.name}`,
    poolSize: plan.poolSize,
    audiences: plan.audiences,
    payloadBytes: plan.payloadBytes,
    queryCostMs: plan.queryCostUs / 1000,
    feed: settingOf(contender, 'feed') as ServerSettings['feed'],
    cacheMs: ms('cache'),
    etag: settingOf(contender, 'etag') === 'on',
    keepAlive: settingOf(contender, 'keep-alive') === 'on',
    keepAliveTimeoutMs: Math.max(75_000, Math.round((2 * plan.pollIntervalUs) / 1000)),
    holdMs: ms('hold'),
    snapshot: settingOf(contender, 'snapshot') as ServerSettings['snapshot'],
    heartbeat: settingOf(contender, 'heartbeat') as ServerSettings['heartbeat'],
    heartbeatMs: ms('heartbeat-interval'),
    auth: settingOf(contender, 'auth') as ServerSettings['auth'],
    backlog: Number(settingOf(contender, 'backlog')),
    admitPerSecond: Number(settingOf(contender, 'admit')) || null,
    turnAwayWith: settingOf(contender, 'turn-away') as ServerSettings['turnAwayWith'],
  };
}

function relaySettings(options: SystemOptions): Partial<ServerSettings> {
  const { postgresUrl, redisUrl, redisChannel, poolSize, audiences, payloadBytes, queryCostMs } =
    serverSettings(options);
  return {
    postgresUrl,
    redisUrl,
    redisChannel,
    poolSize,
    audiences,
    payloadBytes,
    queryCostMs,
  } as Partial<ServerSettings>;
}

async function runPrepare({ guard, bundle, database, plan }: SystemOptions): Promise<void> {
  const { serverRole, publisherRole, adminUrl } = database;
  const settings = { postgresUrl: adminUrl, serverRole, publisherRole, audiences: plan.audiences, seed: plan.dataSeed };
  const child = await startChild({
    guard,
    name: 'prepare',
    command: process.execPath,
    args: [bundle, 'prepare'],
    env: { [settingsVariable]: JSON.stringify(settings) },
    readyLine: true,
    readyTimeoutMs: 60_000,
  });
  checkReady(child);
  await child.exited;
}

async function startRole(
  options: SystemOptions,
  role: 'serve' | 'relay',
  settings: object,
  name: string = role,
): Promise<Child> {
  const { guard, bundle } = options;
  const child = await startChild({
    guard,
    name,
    command: process.execPath,
    args: ['--enable-source-maps', bundle, role],
    env: { [settingsVariable]: JSON.stringify(settings) },
    readyLine: true,
  });
  checkReady(child);
  return child;
}

function checkReady(child: Child): void {
  const ready = child.ready as Partial<ReadyLine> | null;
  if (ready?.interface !== serverInterface) {
    throw new FreshetError(
      'environment',
      `${child.name} speaks '${ready?.interface ?? 'nothing known'}'; expected ${serverInterface}; use a tree whose servers fit this harness`,
    );
  }
}
