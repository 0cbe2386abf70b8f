// Where a shard's sockets come from, when the kernel's own choice of ports would not do for so many clients to one server, or clients
// have addresses of their own: a source address, and each port named. (An address without a port makes every connect several times dearer.)

export interface LocalPortRange {
  readonly address: string;
  readonly first: number;
  readonly last: number;
}

export class LocalPorts {
  readonly address: string;
  readonly #first: number;
  readonly #taken: Uint8Array;
  #next: number;

  /** Begins at `start` (any whole number), so that two runs in a row do not meet in the same ports. */
  constructor({ address, first, last }: LocalPortRange, start: number) {
    this.address = address;
    this.#first = first;
    this.#taken = new Uint8Array(last - first + 1);
    this.#next = start % this.#taken.length;
  }

  /** The free port that has rested longest. Throws `RangeError` when all are taken, which the plan of the shards rules out. */
  take(): number {
    const count = this.#taken.length;
    for (let tried = 0; tried < count; tried++) {
      const place = this.#next;
      this.#next = (place + 1) % count;
      if (this.#taken[place] === 0) {
        this.#taken[place] = 1;
        return this.#first + place;
      }
    }
    throw new RangeError(`all ${count} ports of ${this.address} are taken`);
  }

  /** A port whose socket is closed. */
  release(port: number): void {
    this.#taken[port - this.#first] = 0;
  }
}
