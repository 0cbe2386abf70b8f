// The bytes of requests, kept while they do not change: a shard's clients mostly send the same few.
import type { Address, Target } from '../contract/target.ts';

interface Kept {
  held: number | null;
  bytes: Buffer;
}

export class Requests {
  readonly #target: Target;
  readonly #kept: Kept[] = [];

  constructor(target: Target) {
    this.#target = target;
  }

  /** The request of this client for what comes after `held`. */
  bytes(client: { rank: number; audience: number; held: number | null }): Buffer {
    const { addresses, asksAfterVersion } = this.#target;
    const addressIndex = client.rank % addresses.length;
    const held = asksAfterVersion ? client.held : null;
    const slot = client.audience * addresses.length + addressIndex;
    const kept = this.#kept[slot];
    if (kept !== undefined && kept.held === held) return kept.bytes;
    const bytes = Buffer.from(
      this.#target.request(addressOf(this.#target, client.rank), client.audience, held),
      'latin1',
    );
    this.#kept[slot] = { held, bytes };
    return bytes;
  }
}

/** Where the client of this rank connects: addresses are dealt in turn. */
export function addressOf(target: Target, rank: number): Address {
  const address = target.addresses[rank % target.addresses.length];
  if (address === undefined) throw new RangeError('a target has no address');
  return address;
}
