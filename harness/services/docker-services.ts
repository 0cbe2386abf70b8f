// Postgres, Redis and nginx in containers: the settings of the embedded ones, on free ports of this machine's loopback.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { FreshetError } from '../contract/errors.ts';
import { type ContainerImage, runOnce, startContainer } from './docker-container.ts';
import { onFreePort } from './embedded.ts';
import { postgresSettings } from './embedded-postgres.ts';
import { redisConfiguration } from './embedded-redis.ts';
import type { Guard } from './guard.ts';
import { type BalancerPlan, nginxConf } from './nginx-conf.ts';
import { readPostgresVersion } from './postgres-client.ts';
import { readRedisVersion } from './redis-client.ts';
import type { Service } from './service.ts';

function imageOf(variable: string, usual: string): ContainerImage {
  const named = process.env[variable] ?? '';
  return { name: named === '' ? usual : named, variable };
}

const images = {
  postgres: () => imageOf('FRESHET_POSTGRES_IMAGE', 'postgres:18-alpine'),
  redis: () => imageOf('FRESHET_REDIS_IMAGE', 'redis:8-alpine'),
  nginx: () => imageOf('FRESHET_NGINX_IMAGE', 'nginx:1.29-alpine'),
};

const newPassword = () => randomBytes(16).toString('hex');

/** In about 2 s, its image being here. */
export async function startDockerPostgres(guard: Guard): Promise<Service> {
  const password = newPassword();
  // The image's own preparation speaks to a server through a socket file.
  const { unix_socket_directories: _, ...settings } = postgresSettings;
  const { child } = await onFreePort((port) => {
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=disable`;
    return startContainer({
      guard,
      name: 'postgres',
      image: images.postgres(),
      command: [
        'postgres',
        ...Object.entries({ ...settings, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      environment: {
        POSTGRES_PASSWORD: password,
        POSTGRES_INITDB_ARGS: '--auth-host=scram-sha-256 --encoding=UTF8 --locale=C --no-sync',
      },
      url,
      use: () => readPostgresVersion(url),
      crashSignal: 'SIGQUIT',
    });
  });
  return child;
}

/** In under a second, its image being here. */
export async function startDockerRedis(guard: Guard): Promise<Service> {
  const password = newPassword();
  const { child } = await onFreePort((port) => {
    const url = `redis://:${password}@127.0.0.1:${port}`;
    return startContainer({
      guard,
      name: 'redis',
      image: images.redis(),
      command: ['redis-server', '/freshet/redis.conf'],
      files: [{ target: '/freshet/redis.conf', content: redisConfiguration({ directory: '/tmp', port, password }) }],
      url,
      use: () => readRedisVersion(url),
    });
  });
  return child;
}

/** The version of the image's nginx; so the image is there before it is needed. */
export async function readDockerNginxVersion(guard: Guard): Promise<string> {
  const image = images.nginx();
  const said = await runOnce({ guard, name: 'nginx', image, command: ['nginx', '-v'] });
  const version = /nginx\/(\S+)/.exec(said)?.[1];
  if (version !== undefined) return version;
  throw new FreshetError(
    'environment',
    `'nginx -v' in a container of ${image.name} said '${said.trim().slice(0, 200)}'; expected its version; name an image of nginx in ${image.variable}`,
  );
}

/** Balances nodes on this machine's loopback. */
export async function startDockerNginx(options: {
  readonly guard: Guard;
  readonly version: string;
  readonly plan: BalancerPlan;
}): Promise<Service> {
  const { guard, version, plan } = options;
  const { host, port, tls } = plan;
  const inside = tls && { certificateFile: '/freshet/certificate.pem', keyFile: '/freshet/key.pem' };
  const pem =
    tls === null || inside === null
      ? []
      : [
          { target: inside.certificateFile, content: await readFile(tls.certificateFile, 'utf8') },
          { target: inside.keyFile, content: await readFile(tls.keyFile, 'utf8') },
        ];
  return startContainer({
    guard,
    name: 'nginx',
    image: images.nginx(),
    command: ['nginx', '-p', '/freshet', '-c', 'nginx.conf', '-e', 'stderr'],
    files: [{ target: '/freshet/nginx.conf', content: nginxConf({ ...plan, tls: inside }) }, ...pem],
    url: `${tls === null ? 'http' : 'https'}://${host}:${port}`,
    use: () => connectOnce(host, port).then(() => version),
  });
}

function connectOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
