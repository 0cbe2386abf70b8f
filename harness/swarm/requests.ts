// The bytes of requests, kept while they do not change: a shard's clients mostly send the same few. And the cookies that belong in them.
import type { Address, Asking, Target } from '../contract/target.ts';

interface Kept {
  held: number | null;
  bytes: Buffer;
}

interface Asker {
  readonly rank: number;
  readonly audience: number;
  readonly held: number | null;
}

export class Requests {
  readonly #target: Target;
  readonly #kept: Kept[] = [];
  readonly #cookies = new Map<number, string>();

  constructor(target: Target) {
    this.#target = target;
  }

  /** The request of this client for what comes after `held`. */
  bytes(client: Asker): Buffer {
    const { addresses, asksAfterVersion, asksByRank = false } = this.#target;
    const held = asksAfterVersion ? client.held : null;
    const cookies = this.#cookies.size === 0 ? undefined : this.#cookies.get(client.rank);
    if (cookies !== undefined) return this.#encode({ rank: client.rank, audience: client.audience, held, cookies });
    if (asksByRank) return this.#encode({ rank: client.rank, audience: client.audience, held });
    const slot = client.audience * addresses.length + (client.rank % addresses.length);
    const kept = this.#kept[slot];
    if (kept !== undefined && kept.held === held) return kept.bytes;
    const bytes = this.#encode({ rank: client.rank, audience: client.audience, held });
    this.#kept[slot] = { held, bytes };
    return bytes;
  }

  /** Who asks, as a target is told. */
  askingOf(client: Asker): Asking {
    const cookies = this.#cookies.get(client.rank);
    return { ...client, ...(cookies !== undefined && { cookies }), address: addressOf(this.#target, client.rank) };
  }

  /** The client keeps the cookie that an answer gave it, as a browser does until it is closed (RFC 6265); of several names the last one. */
  keepCookie(client: { readonly rank: number }, { setCookie }: { readonly setCookie: string | null }): void {
    if (setCookie !== null) this.#cookies.set(client.rank, setCookie.split(';', 1)[0] as string);
  }

  #encode(asker: Asker & { readonly cookies?: string }): Buffer {
    return Buffer.from(this.#target.request({ ...asker, address: addressOf(this.#target, asker.rank) }), 'latin1');
  }
}

/** Where the client of this rank connects, addresses being dealt in turn, and where it comes from. */
export function addressOf(target: Target, rank: number): Address {
  const address = target.addresses[rank % target.addresses.length];
  if (address === undefined) throw new RangeError('a target has no address');
  return target.sourceOf === undefined ? address : { ...address, from: target.sourceOf(rank) };
}
