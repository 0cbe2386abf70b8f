// Role `relay`: LISTENs to Postgres, queries each changed dashboard once, and publishes the update message to Redis for all nodes.
// After its own start, and whenever Postgres or Redis was away, it publishes whatever is newer than what it has published (unless `resync`
// is off: then it is the plain publisher of the textbook, and what it could not publish is lost).
import type { Redis } from 'ioredis';
import type { Report } from '../app.ts';
import { nowUs } from '../clock.ts';
import { createEndpoint } from '../http.ts';
import { type Listening, listen } from '../listening.ts';
import { type Dashboard, encodeMessage } from '../message.ts';
import { Metrics } from '../metrics.ts';
import { type Cause, Refresher } from '../refresher.ts';
import type { RelaySettings } from '../settings.ts';
import { Store } from '../store.ts';
import type { FeedHandlers } from './feed.ts';
import { PostgresFeed } from './postgres.ts';
import { connectRedis, untilClosed } from './redis.ts';

const limits = { maxHeaderBytes: 16_384, maxMessageBytes: 0, keepAlive: true, keepAliveTimeoutMs: 5_000 };

/** Publishes each dashboard to Redis, and remembers what has got there. */
class Publisher {
  readonly #settings: RelaySettings;
  readonly #redis: Redis;
  readonly #report: Report;
  readonly #published = new Map<number, number>();

  constructor(settings: RelaySettings, redis: Redis, report: Report) {
    this.#settings = settings;
    this.#redis = redis;
    this.#report = report;
  }

  /** The seeded state, version 0, never needs publishing. */
  publishedVersion(audience: number): number {
    return this.#published.get(audience) ?? 0;
  }

  /** False when it shall be tried again; while Redis is away the resync that follows makes up for it. */
  async publish(dashboard: Dashboard, cause: Cause): Promise<boolean> {
    const { audience, version } = dashboard;
    const known = this.publishedVersion(audience);
    if (version <= known) return true;
    const type = cause === 'resync' && version > known + 1 ? 'snapshot' : 'update';
    try {
      const text = encodeMessage(type, dashboard, this.#settings.payloadBytes);
      await untilClosed(this.#redis, this.#redis.publish(this.#settings.redisChannel, text));
      this.#published.set(audience, version);
      return true;
    } catch (error) {
      this.#report(`could not publish version ${version} of dashboard ${audience}: ${String(error)}`);
      return this.#redis.status !== 'ready';
    }
  }
}

/** Runs until it is stopped; its port serves /healthz and /metrics. */
export async function startRelay(settings: RelaySettings, report: Report): Promise<Listening> {
  const metrics = new Metrics();
  const store = new Store(settings, metrics, report);
  const redis = connectRedis(settings.redisUrl, report);
  const publisher = new Publisher(settings, redis, report);
  const refresher = new Refresher({
    store,
    audiences: settings.audiences,
    isWanted: () => true,
    deliveredVersion: (audience) => publisher.publishedVersion(audience),
    deliver: (dashboard, cause) => publisher.publish(dashboard, cause),
  });
  const resync = (): void => {
    if (settings.resync) void refresher.resync();
  };
  const feed = new PostgresFeed(settings.postgresUrl, metrics.absences, report);
  await feed.start(handlersOf(refresher, resync));
  // Listening first: what changes from here on is announced, what had changed before the resync finds.
  redis.on('close', () => metrics.absences.lost('redis', nowUs()));
  redis.on('ready', () => {
    metrics.absences.back('redis', nowUs());
    resync();
  });
  await redis.connect();
  const unwatch = metrics.watchEventLoop();
  const close = async (): Promise<void> => {
    unwatch();
    refresher.stop();
    await feed.stop();
    redis.disconnect();
    await store.close();
  };
  return listen(createEndpoint({ metrics, report, limits }), settings, { close });
}

function handlersOf(refresher: Refresher, resync: () => void): FeedHandlers {
  return {
    onChange: (change) => refresher.announce(change),
    onMessage: () => undefined,
    onGap: resync,
  };
}
