// What a client came to hold while nobody knew of these versions yet: clients make them, and only who made one knows when it was intended.
// Kept until that is told, and booked then.
import type { UpdateLog } from './update-log.ts';

/** At `atUs` it came from `before` to `version`. */
interface Advance {
  readonly before: number;
  readonly version: number;
  readonly atUs: number;
}

export class Advances {
  readonly #steps: Advance[] = [];
  /** When the screen last came to show something newer, of what is booked. */
  #shownUs = 0;

  note(before: number, version: number, atUs: number): void {
    this.#steps.push({ before, version, atUs });
  }

  /** Hands over what happened, in its order, and forgets it: the screen was stale from the first version that it lacked. */
  book(
    { updates, audience }: { readonly updates: UpdateLog; readonly audience: number },
    to: {
      stale(fromUs: number, toUs: number): void;
      fresh(before: number, version: number, atUs: number): void;
    },
  ): void {
    for (const { before, version, atUs } of this.#steps.splice(0)) {
      let fromUs = Number.POSITIVE_INFINITY;
      for (let v = before + 1; v <= version; v++) fromUs = Math.min(fromUs, updates.intendedUs(audience, v));
      to.stale(Math.max(this.#shownUs, fromUs), atUs);
      to.fresh(before, version, atUs);
      this.#shownUs = atUs;
    }
  }
}
