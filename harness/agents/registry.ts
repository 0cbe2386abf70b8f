// Who is there: cards that agents renew as long as they live, and claims of runs on them.
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keys, lifeMs } from './meeting.ts';

const limits = z.object({
  openFiles: z.number().nullable(),
  outgoingPorts: z.object({ first: z.number(), last: z.number() }).nullable(),
  hasManySources: z.boolean(),
  reusesPorts: z.boolean().nullable(),
  listenBacklog: z.number().nullable(),
  trackedConnections: z.number().nullable(),
  cores: z.number().int().positive(),
  memoryAvailableBytes: z.number(),
});

/** As every version writes it, so that one of another version can be refused by name. */
const introduction = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  /** Freshet's version, and a hash of the code of its shards. */
  version: z.string(),
});

const card = introduction.extend({
  limits,
  /** Clients that its machine can carry. */
  carries: z.number().int().positive(),
  /** Addresses beyond its loopback on which it may put load. */
  allows: z.array(z.string()),
  /** It takes no more shards. */
  isLeaving: z.boolean(),
});

export type AgentCard = z.infer<typeof card>;

/** An agent as others see it; `card` is `null` where its version writes another one. */
export interface KnownAgent extends z.infer<typeof introduction> {
  readonly card: AgentCard | null;
  /** The run it works for; `null`: it is free. */
  readonly claimedBy: string | null;
}

/** Everyone who is there, by name. */
export async function listAgents(client: Redis): Promise<KnownAgent[]> {
  const ids = await client.smembers(keys.agents);
  if (ids.length === 0) return [];
  const [cards, claims] = await Promise.all([client.mget(ids.map(keys.card)), client.mget(ids.map(keys.claim))]);
  const dead = ids.filter((_, index) => cards[index] === null);
  if (dead.length > 0) await client.srem(keys.agents, dead);
  return cards
    .flatMap((text, index) => {
      const known = text === null ? null : readCard(text);
      return known === null ? [] : { ...known, claimedBy: claims[index] ?? null };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readCard(text: string): Omit<KnownAgent, 'claimedBy'> | null {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return null; // Somebody else's key.
  }
  const introduced = introduction.safeParse(told);
  return introduced.success ? { ...introduced.data, card: card.safeParse(told).data ?? null } : null;
}

/** Says, or says again, that this agent is there. */
export async function renewCard(client: Redis, own: AgentCard): Promise<void> {
  await client
    .pipeline()
    .set(keys.card(own.id), JSON.stringify(own), 'PX', lifeMs)
    .sadd(keys.agents, own.id)
    .pexpire(keys.agents, 10 * lifeMs)
    .exec();
}

export async function removeCard(client: Redis, { id, name }: Pick<AgentCard, 'id' | 'name'>): Promise<void> {
  await client.pipeline().del(keys.card(id)).srem(keys.agents, id).eval(release, 1, keys.name(name), id).exec();
}

/** Takes the name for this agent, or keeps it; false when another has it. */
export async function holdName(client: Redis, { id, name }: Pick<AgentCard, 'id' | 'name'>): Promise<boolean> {
  return (await client.eval(holding, 1, keys.name(name), id, lifeMs)) === 1;
}

/** False when another run has it. */
export async function claimAgent(client: Redis, id: string, run: string): Promise<boolean> {
  return (await client.set(keys.claim(id), run, 'PX', lifeMs, 'NX')) !== null;
}

const holding =
  "local by = redis.call('get', KEYS[1]) if by and by ~= ARGV[1] then return 0 end redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1";
const renewal =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0";
const release = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/** False when it was lost meanwhile. */
export async function renewClaim(client: Redis, id: string, run: string): Promise<boolean> {
  return (await client.eval(renewal, 1, keys.claim(id), run, lifeMs)) === 1;
}

export async function releaseClaim(client: Redis, id: string, run: string): Promise<void> {
  await client.eval(release, 1, keys.claim(id), run);
}
