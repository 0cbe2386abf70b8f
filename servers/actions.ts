// What clients do: an action changes the dashboard of who acts, by one transaction. In: its JSON. Out: the version it made, or why it made
// none. Every client of the dashboard, the acting one included, hears of it as of any other change: by the feed, or at its next poll.
import { z } from 'zod';
import type { Metrics } from './metrics.ts';
import type { ActionRefusal, Change } from './protocol.ts';
import type { Store } from './store.ts';

const action = z.object({ intendedUs: z.number().int().nonnegative() });

export class Actions {
  readonly #store: Pick<Store, 'act'>;
  readonly #metrics: Metrics;
  /** With feed `local` the node that committed a change is the one that knows. */
  tell: (change: Change) => void = () => undefined;

  constructor(store: Pick<Store, 'act'>, metrics: Metrics) {
    this.#store = store;
    this.#metrics = metrics;
  }

  /** The dashboard's new version. `value` is what the client sent, parsed. Never rejects. */
  async take(audience: number, value: unknown): Promise<number | ActionRefusal> {
    const { data } = action.safeParse(value);
    if (data === undefined) return this.#refuse('malformed');
    const version = await this.#store.act(audience, data.intendedUs);
    if (typeof version === 'string') return this.#refuse(version);
    this.#metrics.actions.committed++;
    this.tell({ audience, version });
    return version;
  }

  #refuse(refusal: ActionRefusal): ActionRefusal {
    this.#metrics.actions[refusal]++;
    return refusal;
  }
}
