// Feed `redis`: SUBSCRIBE to the channel on which the relay publishes whole messages. Redis keeps none for those who
// were away, so a lost connection is a gap.
import { Redis } from 'ioredis';
import type { AbsenceLog } from '../absence-log.ts';
import type { Report } from '../app.ts';
import { nowUs } from '../clock.ts';
import { parseMessage } from '../message.ts';
import { type Feed, type FeedHandlers, reconnectDelayMs } from './feed.ts';

export interface RedisFeedSettings {
  redisUrl: string;
  redisChannel: string;
  payloadBytes: number;
}

export class RedisFeed implements Feed {
  readonly #settings: RedisFeedSettings;
  readonly #absences: AbsenceLog;
  readonly #report: Report;
  readonly #redis: Redis;

  constructor(settings: RedisFeedSettings, absences: AbsenceLog, report: Report) {
    this.#settings = settings;
    this.#absences = absences;
    this.#report = report;
    this.#redis = connectRedis(settings.redisUrl, report);
  }

  async start(handlers: FeedHandlers): Promise<void> {
    this.#redis.on('message', (_channel: string, json: string) => {
      const parsed = parseMessage(json, this.#settings.payloadBytes);
      if (parsed === null) this.#report('a Redis message that is no update was ignored');
      else handlers.onMessage(parsed.message, parsed.type);
    });
    await this.#redis.connect();
    await this.#redis.subscribe(this.#settings.redisChannel);
    this.#redis.on('close', () => this.#absences.lost('redis', nowUs()));
    this.#redis.on('ready', () => {
      this.#redis.subscribe(this.#settings.redisChannel).then(
        () => {
          this.#absences.back('redis', nowUs());
          handlers.onGap();
        },
        (error: Error) => this.#report(`could not subscribe again: ${error.message}`),
      );
    });
  }

  async stop(): Promise<void> {
    this.#redis.disconnect();
  }
}

/** A connection that is made by `connect()`, then kept up, and that fails commands at once while it is down. */
export function connectRedis(url: string, report: Report): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    keepAlive: 10_000,
    retryStrategy: (attempts) => reconnectDelayMs(attempts - 1),
  });
  redis.on('error', (error) => report(`the connection to Redis broke: ${error.message || error.name}`));
  return redis;
}

/**
 * What the command resolves to; rejects when the connection closes first. The client forgets what was under way then, and its promise
 * would never settle.
 */
export async function untilClosed<T>(redis: Redis, command: Promise<T>): Promise<T> {
  let tell = (): void => {};
  const closed = new Promise<never>((_, reject) => {
    tell = () => reject(new Error('the connection closed'));
    redis.once('close', tell);
  });
  try {
    return await Promise.race([command, closed]);
  } finally {
    redis.off('close', tell);
  }
}
