// Short connections to Redis for the harness' own errands.
import { Redis } from 'ioredis';

const connectTimeoutMs = 5_000;

/** `7.0.15`, or `valkey 8.1.1`, of the server at `url`; rejects with the connection's own error. */
export async function readRedisVersion(url: string): Promise<string> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
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
