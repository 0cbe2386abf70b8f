// Connections to Redis for the harness' own errands: how one is opened, and what a server says of itself.
import { Redis } from 'ioredis';

const connectTimeoutMs = 5_000;

/**
 * The parts of a redis:// or rediss:// URL as ioredis takes them. `ca` (PEM) vouches for the server where it speaks TLS; without it the
 * public authorities do.
 */
export function redisOptions(text: string, ca: string | null = null) {
  const url = new URL(text);
  const db = Number(url.pathname.slice(1) || 0);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: Number(url.port || 6379),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(Number.isInteger(db) && { db }),
    ...(url.protocol === 'rediss:' && { tls: ca === null ? {} : { ca } }),
    connectTimeout: connectTimeoutMs,
  };
}

/** `7.0.15`, or `valkey 8.1.1`, of the server at `url`; rejects with the connection's own error. */
export async function readRedisVersion(url: string, ca: string | null = null): Promise<string> {
  const client = new Redis({
    ...redisOptions(url, ca),
    lazyConnect: true,
    commandTimeout: connectTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let connectionError: Error | null = null;
  client.on('error', (error) => {
    connectionError ??= error;
  });
  try {
    await client.connect();
    const info = await client.info('server');
    const valkey = /^valkey_version:(.+?)\r?$/m.exec(info)?.[1];
    return valkey === undefined ? (/^redis_version:(.+?)\r?$/m.exec(info)?.[1] ?? 'unknown') : `valkey ${valkey}`;
  } catch (error) {
    // ioredis rejects with "Connection is closed."; why it was closed came as an event.
    throw connectionError ?? error;
  } finally {
    client.disconnect();
  }
}
