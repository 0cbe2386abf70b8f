// `serve`: reference servers of several transports on one database, with changes and a live page, until Ctrl-C; to be looked at with a
// browser, curl or wscat.
import { join, resolve } from 'node:path';
import { dashboard } from '../../scenarios/dashboard.ts';
import { paths } from '../../servers/protocol.ts';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { parseSetting } from '../contract/settings.ts';
import { type Contender, parseContender, settingOf } from '../plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import { Publisher } from '../publisher/publisher.ts';
import { buildBundles, entryPoints } from '../services/bundle.ts';
import { createDatabase } from '../services/database.ts';
import { settleAll } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import {
  prepareReferenceSystem,
  type ReferenceLayout,
  type ReferenceSystem,
  usesRelay,
} from '../targets/reference-system.ts';
import { toItsEnd, watch, whileAlive } from '../trial/watch.ts';
import { guarded } from './guarded.ts';
import { abortOnSignals } from './interrupt.ts';
import { type Served, startLivePage } from './serve/page.ts';

/** Serves until a signal comes, which it throws as `Interrupted`, or a part of it dies, which it throws as `environment`. */
export async function runServe(
  texts: readonly string[],
  flags: Readonly<Record<string, string | undefined>>,
): Promise<never> {
  const request = readServeRequest(texts, flags);
  const signal = abortOnSignals();
  return guarded({ signal }, (guard) => serve(request, { guard, signal }));
}

type ServeRequest = ReturnType<typeof readServeRequest>;

/** Starts everything, says where it is, and publishes a change every interval for as long as all of it lives. */
async function serve(
  { plans, port, logFile, postgresUrl, redisUrl }: ServeRequest,
  { guard, signal }: { guard: Guard; signal: AbortSignal },
): Promise<never> {
  const [bundles, postgres, redis] = await settleAll([
    buildBundles(guard.directory, entryPoints()),
    startPostgres({ guard, url: postgresUrl }),
    plans.some(({ contender }) => usesRelay(contender)) ? startRedis({ guard, url: redisUrl }) : null,
  ]);
  const services = [postgres, redis];
  const log = logFile ?? join(guard.directory, 'connections.jsonl');
  const { layouts, systems, publisher } = await toItsEnd(watch({ signal, services }), startSystems());
  const served = layouts.map(({ plan, target }) => servedBy(plan, target));
  const page = await startLivePage(served.flat(), plans.length > 1 ? port : undefined);
  process.stdout.write(describeServing({ page: page.url, log, layouts }));
  const alive = watch({
    signal,
    services: [...services, ...systems.map(({ balancer }) => balancer)],
    children: [publisher.child],
    deaths: systems.map(({ died }) => died),
    losses: [publisher.lost],
  });
  return whileAlive(alive, publishForever()).finally(() => page.close());

  async function startSystems() {
    const database = await createDatabase({ guard, postgres });
    const layouts: ServedLayout[] = [];
    // One after the other: each makes the dashboards anew.
    for (const plan of plans) {
      const own = plans.length === 1 && port !== undefined ? { port } : {};
      const options = { guard, bundle: bundles.servers, database, postgres, redis, plan, connectionLog: log, ...own };
      layouts.push({ plan, ...(await prepareReferenceSystem(options)) });
    }
    const [first] = layouts;
    if (first === undefined) throw new FreshetError('bug', 'nothing to serve');
    const { publish } = layouts.find(({ plan }) => isToldOnly(plan.contender)) ?? first;
    const [publisher, ...systems] = await settleAll([
      Publisher.start({ guard, bundle: bundles.publisher, publish }),
      ...layouts.map((layout) => layout.start()),
    ]);
    return { layouts, systems: systems as ReferenceSystem[], publisher: publisher as Publisher };
  }

  async function publishForever(): Promise<never> {
    const updateIntervalUs = plans[0]?.updateIntervalUs ?? 0;
    for (let version = 1; ; version++) {
      signal.throwIfAborted();
      publisher.schedule([{ audience: 0, version, intendedUs: Math.round(nowUs() + updateIntervalUs) }]);
      await sleepUs(updateIntervalUs);
    }
  }
}

