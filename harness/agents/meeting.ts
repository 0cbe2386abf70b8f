// Where coordinator and agents meet: one Redis, its keys, and connections to it that speak up in one line when it cannot be used.
import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { readRedisVersion, redisOptions } from '../services/redis-client.ts';
import { maskedUrl, parseServiceUrl } from '../services/service-url.ts';

export interface MeetingPlace {
  /** redis:// or rediss://; it may hold a password, which is never shown. */
  readonly url: string;
  /** A file (PEM) with the certificate that vouches for it; `null`: public authorities do. */
  readonly caFile: string | null;
}

export interface Meeting {
  /** For all but blocking commands. */
  readonly client: Redis;
  /** The same place, for BullMQ, which opens connections of its own. */
  readonly connection: ReturnType<typeof redisOptions> & { readonly maxRetriesPerRequest: null };
  /** Another connection, for commands that block. */
  another(): Redis;
  close(): void;
}

/** Of everything that is ours in there; BullMQ's keys have it too. */
const prefix = 'freshet';

/** All keys carry a time to live, so that nothing stays of whoever dies. */
export const keys = {
  /** Ids of the agents, dead ones too until somebody looks. */
  agents: `${prefix}:agents`,
  /** What an agent says of itself, while it lives. */
  card: (id: string) => `${prefix}:agent:${id}`,
  /** The id of the agent that has a name, while that lives. */
  name: (name: string) => `${prefix}:name:${name}`,
  /** The run that an agent works for, while that lives. */
  claim: (id: string) => `${prefix}:claim:${id}`,
  /** The commands of a trial, from its beginning. */
  commands: (trial: string) => `${prefix}:commands:${trial}`,
} as const;

/** BullMQ's options for an agent's queue, and its name. */
export const queueOptions = { prefix } as const;
export const queueName = (id: string) => `agent-${id}`;

/** BullMQ gives its keys no time to live: those of an agent's queue get one, and are to be renewed. */
export async function expireQueue(client: Redis, id: string, jobs: readonly string[] = []): Promise<void> {
  const parts = ['meta', 'id', 'events', 'wait', 'paused', 'active', 'completed', 'failed', 'marker', 'pc', 'stalled'];
  const pipeline = client.pipeline();
  for (const part of [...parts, 'stalled-check', ...jobs])
    pipeline.pexpire(`${prefix}:${queueName(id)}:${part}`, queueLifeMs);
  await pipeline.exec();
}

/** A card or a claim is gone this long after its owner, who renews it `beatMs` apart. */
export const lifeMs = 4_000;
export const beatMs = 1_000;
export const queueLifeMs = 120_000;

/** Connects. Throws `input` for a bad URL or file, `environment` in one line when the server does not let us in. */
export async function openMeeting({ url: text, caFile }: MeetingPlace): Promise<Meeting> {
  const url = parseServiceUrl(text, {
    flag: '--redis',
    protocols: ['redis:', 'rediss:'],
    example: 'redis://localhost:6379',
  });
  const ca = caFile === null ? null : await readCa(caFile);
  try {
    await readRedisVersion(text, ca);
  } catch (error) {
    throw new FreshetError(
      'environment',
      `Redis at ${maskedUrl(url)} cannot be used: ${messageOf(error)}; expected the one where agents and runs meet; check the address, the password${url.protocol === 'rediss:' ? ' and --redis-ca' : ''}`,
    );
  }
  const connection = { ...redisOptions(text, ca), maxRetriesPerRequest: null };
  const opened: Redis[] = [];
  const open = () => {
    const client = new Redis(connection);
    // That it is away shows in the beats that fail.
    client.on('error', () => {});
    opened.push(client);
    return client;
  };
  const client = open();
  return {
    client,
    connection,
    another: open,
    close: () => {
      for (const each of opened) each.disconnect();
    },
  };
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new FreshetError(
      'input',
      `--redis-ca ${file} cannot be read: ${messageOf(error)}; expected a certificate (PEM)`,
    );
  }
}
