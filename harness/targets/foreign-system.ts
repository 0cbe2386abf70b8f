// Servers of target files as systems to measure: where each is, which of its figures can be had, and why the others cannot.
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { wallClock } from '../contract/clock.ts';
import { FreshetError, messageOf } from '../contract/errors.ts';
import type { ForeignSubject } from '../contract/foreign.ts';
import type { MetricName } from '../contract/metrics.ts';
import type { Address } from '../contract/target.ts';
import { settingOf } from '../plan/contender.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Guard } from '../services/guard.ts';
import { withClient } from '../services/postgres-client.ts';
import type { TargetDefinition } from './define-target.ts';
import type { ForeignTargetPlan } from './foreign.ts';
import { startForeignServers } from './foreign-servers.ts';
import type { CountedDatabase, MeasuredSystem, SystemLayout } from './system.ts';

/** A target file that was read. */
export interface ForeignTarget {
  readonly subject: ForeignSubject;
  readonly definition: TargetDefinition;
  /** As its user named it. */
  readonly file: string;
}

interface ForeignSystemOptions {
  readonly guard: Guard;
  readonly targets: readonly (ForeignTarget & { readonly bundle: string })[];
  /** The bundle of the program that publishes. */
  readonly program: string;
  readonly postgresUrl: string | undefined;
}

export function foreignSystem(options: ForeignSystemOptions): MeasuredSystem {
  return { services: { postgres: null, redis: null }, prepare: (plan) => prepareForeign(plan, options) };
}

async function prepareForeign(plan: TrialPlan, options: ForeignSystemOptions): Promise<SystemLayout> {
  const target = options.targets.find(({ subject }) => subject.name === plan.contender.foreign?.name);
  if (target === undefined) throw new FreshetError('bug', `no target file for ${plan.contender.name}`);
  const { definition, file, bundle, subject } = target;
  const directory = dirname(resolve(file));
  const address = await addressOf(subject.url);
  // Larger than whatever an earlier trial, or run, has published.
  const base = wallClock().getTime();
  const database = await findDatabase(definition, options.postgresUrl);
  const where: ForeignTargetPlan = {
    kind: 'foreign',
    transport: definition.transport,
    bundle,
    file,
    url: subject.url,
    addresses: [address],
    isSecure: /^(https|wss):/.test(subject.url),
    authority: await readAuthority(definition, { directory, file }),
    keepAlive: settingOf(plan.contender, 'keep-alive') === 'on',
    changes: subject.changes,
    base,
  };
  return {
    target: where,
    nginxConf: null,
    accessLogFile: null,
    metricsUrls: definition.metrics === undefined ? [] : [definition.metrics],
    publish:
      definition.publish === undefined
        ? null
        : {
            command: process.execPath,
            args: ['--enable-source-maps', options.program, bundle, file, String(base), subject.url],
            // What vouches for the server does so for `fetch` as well.
            env: definition.ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: resolve(directory, definition.ca) },
          },
    database,
    unseen: unseenOf(target, database),
    link: null,
    start: () =>
      startForeignServers({
        guard: options.guard,
        definition: { ...definition, url: subject.url },
        name: file,
        directory,
        address,
      }),
  };
}

async function readAuthority(
  { ca }: TargetDefinition,
  { directory, file }: { readonly directory: string; readonly file: string },
): Promise<string | null> {
  if (ca === undefined) return null;
  const path = resolve(directory, ca);
  try {
    const text = await readFile(path, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch (error) {
    throw new FreshetError('input', `${file}: ca is '${ca}': ${messageOf(error)}; expected a certificate (PEM)`);
  }
  throw new FreshetError('input', `${file}: ca is '${ca}', which holds no certificate; expected one (PEM)`);
}

/** Its name is asked for once: a thousand clients that connect should not ask a thousand times. */
async function addressOf(text: string): Promise<Address> {
  const url = new URL(text);
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port) || (/^(https|wss):$/.test(url.protocol) ? 443 : 80);
  try {
    const { address } = await lookup(name);
    return { host: address, port, ...(address !== name && { name }) };
  } catch (error) {
    throw new FreshetError(
      'environment',
      `the address of ${name} cannot be found: ${messageOf(error)}; expected a host of ${text}`,
    );
  }
}

async function findDatabase(
  { role }: TargetDefinition,
  postgresUrl: string | undefined,
): Promise<CountedDatabase | Pick<CountedDatabase, 'statements'>> {
  const unavailable = (reason: string) => ({ statements: { available: false as const, reason } });
  if (role === undefined) return unavailable('the target file names no role whose queries are to be counted');
  if (postgresUrl === undefined) return unavailable('no --postgres names the database of the target’s role');
  try {
    await withClient(postgresUrl, (client) => client.query('SELECT count(*) FROM pg_stat_statements(false)'));
  } catch (error) {
    return unavailable(`pg_stat_statements cannot be read there: ${messageOf(error)}`);
  }
  return { adminUrl: postgresUrl, serverRole: role, publisherRole: '', statements: { available: true } };
}

const poolFigures = ['db.queriesFailed', 'db.poolWaitUs', 'db.poolWaiting', 'db.poolTimeouts'] as const;
const versionFigures = [
  'freshnessUs',
  'staleShare',
  'http.unchangedShare',
  'updates.delivered',
  'updates.superseded',
  'updates.missed',
  'updates.duplicate',
  'updates.outOfOrder',
  'deliveryRatio',
  'storm.missedAway',
  'storm.madeUpBySnapshot',
  'storm.madeUpByReplay',
] as const;
const processFigures = ['server.cpuMsPerSecond', 'server.rssBytes', 'memory.bytesPerClient'] as const;

/** The figures that cannot be had of it, each with its reason. */
function unseenOf(
  { definition, subject }: ForeignTarget,
  { statements }: Pick<CountedDatabase, 'statements'>,
): Partial<Record<MetricName, string>> {
  const isProcessKnown = (definition.run ?? definition.pid ?? definition.metrics) !== undefined;
  const all = (names: readonly MetricName[], reason: string) => Object.fromEntries(names.map((name) => [name, reason]));
  return {
    ...all(poolFigures, 'only the reference servers tell of their pool'),
    ...(statements.available ? {} : all(['storm.dbQueriesPeakPerSecond'], statements.reason)),
    ...(subject.tellsVersions ? {} : all(versionFigures, 'the target file has no decode: messages yield no version')),
    ...(definition.snapshot === false
      ? all(
          ['storm.madeUpBySnapshot'],
          'nobody is sent the state on connecting: the next change makes up for what was missed',
        )
      : {}),
    ...(subject.changes === 'ours' ? {} : all(['updates.published'], 'the server makes its changes itself')),
    ...(isProcessKnown ? {} : all(processFigures, 'the target file names neither pid nor metrics of the server')),
    'system.cpuMsPerSecond': 'of a foreign system only the server itself can be seen',
    'server.eventLoopDelayUs': 'only the reference servers tell of their event loop',
  };
}