type ServedLayout = ReferenceLayout & { readonly plan: TrialPlan };

/** The servers of a contender, as the page shows them. */
function servedBy(
  { contender, pollIntervalUs }: TrialPlan,
  { addresses, authority }: ReferenceLayout['target'],
): Served[] {
  return addresses.map((address, index) => ({
    name: addresses.length > 1 ? `${contender.name}, server ${index + 1}` : contender.name,
    transport: contender.transport,
    address,
    pollIntervalMs: pollIntervalUs / 1000,
    authority,
  }));
}

/** Changes reach such a server only because the publisher tells it. */
function isToldOnly(contender: Contender): boolean {
  return contender.transport !== 'polling' && settingOf(contender, 'feed') === 'local';
}

/** All four, none of which needs more than Postgres. */
const defaultContenders = ['polling', 'long-polling', 'sse', 'websocket+postgres'];

function readServeRequest(texts: readonly string[], flags: Readonly<Record<string, string | undefined>>) {
  const problems: string[] = [];
  const contenders: Contender[] = [];
  const named = texts.flatMap((text) => text.split(','));
  for (const text of named.length === 0 ? defaultContenders : named) {
    const parsed = parseContender(text);
    if ('problems' in parsed) problems.push(...parsed.problems);
    else contenders.push(parsed.contender);
  }
  if (contenders.filter(isToldOnly).length > 1)
    problems.push('several contenders have feed local; expected one, since each change is told to one server');
  const interval = parseSetting(
    '--update-interval',
    dashboard.settings['update-interval'],
    flags.updateInterval ?? '5s',
  );
  if ('problem' in interval) problems.push(interval.problem);
  const port = parseSetting(
    '--port',
    { kind: 'count', default: 0, min: 1, max: 65535, meaning: '' },
    flags.port ?? '1',
  );
  if ('problem' in port) problems.push(port.problem);
  if (problems.length > 0 || 'problem' in interval || 'problem' in port) throw new FreshetError('input', problems);
  const settings = settingsOf(dashboard, { 'update-interval': interval.value });
  return {
    plans: planTrials(dashboard, { settings, contenders, repeat: 1, seed: 42 }),
    port: flags.port === undefined ? undefined : Number(port.value),
    logFile: flags.log === undefined ? undefined : resolve(flags.log),
    postgresUrl: flags.postgres ?? process.env.DATABASE_URL,
    redisUrl: flags.redis ?? process.env.REDIS_URL,
  };
}

function describeServing({
  page,
  log,
  layouts,
}: {
  page: string;
  log: string;
  layouts: readonly ServedLayout[];
}): string {
  const looks = layouts.flatMap(({ plan, target }) => looksAt(plan.contender, target));
  return [
    'Serving. In a browser:',
    `  ${page}`,
    'Or look with:',
    ...looks.map((line) => `  ${line}`),
    'Who connects and leaves, with counts:',
    `  tail -f '${log}'`,
    'End with Ctrl-C.',
    '',
  ].join('\n');
}

function looksAt(contender: Contender, { transport, addresses }: ReferenceLayout['target']): string[] {
  // Its certificate is made for this run: nobody can know it.
  const [s, curl, wscat] =
    settingOf(contender, 'tls') === 'on' ? ['s', 'curl -k', 'npx wscat -n'] : ['', 'curl', 'npx wscat'];
  const path = transport === 'sse' ? paths.events : paths.dashboard;
  return addresses.flatMap(({ host, port }) => [
    transport === 'websocket'
      ? `${wscat} -c 'ws${s}://${host}:${port}${paths.websocket}?audience=0'`
      : `${curl} -N 'http${s}://${host}:${port}${path}?audience=0'`,
    `${curl} 'http${s}://${host}:${port}${paths.metrics}'`,
  ]);
}
