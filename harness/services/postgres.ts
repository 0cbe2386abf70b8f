// Postgres for a run: someone's server by its URL, or one of our own that lives and dies with the run.
import { FreshetError, messageOf } from '../contract/errors.ts';
import { startDockerPostgres } from './docker-services.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import type { Guard } from './guard.ts';
import { readPostgresVersion } from './postgres-client.ts';
import type { OwnDriver, Service } from './service.ts';
import { maskedUrl, parseServiceUrl } from './service-url.ts';

/** The first with `pg_terminate_backend(pid, timeout)`. */
const oldestMajor = 14;

/** Starts Postgres, or connects to the one at `url`. Throws `input` for a bad URL, `environment` when there is none to be had. */
export async function startPostgres(options: {
  guard: Guard;
  driver?: OwnDriver;
  url?: string | undefined;
}): Promise<Service> {
  if (options.url !== undefined) return openPostgresUrl(options.url);
  return options.driver === 'docker' ? startDockerPostgres(options.guard) : startEmbeddedPostgres(options.guard);
}

async function openPostgresUrl(text: string): Promise<Service> {
  const example = 'postgres://user:password@localhost:5432/postgres';
  const url = parseServiceUrl(text, { flag: '--postgres', protocols: ['postgres:', 'postgresql:'], example });
  // Ours must show to the server: it tells which sessions belong to a run that was killed (drop-database.ts).
  url.searchParams.delete('application_name');
  let version: string;
  try {
    version = await readPostgresVersion(url.href);
  } catch (error) {
    throw new FreshetError(
      'environment',
      `Postgres at ${maskedUrl(url)} cannot be used: ${messageOf(error)}; expected a server that accepts connections; ` +
        'check the address and the password, or leave out --postgres (and DATABASE_URL) to start one for the run',
    );
  }
  if (Number.parseInt(version, 10) < oldestMajor) {
    throw new FreshetError(
      'environment',
      `Postgres at ${maskedUrl(url)} is version ${version}; expected ${oldestMajor} or newer; ` +
        'use a newer server, or leave out --postgres (and DATABASE_URL) to start one for the run',
    );
  }
  return {
    name: 'postgres',
    driver: 'url',
    version,
    url: url.href,
    pid: null,
    lost: new Promise(() => {}),
    stop: () => Promise.resolve(),
  };
}
