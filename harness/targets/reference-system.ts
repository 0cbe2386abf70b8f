// The reference servers as processes: prepares the database, starts the relay, the server nodes and their balancer for one contender, says
// how to publish.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Offer, paths, type ReadyLine, serverInterface, settingsVariable } from '../../servers/protocol.ts';
import type { ServerSettings } from '../../servers/settings.ts';
import { nowUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { isLoopback } from '../contract/loopback.ts';
import type { PublishProgram, SystemProcesses } from '../contract/target.ts';
import { connectionsInAll } from '../plan/capacity.ts';
import { type Contender, settingOf } from '../plan/contender.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { type Certificate, makeCertificate } from '../services/certificate.ts';
import { type Child, startChild } from '../services/child.ts';
import { settleAll } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { type NetworkLink, openNetworkLink } from '../services/network-link.ts';
import { findNginx, type NginxProgram, startNginx } from '../services/nginx.ts';
import { type BalancerPlan, nginxConf } from '../services/nginx-conf.ts';
import { freePort } from '../services/ports.ts';
import type { Database, Service } from '../services/service.ts';
import type { ReferenceTargetPlan } from './reference.ts';
import type { MeasuredSystem, RunningSystem, SystemLayout } from './system.ts';
import { type Credentials, credentialsOf } from './token.ts';

/** The reference servers as they run: children of ours. */
export interface ReferenceSystem extends RunningSystem {
  readonly servers: readonly Child[];
  readonly relay: Child | null;
  readonly balancer: Service | null;
}

/** Where they will be; `start` starts them. */
export interface ReferenceLayout extends SystemLayout {
  readonly target: ReferenceTargetPlan;
  readonly publish: PublishProgram;
  start(): Promise<ReferenceSystem>;
}

export interface SystemOptions {
  readonly guard: Guard;
  /** The servers' bundle; runs under plain node. */
  readonly bundle: string;
  /** Which version they are, as in `of --baseline main`, where there are several. */
  readonly version?: string;
  readonly database: Database;
  /** Where the database is; `null` where nobody asks what it costs. */
  readonly postgres: Service | null;
  readonly redis: Service | null;
  /** What balances; looked for on this machine where it is not given. */
  readonly nginx?: NginxProgram | null;
  readonly plan: TrialPlan;
  /** The IPv4 address that servers listen on and are called by; loopback by default. */
  readonly serveHost?: string;
  /** Of the first address for clients; a free one by default. */
  readonly port?: number | undefined;
  /** A file for the servers' log of connections; absent: they keep none. */
  readonly connectionLog?: string;
}

/** The options, and the IPv4 address that servers and balancer listen on. */
interface PlacedOptions extends SystemOptions {
  readonly host: string;
}

const loopback = '127.0.0.1';

/** The reference servers as a system to measure; `bundle` is that of the version in question, and each trial finds the database prepared anew. */
export function referenceSystem(options: Omit<SystemOptions, 'plan' | 'port'>): MeasuredSystem {
  const { postgres, redis } = options;
  return { services: { postgres, redis }, prepare: (plan) => prepareReferenceSystem({ ...options, plan }) };
}

/** Prepares the database for this contender, and says where its servers will be. */
export async function prepareReferenceSystem(asked: SystemOptions): Promise<ReferenceLayout> {
  const { plan, bundle, database, guard } = asked;
  const link = await openLinkFor(plan, guard);
  const host = link?.host ?? asked.serveHost ?? loopback;
  const options = { ...asked, host };
  const hasRelay = usesRelay(plan.contender);
  const certificate = settingOf(plan.contender, 'tls') === 'on' ? await makeCertificate(guard.directory, host) : null;
  const { ports, balancer } = await choosePlaces(options, certificate);
  const relayPort = hasRelay ? await freePort() : null;
  const credentials = await credentialsOf(plan.contender);
  await runPrepare(options, credentials);
  const isToldOnly = plan.contender.transport !== 'polling' && settingOf(plan.contender, 'feed') === 'local';
  // Where there is a balancer, it is the end of TLS.
  const ownCertificate = balancer === null ? certificate : null;
  const origins = ports.map((port) => `${ownCertificate === null ? 'http' : 'https'}://${host}:${port}`);
  const changeUrl = isToldOnly ? `${origins[0]}${paths.change}` : null;
  const relayOrigins = relayPort === null ? [] : [`http://${loopback}:${relayPort}`];
  return {
    target: {
      ...targetOf(plan.contender, host, balancer === null ? ports : [balancer.port]),
      token: credentials.token,
      authority: certificate?.certificate ?? null,
      ...(balancer !== null && !plan.network.oneAddress && isLoopback(host) && { networksSeed: plan.seed }),
    },
    nginxConf: balancer === null ? null : nginxConf(balancer),
    accessLogFile:
      balancer === null || balancer.accessLog === null ? null : join(guard.directory, 'nginx', balancer.accessLog),
    metricsUrls: [...origins, ...relayOrigins].map((origin) => `${origin}${paths.metrics}`),
    publish: {
      command: process.execPath,
      args: [bundle, 'publish'],
      env: {
        [settingsVariable]: JSON.stringify({ postgresUrl: database.publisherUrl, changeUrl }),
        ...(ownCertificate !== null && { NODE_EXTRA_CA_CERTS: ownCertificate.certificateFile }),
      },
    },
    database,
    unseen: {},
    link,
    start: () =>
      startProcesses({ ...options, certificate: ownCertificate, credentials }, { ports, relayPort, balancer }),
  };
}

/** A network for those who are to vanish; `null` where nobody is, or where it is not allowed and need not be. */
async function openLinkFor({ vanishing }: TrialPlan, guard: Guard): Promise<NetworkLink | null> {
  if (vanishing === null || vanishing.by === 'freeze') return null;
  const opening = openNetworkLink(guard);
  return vanishing.by === 'auto' ? opening.catch(() => null) : opening;
}

async function startProcesses(
  options: PlacedOptions & { readonly certificate: Certificate | null; readonly credentials: Credentials },
  { ports, relayPort, balancer }: Places & { readonly relayPort: number | null },
): Promise<ReferenceSystem> {
  const tls = filesOf(options.certificate);
  const nameOf = (index: number) => (ports.length > 1 ? `server ${index + 1}` : 'server');
  const settings = { ...serverSettings(options), ...options.credentials.serve, tls };
  const startServer = (index: number) =>
    startRole(options, 'serve', { ...settings, port: ports[index] }, nameOf(index));
  const startServers = () => ports.map((_, index) => startServer(index));
  const startUs = nowUs();
  const [nginx, relay, ...servers] = await settleAll([
    balancer === null ? null : startBalancer(options, balancer),
    relayPort === null ? null : startRole(options, 'relay', { ...relaySettings(options), port: relayPort }),
    ...startServers(),
  ]);
  return new StartedSystem({
    options,
    servers: servers.filter((child) => child !== null),
    relay: relay ?? null,
    balancer: nginx ?? null,
    startServer,
    startedInUs: nowUs() - startUs,
  });
}

interface SystemParts {
  readonly options: Pick<SystemOptions, 'postgres' | 'redis'>;
  readonly servers: readonly Child[];
  readonly relay: Child | null;
  readonly balancer: Service | null;
  readonly startServer: (node: number) => Promise<Child>;
  readonly startedInUs: number;
}

class StartedSystem implements ReferenceSystem {
  servers: readonly Child[];
  readonly relay: Child | null;
  readonly balancer: Service | null;
  readonly startedInUs: number;
  readonly died: Promise<Child>;
  readonly #options: SystemParts['options'];
  readonly #startServer: SystemParts['startServer'];
  readonly #askedToEnd = new Set<Child>();
  #tellDeath: (child: Child) => void = () => {};

  constructor({ options, servers, relay, balancer, startServer, startedInUs }: SystemParts) {
    this.#options = options;
    this.servers = servers;
    this.relay = relay;
    this.balancer = balancer;
    this.startedInUs = startedInUs;
    this.#startServer = startServer;
    this.died = new Promise((resolve) => {
      this.#tellDeath = resolve;
    });
    for (const child of [...servers, ...(relay === null ? [] : [relay])]) this.#watch(child);
  }

  get hasRelay(): boolean {
    return this.relay !== null;
  }

  get services(): readonly Service[] {
    return this.balancer === null ? [] : [this.balancer];
  }

  get processes(): SystemProcesses {
    const { postgres, redis } = this.#options;
    const pidsOf = (part: { readonly pid: number | null } | null) => (part?.pid == null ? [] : [part.pid]);
    return {
      servers: this.servers.map(({ pid }) => pid),
      relay: pidsOf(this.relay),
      redis: this.relay === null ? [] : pidsOf(redis),
      postgres: pidsOf(postgres),
      nginx: pidsOf(this.balancer),
    };
  }

  async endServers(signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void> {
    await Promise.all(this.servers.map((child) => this.#end(child, graceMs, signal)));
  }

  async restartServers(): Promise<void> {
    this.servers = await settleAll(this.servers.map((_, node) => this.#startServer(node)));
    for (const child of this.servers) this.#watch(child);
  }

  async endServer(node: number, signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void> {
    const child = this.servers[node];
    if (child !== undefined) await this.#end(child, graceMs, signal);
  }

  async restartServer(node: number): Promise<void> {
    const child = await this.#startServer(node);
    this.servers = this.servers.with(node, child);
    this.#watch(child);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((child) => this.#end(child, 3_000)));
    await this.balancer?.stop();
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

interface Places {
  /** Of the nodes. */
  readonly ports: readonly number[];
  readonly balancer: BalancerPlan | null;
}

/** A port for each node, and one before them where they are balanced; the first that clients see may be asked for. */
async function choosePlaces({ plan, port, host }: PlacedOptions, certificate: Certificate | null): Promise<Places> {
  const { balancing, contender } = plan;
  const ports = port === undefined ? [] : [port];
  while (ports.length < plan.nodes + (balancing === null ? 0 : 1)) {
    const free = await freePort(host);
    if (!ports.includes(free)) ports.push(free);
  }
  if (balancing === null) return { ports, balancer: null };
  const [first = 0, ...nodePorts] = ports;
  const balancer = {
    balancing,
    host,
    port: first,
    nodePorts,
    connections: connectionsInAll(plan),
    backlog: Number(settingOf(contender, 'backlog')),
    workers: availableParallelism(),
    keepAliveMs: keepAliveMs(plan),
    passiveChecks: settingOf(contender, 'passive-checks') === 'on',
    idleTimeoutMs: plan.network.proxyTimeoutUs === null ? null : plan.network.proxyTimeoutUs / 1000,
    accessLog: settingOf(contender, 'auth') === 'none' ? null : `../access-${first}.log`,
    tls: filesOf(certificate),
  };
  return { ports: nodePorts, balancer };
}

function filesOf(certificate: Certificate | null): BalancerPlan['tls'] {
  return certificate && { certificateFile: certificate.certificateFile, keyFile: certificate.keyFile };
}

async function startBalancer({ guard, nginx }: SystemOptions, plan: BalancerPlan): Promise<Service> {
  return startNginx({ guard, program: nginx ?? (await findNginx({ guard })), plan });
}

/** Longer than a slow poller is silent. */
function keepAliveMs({ pollIntervalUs }: TrialPlan): number {
  return Math.max(75_000, Math.round((2 * pollIntervalUs) / 1000));
}

/** Whether a relay and Redis belong to this contender. */
export function usesRelay(contender: Contender): boolean {
  return (
    contender.foreign === undefined && contender.transport !== 'polling' && settingOf(contender, 'feed') === 'redis'
  );
}

function targetOf(
  contender: Contender,
  host: string,
  ports: readonly number[],
): Omit<ReferenceTargetPlan, 'authority' | 'token'> {
  const auth = settingOf(contender, 'auth') as ReferenceTargetPlan['auth'];
  return {
    kind: 'reference',
    transport: contender.transport,
    addresses: ports.map((port) => ({ host, port })),
    keepAlive: settingOf(contender, 'keep-alive') === 'on',
    etag: settingOf(contender, 'etag') === 'on',
    auth,
  };
}

function serverSettings({ plan, database, redis, guard, host, connectionLog }: PlacedOptions): Partial<ServerSettings> {
  const { contender } = plan;
  const ms = (name: string) => Number(settingOf(contender, name)) / 1000;
  return {
    transport: contender.transport,
    host,
    ...(connectionLog !== undefined && { log: 'connections', logFile: connectionLog }),
    postgresUrl: database.serverUrl,
    redisUrl: redis?.url ?? null,
    redisChannel: `freshet:${guard.runId}:${database.name}`,
    poolSize: plan.poolSize,
    poolTimeoutMs: plan.poolTimeoutUs / 1000,
    audiences: plan.audiences,
    payloadBytes: plan.payloadBytes,
    queryCostMs: plan.queryCostUs / 1000,
    feed: settingOf(contender, 'feed') as ServerSettings['feed'],
    resync: settingOf(contender, 'resync') === 'on',
    cacheMs: ms('cache'),
    etag: settingOf(contender, 'etag') === 'on',
    keepAlive: settingOf(contender, 'keep-alive') === 'on',
    keepAliveTimeoutMs: keepAliveMs(plan),
    holdMs: ms('hold'),
    snapshot: settingOf(contender, 'snapshot') as ServerSettings['snapshot'],
    heartbeat: settingOf(contender, 'heartbeat') as ServerSettings['heartbeat'],
    heartbeatMs: ms('heartbeat-interval'),
    heartbeatTimeoutMs: ms('heartbeat-timeout'),
    heartbeatOnDemand: plan.vanishing !== null,
    tcpKeepAliveMs: ms('tcp-keep-alive'),
    slowClients: settingOf(contender, 'slow-clients') as ServerSettings['slowClients'],
    maxBufferedBytes: Number(settingOf(contender, 'buffer')),
    auth: settingOf(contender, 'auth') as ServerSettings['auth'],
    backlog: Number(settingOf(contender, 'backlog')),
    ...(plan.acting !== null && { actions: true }),
    admitPerSecond: Number(settingOf(contender, 'admit')) || null,
    turnAwayWith: settingOf(contender, 'turn-away') as ServerSettings['turnAwayWith'],
    ...drainSettings(plan),
  };
}

/** A node that tells its clients over a while has a second more until it cuts those that have not gone. */
function drainSettings({ contender }: TrialPlan): Partial<ServerSettings> {
  if (contender.transport === 'polling') return {};
  const spreadMs = Number(settingOf(contender, 'spread')) / 1000;
  return spreadMs === 0 ? {} : { spreadMs, drainMs: spreadMs + 1_000 };
}

function relaySettings(options: PlacedOptions): Partial<ServerSettings> {
  const { postgresUrl, redisUrl, redisChannel, resync, poolSize, poolTimeoutMs, audiences, payloadBytes, queryCostMs } =
    serverSettings(options);
  return {
    postgresUrl,
    redisUrl,
    redisChannel,
    resync,
    poolSize,
    poolTimeoutMs,
    audiences,
    payloadBytes,
    queryCostMs,
  } as Partial<ServerSettings>;
}

async function runPrepare(
  { guard, bundle, version, database, plan }: SystemOptions,
  { prepare }: Credentials,
): Promise<void> {
  const { serverRole, publisherRole, adminUrl } = database;
  const { audiences, dataSeed: seed } = plan;
  const settings = { postgresUrl: adminUrl, serverRole, publisherRole, audiences, seed, ...prepare };
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
  if (plan.acting !== null) checkOffer('actions', child, { scenario: plan.scenario, version });
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

/** What servers must be able to do beyond their interface, which the first of it could not. */
function checkOffer(
  offer: Offer,
  child: Child,
  { scenario, version }: { readonly scenario: string; readonly version: string | undefined },
): void {
  const { offers = [] } = child.ready as Partial<ReadyLine>;
  if (offers.includes(offer)) return;
  const whose = version === undefined ? 'the servers' : `the servers ${version}`;
  throw new FreshetError(
    'input',
    `${whose} offer no ${offer}, which ${scenario} needs; expected a version whose servers do`,
  );
}
