// Heartbeats of all connections by one timer. Each connection has a place on a ring that is walked once per interval,
// so ten thousand pings do not come at once and stand in the way of a change.
import { nowUs } from './clock.ts';

const slots = 20;

export interface HeartbeatOptions<Connection> {
  everyMs: number;
  beat(connection: Connection): void;
  /** Where each beat has to be answered: how soon, and what becomes of a connection that has not. */
  answers?: { withinMs: number; onMissing(connection: Connection): void };
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
    const tickUs = nowUs();
    const expecting = this.#options.answers !== undefined;
    this.#endSilent(tickUs);
    const slot = this.#ring[this.#turn++ % slots] as Set<Connection>;
    for (const connection of slot) {
      if (expecting && !this.#askedUs.has(connection)) this.#askedUs.set(connection, tickUs);
      this.#options.beat(connection);
    }
  }

  #endSilent(tickUs: number): void {
    const { answers } = this.#options;
    if (answers === undefined) return;
    for (const [connection, askedUs] of this.#askedUs) {
      if (tickUs - askedUs < answers.withinMs * 1000) return;
      this.remove(connection);
      answers.onMissing(connection);
    }
  }
}
