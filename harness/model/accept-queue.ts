// The listening server of a simulated storm: a queue of connections that await accept(2), emptied at a limited rate.

export interface ServerModel {
  /** Connects that the server completes a second, when it has no pause. */
  readonly acceptsPerSecond: number;
  /** From accepting a connection until its client can use it; the server goes on with others meanwhile. */
  readonly serviceUs: number;
  /** The queue's length as given to listen(2). */
  readonly backlog: number;
}

export class AcceptQueue {
  readonly #eachUs: number;
  readonly #serviceUs: number;
  readonly #backlog: number;
  /** When the server can turn to the next connection. */
  #freeUs = 0;

  constructor({ acceptsPerSecond, serviceUs, backlog }: ServerModel) {
    this.#eachUs = 1e6 / acceptsPerSecond;
    this.#serviceUs = Math.max(serviceUs, this.#eachUs);
    this.#backlog = backlog;
  }

  /**
   * A connection arrives: when its client can use it, or `null` if the queue is full. Times must not fall by more than the time of one
   * accept. As in Linux, the queue is full when it is longer than its backlog, and a client that left while it waited still takes its turn.
   */
  offer(atUs: number): number | null {
    const waiting = Math.ceil((this.#freeUs - atUs) / this.#eachUs) - 1;
    if (waiting > this.#backlog) return null;
    const startUs = Math.max(atUs, this.#freeUs);
    this.#freeUs = startUs + this.#eachUs;
    return startUs + this.#serviceUs;
  }
}
