// From "dashboard K has changed" to its new state: one query for each change that concerns somebody, begun at once and
// delivered in the order in which the changes were announced. What fails is tried again, so that no screen stays outdated.
import type { Dashboard } from './message.ts';
import type { Change } from './protocol.ts';
import type { Store } from './store.ts';

const retryMs = 500;

/** Why a state is delivered: it was announced, or was looked up since announcements may have been missed. */
export type Cause = 'change' | 'resync';

export interface RefresherOptions {
  store: Store;
  audiences: number;
  /** Whether a change of this dashboard concerns anybody. */
  isWanted(audience: number): boolean;
  /** The newest version that was delivered, or −1. */
  deliveredVersion(audience: number): number;
  /** `false` when it shall be tried again later. */
  deliver(dashboard: Dashboard, cause: Cause): boolean | Promise<boolean>;
}

/** What is known of one dashboard. */
interface Track {
  announcedVersion: number;
  /** Queries under way or waiting to be tried again. */
  outstanding: number;
  /** Settled when all earlier queries have been delivered; never rejects. */
  tail: Promise<void>;
}

export class Refresher {
  readonly #options: RefresherOptions;
  readonly #tracks = new Map<number, Track>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  /** A dashboard has a new version. */
  announce(change: Change): void {
    this.#announce(change, 'change');
  }

  #announce({ audience, version }: Change, cause: Cause): void {
    if (audience < 0 || audience >= this.#options.audiences) return;
    const track = this.#trackOf(audience);
    track.announcedVersion = Math.max(track.announcedVersion, version);
    this.#refreshIfWanted(audience, track, cause);
  }

  /** Announces whatever moved while nobody could tell. Never rejects. */
  async resync(): Promise<void> {
    const versions = await this.#options.store.versions(this.#options.audiences);
    if (typeof versions === 'string') return this.#later(() => this.resync());
    for (const change of versions) {
      if (change.version > this.#options.deliveredVersion(change.audience)) this.#announce(change, 'resync');
    }
  }

  /** True when `version` is known to be outdated and no query is under way that would make up for it. */
  isOutdated(audience: number, version: number): boolean {
    const track = this.#tracks.get(audience);
    return track !== undefined && track.announcedVersion > version && track.outstanding === 0;
  }

  /** Ends the retries. */
  stop(): void {
    this.#stopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
  }

  #trackOf(audience: number): Track {
    let track = this.#tracks.get(audience);
    if (track === undefined) {
      track = { announcedVersion: -1, outstanding: 0, tail: Promise.resolve() };
      this.#tracks.set(audience, track);
    }
    return track;
  }

  #refreshIfWanted(audience: number, track: Track, cause: Cause): void {
    if (this.#stopped || !this.#options.isWanted(audience)) return;
    track.outstanding++;
    const query = this.#options.store.snapshot(audience);
    track.tail = track.tail.then(async () => {
      const dashboard = await query;
      const delivered = typeof dashboard !== 'string' && (await this.#options.deliver(dashboard, cause));
      // A later query that is under way brings a newer state anyway.
      if (delivered || track.outstanding > 1) track.outstanding--;
      else this.#retry(audience, track, cause);
    });
  }

  #retry(audience: number, track: Track, cause: Cause): void {
    this.#later(() => {
      track.outstanding--;
      if (track.outstanding === 0) this.#refreshIfWanted(audience, track, cause);
    });
  }

  #later(action: () => void | Promise<void>): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      void action();
    }, retryMs);
    this.#retries.add(timer);
  }
}
