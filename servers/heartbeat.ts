// Heartbeats of all connections by one timer. Each connection has a place on a ring that is walked once per interval,
// so ten thousand pings do not come at once and stand in the way of a change.
import { nowUs } from './clock.ts';

const slots = 20;
/** Between two turns of the ring when it is hurried: some hundred beats at a time, not all at once. */
const hurriedTurnMs = 2;

export interface HeartbeatOptions<Connection> {
  everyMs: number;
  beat(connection: Connection): void;
  /** Where each beat has to be answered: how soon (`null`: by its next turn), and what becomes of a connection that has not. */
  answers?: { withinMs: number | null; onMissing(connection: Connection): void };
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

  /** Walks the ring so many times as fast as is fair to others; nobody is ended for it. Resolves when all have been sent. */
  hurry(rounds: number): Promise<void> {
    return new Promise((resolve) => {
      let turns = 0;
      const timer = setInterval(() => {
        for (const connection of this.#ring[turns++ % slots] as Set<Connection>) this.#options.beat(connection);
        if (turns < rounds * slots) return;
        clearInterval(timer);
        resolve();
      }, hurriedTurnMs);
    });
  }

  #tick(): void {
    const tickUs = nowUs();
    const { answers, beat } = this.#options;
    this.#endSilent(tickUs);
    const slot = this.#ring[this.#turn++ % slots] as Set<Connection>;
    for (const connection of slot) {
      if (answers?.withinMs === null && this.#askedUs.has(connection)) {
        this.remove(connection);
        answers.onMissing(connection);
        continue;
      }
      if (answers !== undefined && !this.#askedUs.has(connection)) this.#askedUs.set(connection, tickUs);
      beat(connection);
    }
  }

  #endSilent(tickUs: number): void {
    const { answers } = this.#options;
    if (answers === undefined || answers.withinMs === null) return;
    for (const [connection, askedUs] of this.#askedUs) {
      if (tickUs - askedUs < answers.withinMs * 1000) return;
      this.remove(connection);
      answers.onMissing(connection);
    }
  }
}
