// When a shard's clients tried to connect, came in, were turned away and lost their connection, from the window's start on,
// in steps of 10 ms; and for each client what became of it after its connection was lost.

/** Fine enough that the busiest 100 ms can be found wherever it begins. */
export const logStepUs = 10_000;

/** Counts a step; those of several shards add up. */
export interface SessionCounts {
  readonly attempts: readonly number[];
  readonly accepted: readonly number[];
  readonly refused: readonly number[];
  readonly lost: readonly number[];
}

/** One for each client that lost its connection after the window began; µs of the monotonic clock. */
export interface Return {
  readonly rank: number;
  readonly lostUs: number;
  /** Until the first attempt, as the backoff chose it; `null` when there was to be none. */
  readonly plannedUs: number | null;
  /** When it was connected again for good; `null` when it is not back. */
  readonly backUs: number | null;
  /** How often it lost its connection. */
  readonly losses: number;
  /** How long it was without one, all times together; of one that is not back, up to its last loss. */
  readonly awayUs: number;
}

export interface SessionReport {
  readonly counts: SessionCounts;
  readonly returns: readonly Return[];
  /** Clients connected when the window began. */
  readonly connectedAtStart: number;
}

export class SessionLog {
  readonly #counts = {
    attempts: [] as number[],
    accepted: [] as number[],
    refused: [] as number[],
    lost: [] as number[],
  };
  readonly #returns = new Map<number, { -readonly [K in keyof Return]: Return[K] } & { lastLostUs: number }>();
  #startUs = Number.POSITIVE_INFINITY;
  #connected = 0;
  #connectedAtStart = 0;

  /** From here on it counts. */
  openWindow(startUs: number): void {
    this.#startUs = startUs;
  }

  attempt(atUs: number): void {
    this.#count('attempts', atUs);
  }

  accepted(rank: number, atUs: number): void {
    this.#connected += 1;
    if (atUs < this.#startUs) this.#connectedAtStart = this.#connected;
    this.#count('accepted', atUs);
    const own = this.#returns.get(rank);
    if (own === undefined || own.backUs !== null) return;
    own.backUs = atUs;
    own.awayUs += atUs - own.lastLostUs;
  }

  refused(atUs: number): void {
    this.#count('refused', atUs);
  }

  lost(rank: number, atUs: number): void {
    this.#connected -= 1;
    if (atUs < this.#startUs) this.#connectedAtStart = this.#connected;
    this.#count('lost', atUs);
    if (atUs < this.#startUs) return;
    const own = this.#returns.get(rank);
    if (own === undefined) {
      const first = { rank, lostUs: atUs, plannedUs: null, backUs: null, losses: 1, awayUs: 0, lastLostUs: atUs };
      this.#returns.set(rank, first);
    } else Object.assign(own, { backUs: null, losses: own.losses + 1, lastLostUs: atUs });
  }

  /** It was let in only to be told to come later: refused, as it turned out. */
  turnedAway(rank: number, acceptedUs: number, atUs: number): void {
    this.#count('accepted', acceptedUs, -1);
    this.lost(rank, atUs);
    this.#count('lost', atUs, -1);
    this.refused(atUs);
  }

  /** What the backoff chose after a loss; only the first choice is kept. */
  planned(rank: number, delayUs: number): void {
    const own = this.#returns.get(rank);
    if (own !== undefined && own.plannedUs === null) own.plannedUs = delayUs;
  }

  /** Whether this client lost its connection in the window and has yet to come back. */
  isAway(rank: number): boolean {
    const own = this.#returns.get(rank);
    return own !== undefined && own.backUs === null;
  }

  /** Whether it lost its connection in the window, back or not. */
  wasLost(rank: number): boolean {
    return this.#returns.has(rank);
  }

  report(): SessionReport {
    const returns = [...this.#returns.values()].map(({ lastLostUs: _, ...own }) => own);
    return { counts: this.#counts, returns, connectedAtStart: this.#connectedAtStart };
  }

  #count(what: keyof SessionCounts, atUs: number, by = 1): void {
    if (atUs < this.#startUs) return;
    const counts = this.#counts[what];
    const step = Math.floor((atUs - this.#startUs) / logStepUs);
    while (counts.length <= step) counts.push(0);
    counts[step] = (counts[step] ?? 0) + by;
  }
}
