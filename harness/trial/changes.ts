// Which changes a trial plans: all of the schedule where they are published, none where the system makes its own.
import { planUpdates, type Update, type UpdatesPlan } from '../plan/arrivals.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Publisher } from '../publisher/publisher.ts';

export type Changes = Pick<Publisher, 'published' | 'failures' | 'failure' | 'schedule' | 'untilPublished'>;

/** Publishes nothing, and so is done at once. */
export const nobodysChanges: Changes = {
  published: [],
  failures: 0,
  failure: null,
  schedule() {},
  untilPublished: async () => {},
};

export function planChanges(updates: UpdatesPlan, { contender }: TrialPlan): Update[] {
  return contender.foreign?.changes === 'theirs' ? [] : planUpdates(updates);
}

/** Those of which clients can be expected to know: none, where no message tells a version. */
export function tellable(updates: readonly Update[], { contender }: TrialPlan): readonly Update[] {
  return contender.foreign?.tellsVersions === false ? [] : updates;
}
