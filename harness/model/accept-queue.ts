// The listening server of a simulated storm: a queue of connections that await accept(2), emptied at one rate, and the work on those that
// were accepted, done at another.

export interface ServerModel {
  /** Connections that are taken out of the queue a second; Infinity for one that is never full. */
  readonly acceptsPerSecond: number;
  /** Those that are made usable a second, when many are accepted; Infinity where nothing but accepting limits it. */
  readonly completesPerSecond: number;
  /** From accepting a connection until its client can use it, when there is no other. */
  readonly serviceUs: number;
  /** The queue's length as given to listen(2). */
  readonly backlog: number;
}

export class AcceptQueue {
  readonly #acceptUs: number;
  readonly #completeUs: number;
  readonly #serviceUs: number;
  readonly #backlog: number;
  /** When the server can accept, and complete, the next one. */
  #acceptFreeUs = 0;
  #completeFreeUs = 0;

  constructor({ acceptsPerSecond, completesPerSecond, serviceUs, backlog }: ServerModel) {
    this.#acceptUs = 1e6 / acceptsPerSecond;
    this.#completeUs = 1e6 / completesPerSecond;
    this.#serviceUs = Math.max(serviceUs, this.#acceptUs, this.#completeUs);
    this.#backlog = backlog;
  }

  /**
   * A connection arrives: when its client can use it, or `null` if the queue is full. Times must not fall by more than the time of one
   * accept. As in Linux, the queue is full when it is longer than its backlog, and a client that left while it waited still takes its turn.
   */
  offer(atUs: number): number | null {
    const waiting = Math.ceil((this.#acceptFreeUs - atUs) / this.#acceptUs) - 1;
    if (waiting > this.#backlog) return null;
    const acceptedUs = Math.max(atUs, this.#acceptFreeUs);
    this.#acceptFreeUs = acceptedUs + this.#acceptUs;
    const completedUs = Math.max(acceptedUs + this.#serviceUs, this.#completeFreeUs + this.#completeUs);
    this.#completeFreeUs = completedUs;
    return completedUs;
  }
}
