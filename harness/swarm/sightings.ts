// Which versions the clients of a shard came to hold (or something newer), how many of them, and when the last of them did.
export interface Sighting {
  readonly audience: number;
  readonly version: number;
  /** Of this shard, that hold it. */
  readonly clients: number;
  /** When the last of them came to. */
  readonly lastUs: number;
}

export class Sightings {
  readonly #seen = new Map<string, { audience: number; version: number; clients: number; lastUs: number }>();

  /** One more client holds it. */
  note(audience: number, version: number, atUs: number): void {
    const key = `${audience}:${version}`;
    const seen = this.#seen.get(key);
    if (seen === undefined) this.#seen.set(key, { audience, version, clients: 1, lastUs: atUs });
    else {
      seen.clients += 1;
      seen.lastUs = Math.max(seen.lastUs, atUs);
    }
  }

  report(): Sighting[] {
    return [...this.#seen.values()];
  }
}
