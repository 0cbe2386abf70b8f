// `serve`: one reference server with its database and changes, until Ctrl-C; to be looked at with curl, wscat or a browser.

import { dashboard } from '../../scenarios/dashboard.ts';
import { paths } from '../../servers/protocol.ts';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { parseSetting } from '../contract/settings.ts';
import { type Contender, parseContender, settingOf } from '../plan/contender.ts';
import { planTrials, settingsOf } from '../plan/trial-plan.ts';
import { Publisher } from '../publisher/publisher.ts';
import { buildBundles, entryPoints } from '../services/bundle.ts';
import { createDatabase } from '../services/database.ts';
import { settleAll } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import { prepareReferenceSystem, usesRelay } from '../targets/reference-system.ts';
import { toItsEnd, watch, whileAlive } from '../trial/watch.ts';
import { guarded } from './guarded.ts';
import { abortOnSignals } from './interrupt.ts';

/** Serves until a signal comes, which it throws as `Interrupted`, or a part of it dies, which it throws as `environment`. */
export async function runServe(text: string, flags: Readonly<Record<string, string | undefined>>): Promise<never> {
  const request = readServeRequest(text, flags);
  const signal = abortOnSignals();
  return guarded({ signal }, (guard) => serve(request, { guard, signal }));
}

type ServeRequest = ReturnType<typeof readServeRequest>;

/** Starts everything, says where it is, and publishes a change every interval for as long as all of it lives. */
async function serve(
  { plan, port, postgresUrl, redisUrl }: ServeRequest,
  { guard, signal }: { guard: Guard; signal: AbortSignal },
): Promise<never> {
  const [bundles, postgres, redis] = await settleAll([
    buildBundles(guard.directory, entryPoints()),
    startPostgres({ guard, url: postgresUrl }),
    usesRelay(plan.contender) ? startRedis({ guard, url: redisUrl }) : null,
  ]);
  const services = [postgres, redis];
  const { system, publisher, addresses } = await toItsEnd(watch({ signal, services }), startSystem());
  process.stdout.write(describeServer(plan.contender, addresses));
  const alive = watch({
    signal,
    services: [...services, system.balancer],
    children: [publisher.child],
    deaths: [system.died],
    losses: [publisher.lost],
  });
  return whileAlive(alive, publishForever());

  async function startSystem() {
    const database = await createDatabase({ guard, postgres });
    const options = { guard, bundle: bundles.servers, database, postgres, redis, plan, port };
    const layout = await prepareReferenceSystem(options);
    const [system, publisher] = await settleAll([
      layout.start(),
      Publisher.start({ guard, bundle: bundles.publisher, publish: layout.publish }),
    ]);
    return { system, publisher, addresses: layout.target.addresses.map(({ host, port }) => `${host}:${port}`) };
  }

  async function publishForever(): Promise<never> {
    for (let version = 1; ; version++) {
      signal.throwIfAborted();
      publisher.schedule([{ audience: 0, version, intendedUs: Math.round(nowUs() + plan.updateIntervalUs) }]);
      await sleepUs(plan.updateIntervalUs);
    }
  }
}

function readServeRequest(text: string, flags: Readonly<Record<string, string | undefined>>) {
  const problems: string[] = [];
  const parsed = parseContender(text);
  if ('problems' in parsed) problems.push(...parsed.problems);
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
  if ('problems' in parsed || 'problem' in interval || 'problem' in port) throw new FreshetError('input', problems);
  const settings = settingsOf(dashboard, { 'update-interval': interval.value });
  const [plan] = planTrials(dashboard, { settings, contenders: [parsed.contender], repeat: 1, seed: 42 });
  if (plan === undefined) throw new FreshetError('bug', 'a contender gave no trial');
  return {
    plan,
    port: flags.port === undefined ? undefined : Number(port.value),
    postgresUrl: flags.postgres ?? process.env.DATABASE_URL,
    redisUrl: flags.redis ?? process.env.REDIS_URL,
  };
}

function describeServer(contender: Contender, addresses: readonly string[]): string {
  const { transport } = contender;
  // Its certificate is made for this run: nobody can know it.
  const [s, curl, wscat] =
    settingOf(contender, 'tls') === 'on' ? ['s', 'curl -k', 'npx wscat -n'] : ['', 'curl', 'npx wscat'];
  const path = transport === 'sse' ? paths.events : paths.dashboard;
  const looks = addresses.map((address) =>
    transport === 'websocket'
      ? `${wscat} -c 'ws${s}://${address}${paths.websocket}?audience=0'`
      : `${curl} -N 'http${s}://${address}${path}?audience=0'`,
  );
  const metrics = addresses.map((address) => `${curl} 'http${s}://${address}${paths.metrics}'`);
  return ['Serving. Look with:', ...[...looks, ...metrics].map((line) => `  ${line}`), 'End with Ctrl-C.', ''].join(
    '\n',
  );
}
