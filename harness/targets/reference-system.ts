// The reference servers as processes: prepares the database, starts the relay and the server nodes of one contender, says how to publish.

import { paths, type ReadyLine, serverInterface } from '../../servers/protocol.ts';
import type { ServerSettings } from '../../servers/settings.ts';
import { FreshetError } from '../contract/errors.ts';
import { type Contender, settingOf } from '../plan/contender.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { type Child, startChild } from '../services/child.ts';
import type { Guard } from '../services/guard.ts';
import { freePort } from '../services/ports.ts';
import type { Database } from '../services/service.ts';
import type { ReferenceTargetPlan } from './reference.ts';

export interface ReferenceSystem {
  readonly target: ReferenceTargetPlan;
  readonly servers: readonly Child[];
  readonly relay: Child | null;
  /** /metrics of the servers and the relay, in that order. */
  readonly metricsUrls: readonly string[];
  /** The program that commits changes. */
  readonly publish: { readonly command: string; readonly args: readonly string[] };
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

interface Started {
  readonly child: Child;
  readonly port: number;
}

const host = '127.0.0.1';

/** Everything that serves this contender, ready for clients. Throws `environment` when a part does not start; the guard ends the rest. */
export async function startReferenceSystem(options: SystemOptions): Promise<ReferenceSystem> {
  const { plan, bundle, database } = options;
  await runPrepare(options);
  const [relay, ...nodes] = await Promise.all([
    usesRelay(plan.contender) ? startRole(options, 'relay', relaySettings(options)) : null,
    ...Array.from({ length: plan.nodes }, (_, index) => startNode(options, index)),
  ]);
  const servers = nodes.filter((node) => node !== null);
  const [first] = servers;
  const isToldOnly = plan.contender.transport !== 'polling' && settingOf(plan.contender, 'feed') === 'local';
  const changeUrl = isToldOnly && first !== undefined ? `http://${host}:${first.port}${paths.change}` : null;
  return {
    target: targetOf(
      plan.contender,
      servers.map(({ port }) => port),
    ),
    servers: servers.map(({ child }) => child),
    relay: relay?.child ?? null,
    metricsUrls: [...servers, ...(relay === null ? [] : [relay])].map(
      ({ port }) => `http://${host}:${port}${paths.metrics}`,
    ),
    publish: {
      command: process.execPath,
      args: [bundle, 'publish', JSON.stringify({ postgresUrl: database.publisherUrl, changeUrl })],
    },
    stop: async () => {
      await Promise.all(servers.map(({ child }) => child.stop(3_000)));
      await relay?.child.stop(2_000);
    },
  };
}

/** A server node; the first listens where it was asked to. */
async function startNode(options: SystemOptions, index: number): Promise<Started> {
  const port = index === 0 && options.port !== undefined ? options.port : await freePort();
  const name = options.plan.nodes > 1 ? `server ${index + 1}` : 'server';
  return startRole(options, 'serve', { ...serverSettings(options), port }, name);
}

/** Whether a relay and Redis belong to this contender. */
export function usesRelay(contender: Contender): boolean {
  return contender.transport !== 'polling' && settingOf(contender, 'feed') === 'redis';
}

function targetOf(contender: Contender, ports: readonly number[]): ReferenceTargetPlan {
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
  const ms = (name: string) => Math.round(Number(settingOf(contender, name)) / 1000);
  return {
    transport: contender.transport,
    postgresUrl: database.serverUrl,
    redisUrl,
    redisChannel: `freshet:${guard.runId}:${database.name}`,
    poolSize: plan.poolSize,
    audiences: plan.audiences,
    payloadBytes: plan.payloadBytes,
    queryCostMs: Math.round(plan.queryCostUs / 1000),
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
    args: [bundle, 'prepare', JSON.stringify(settings)],
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
): Promise<Started> {
  const { guard, bundle } = options;
  const child = await startChild({
    guard,
    name,
    command: process.execPath,
    args: ['--enable-source-maps', bundle, role, JSON.stringify(settings)],
    readyLine: true,
  });
  const { port } = checkReady(child);
  if (port === null)
    throw new FreshetError('environment', `${name} is ready but names no port; expected one in its ready line`);
  return { child, port };
}

function checkReady(child: Child): ReadyLine {
  const ready = child.ready as Partial<ReadyLine> | null;
  if (ready?.interface !== serverInterface) {
    throw new FreshetError(
      'environment',
      `${child.name} speaks '${ready?.interface ?? 'nothing known'}'; expected ${serverInterface}; use a tree whose servers fit this harness`,
    );
  }
  return ready as ReadyLine;
}
