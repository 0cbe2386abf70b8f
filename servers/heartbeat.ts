// Heartbeats of all connections by one timer. Each connection has a place on a ring that is walked once per interval,
// so ten thousand pings do not come at once and stand in the way of a change.

const slots = 20;

export interface HeartbeatOptions<Connection> {
  everyMs: number;
  /** How long an answer may take; `null` where none is expected. */
  timeoutMs: number | null;
  beat(connection: Connection): void;
  /** It has not answered in time. */
  onDead(connection: Connection): void;
  nowUs(): number;
}

export class Heartbeat<Connection> {
  readonly #options: HeartbeatOptions<Connection>;
  readonly #ring: Set<Connection>[] = Array.from({ length: slots }, () => new Set());
  readonly #slotOf = new Map<Connection, Set<Connection>>();
  /** When each connection that owes an answer was asked; the oldest first. */
  readonly #askedUs = new Map<Connection, number>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #added = 0;

  constructor(options: HeartbeatOptions<Connection>) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), Math.max(1, options.everyMs / slots));
  }

  add(connection: Connection): void {
    const slot = this.#ring[this.#added++ % slots] as Set<Connection>;
    slot.add(connection);
    this.#slotOf.set(connection, slot);
  }

  remove(connection: Connection): void {
    this.#slotOf.get(connection)?.delete(connection);
    this.#slotOf.delete(connection);
    this.#askedUs.delete(connection);
  }

  answered(connection: Connection): void {
    this.#askedUs.delete(connection);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowUs = this.#options.nowUs();
    this.#endSilent(nowUs);
    const slot = this.#ring[this.#turn++ % slots] as Set<Connection>;
    for (const connection of slot) {
      if (this.#options.timeoutMs !== null && !this.#askedUs.has(connection)) this.#askedUs.set(connection, nowUs);
      this.#options.beat(connection);
    }
  }

  #endSilent(nowUs: number): void {
    const timeoutUs = (this.#options.timeoutMs ?? Number.POSITIVE_INFINITY) * 1000;
    for (const [connection, askedUs] of this.#askedUs) {
      if (nowUs - askedUs < timeoutUs) return;
      this.remove(connection);
      this.#options.onDead(connection);
    }
  }
}
