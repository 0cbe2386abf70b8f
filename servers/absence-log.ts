// When this process was without what it stands on, as it noticed itself: from the moment a connection broke until it heard, or was answered, again.

/** `postgres`: queries; `listen`: the connection that hears of changes; `redis`: the connection that gets or brings messages. */
export type Source = 'postgres' | 'listen' | 'redis';

export interface Absence {
  readonly source: Source;
  readonly fromUs: number;
  /** `null` while it lasts. */
  readonly untilUs: number | null;
}

/** The oldest are forgotten first. */
const mostAbsences = 100;

export class AbsenceLog {
  readonly #over: Absence[] = [];
  readonly #sinceUs = new Map<Source, number>();

  /** A connection broke, or could not be made; of several that break together the first one counts. */
  lost(source: Source, atUs: number): void {
    if (!this.#sinceUs.has(source)) this.#sinceUs.set(source, atUs);
  }

  back(source: Source, atUs: number): void {
    const fromUs = this.#sinceUs.get(source);
    if (fromUs === undefined) return;
    this.#sinceUs.delete(source);
    this.#over.push({ source, fromUs, untilUs: atUs });
    if (this.#over.length > mostAbsences) this.#over.shift();
  }

  /** Those that are over, the oldest first, then those that last. */
  *all(): Iterable<Absence> {
    yield* this.#over;
    for (const [source, fromUs] of this.#sinceUs) yield { source, fromUs, untilUs: null };
  }
}
