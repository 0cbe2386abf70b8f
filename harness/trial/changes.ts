// Which changes a trial plans: all of the schedule where they are published, none where the system or its clients make their own.
import { FreshetError } from '../contract/errors.ts';
import { planUpdates, type Update, type UpdatesPlan } from '../plan/arrivals.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Publisher } from '../publisher/publisher.ts';

export type Changes = Pick<
  Publisher,
  'published' | 'failures' | 'failure' | 'schedule' | 'untilPublished' | 'untilHopeless'
>;

/** Publishes nothing, and so is done at once. */
export const nobodysChanges: Changes = {
  published: [],
  failures: 0,
  failure: null,
  schedule() {},
  untilPublished: async () => {},
  untilHopeless: () => new Promise(() => {}),
};

/** As many attempts at the first change of somebody's own server fail within two seconds; a server that is only busy takes one of them. */
const attempts = 10;

/** Throws `environment` when a foreign server takes no change at all: then there is nothing to measure. Resolves never. */
export async function refusalOf(changes: Changes, { contender }: TrialPlan): Promise<never> {
  if (contender.foreign?.changes !== 'ours') return new Promise(() => {});
  await changes.untilHopeless(attempts);
  throw new FreshetError(
    'environment',
    `no change could be made, in ${changes.failures} attempts: ${changes.failure}; expected publish to make one`,
  );
}

export function planChanges(updates: UpdatesPlan, { contender, acting }: TrialPlan): Update[] {
  return contender.foreign?.changes === 'theirs' || acting !== null ? [] : planUpdates(updates);
}

/** Those of which clients can be expected to know: none, where no message tells a version. */
export function tellable(updates: readonly Update[], { contender }: TrialPlan): readonly Update[] {
  return contender.foreign?.tellsVersions === false ? [] : updates;
}
