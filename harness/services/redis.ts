// Redis for a run: someone's server by its URL, or one of our own that lives and dies with the run.
import { FreshetError, messageOf } from '../contract/errors.ts';
import { startDockerRedis } from './docker-services.ts';
import { type RedisOptions, startEmbeddedRedis } from './embedded-redis.ts';
import { readRedisVersion } from './redis-client.ts';
import type { OwnDriver, Service } from './service.ts';
import { maskedUrl, parseServiceUrl } from './service-url.ts';

/** Starts Redis, or connects to the one at `url`. Throws `input` for a bad URL, `environment` when there is none to be had. */
export async function startRedis(
  options: RedisOptions & { driver?: OwnDriver; url?: string | undefined },
): Promise<Service> {
  if (options.url !== undefined) return openRedisUrl(options.url);
  return options.driver === 'docker' ? startDockerRedis(options.guard) : startEmbeddedRedis(options);
}

async function openRedisUrl(text: string): Promise<Service> {
  const protocols = ['redis:', 'rediss:'];
  const url = parseServiceUrl(text, { flag: '--redis', protocols, example: 'redis://localhost:6379' });
  let version: string;
  try {
    version = await readRedisVersion(text);
  } catch (error) {
    throw new FreshetError(
      'environment',
      `Redis at ${maskedUrl(url)} cannot be used: ${messageOf(error)}; expected a server that accepts connections; ` +
        'check the address and the password, or leave out --redis (and REDIS_URL) to start one for the run',
    );
  }
  return {
    name: 'redis',
    driver: 'url',
    version,
    url: text,
    pid: null,
    lost: new Promise(() => {}),
    stop: () => Promise.resolve(),
  };
}
