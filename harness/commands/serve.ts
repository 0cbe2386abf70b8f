// `serve`: one reference server with its database and changes, until Ctrl-C; to be looked at with curl, wscat or a browser.

import { dashboard } from '../../scenarios/dashboard.ts';
import { paths } from '../../servers/protocol.ts';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { parseSetting } from '../contract/settings.ts';
import { parseContender } from '../plan/contender.ts';
import { planTrials, settingsOf } from '../plan/trial-plan.ts';
import { Publisher } from '../publisher/publisher.ts';
import { buildBundles, entryPoints } from '../services/bundle.ts';
import { createDatabase } from '../services/database.ts';
import { settleAll } from '../services/deadline.ts';
import { openGuard } from '../services/guard.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import { prepareReferenceSystem, usesRelay } from '../targets/reference-system.ts';
import { abortOnSignals } from './interrupt.ts';

/** Serves until a signal comes, which is the way to end it: exit code 0. */
export async function runServe(text: string, flags: Readonly<Record<string, string | undefined>>): Promise<number> {
  const { plan, port } = readServeRequest(text, flags);
  const interrupt = abortOnSignals();
  const guard = await openGuard();
  try {
    const [bundles, postgres, redis] = await settleAll([
      buildBundles(guard.directory, entryPoints()),
      startPostgres({ guard, url: flags.postgres ?? process.env.DATABASE_URL }),
      usesRelay(plan.contender) ? startRedis({ guard, url: flags.redis ?? process.env.REDIS_URL }) : null,
    ]);
    const database = await createDatabase({ guard, postgres });
    const layout = await prepareReferenceSystem({
      guard,
      bundle: bundles.servers,
      database,
      redisUrl: redis?.url ?? null,
      plan,
      port,
    });
    const system = await layout.start();
    const publisher = await Publisher.start({ guard, bundle: bundles.publisher, publish: layout.publish });
    process.stdout.write(
      describeServer(
        plan.contender.transport,
        layout.target.addresses.map((address) => `${address.host}:${address.port}`),
      ),
    );
    for (let version = 1; !interrupt.signal.aborted; version++) {
      publisher.schedule([{ audience: 0, version, intendedUs: Math.round(nowUs() + plan.updateIntervalUs) }]);
      await Promise.race([
        sleepUs(plan.updateIntervalUs),
        new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve, { once: true })),
      ]);
    }
    await publisher.stop();
    await system.stop();
    await database.drop();
    return 0;
  } finally {
    await guard.close();
    interrupt.release();
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
  return { plan, port: flags.port === undefined ? undefined : Number(port.value) };
}

function describeServer(transport: string, addresses: readonly string[]): string {
  const path = transport === 'sse' ? paths.events : paths.dashboard;
  const looks = addresses.map((address) =>
    transport === 'websocket'
      ? `npx wscat -c 'ws://${address}${paths.websocket}?audience=0'`
      : `curl -N 'http://${address}${path}?audience=0'`,
  );
  const metrics = addresses.map((address) => `curl 'http://${address}${paths.metrics}'`);
  return ['Serving. Look with:', ...[...looks, ...metrics].map((line) => `  ${line}`), 'End with Ctrl-C.', ''].join(
    '\n',
  );
}
