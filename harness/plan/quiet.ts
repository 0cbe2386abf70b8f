// A fault may ask for quiet after it: changes that fall into it are never made. In: a schedule. Out: the schedule without them.
import type { Update } from './arrivals.ts';
import type { FaultPlan } from './fault.ts';

/** The changes outside the quiet, their versions still one after the other; `startUs` is the window's. */
export function keepQuiet(updates: readonly Update[], fault: FaultPlan | null, startUs: number): Update[] {
  const fromUs = startUs + (fault === null ? 0 : fault.atUs + fault.downUs);
  const untilUs = fromUs + (fault?.quietUs ?? 0);
  const skipped = new Map<number, number>();
  return updates.flatMap((update) => {
    const before = skipped.get(update.audience) ?? 0;
    const isQuiet = update.intendedUs >= fromUs && update.intendedUs < untilUs;
    if (isQuiet) skipped.set(update.audience, before + 1);
    return isQuiet ? [] : [{ ...update, version: update.version - before }];
  });
}
