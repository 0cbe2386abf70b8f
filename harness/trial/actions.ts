// Where clients make the changes: lets them act, gathers which versions they made, and tells that to all who saw them. Nothing is published.
import { nowUs, sleepUntilUs } from '../contract/clock.ts';
import type { ActingSpan } from '../plan/actions.ts';
import type { Update } from '../plan/arrivals.ts';
import { requestTimeoutUs, type TrialPlan } from '../plan/trial-plan.ts';
import type { Published } from '../publisher/publisher-contract.ts';
import { within } from '../services/deadline.ts';
import type { ActionsReport } from '../swarm/shard-contract.ts';
import type { Swarm } from '../swarm/swarm.ts';

export interface Made {
  /** The acknowledged changes, in the order of their versions. */
  readonly changes: readonly Published[];
  /** These, and those that some client saw though nobody was acknowledged them, intended at 0: nobody knows when. */
  readonly versions: readonly Update[];
  /** Actions that had no end when their time was over, and were given up. */
  readonly givenUp: number;
}

/** Actions before the window: at least so many for each dashboard, and for so long. */
const fewest = 3;
const shortestUs = 1_000_000;
const longestUs = 3_000_000;

/** The span of the actions that go ahead, so that the window is about code that has run. */
export function aheadSpan({ acting, clients, audiences }: TrialPlan, startUs: number): ActingSpan {
  const eachUs = (acting?.everyUs ?? 0) / clients;
  return { startUs, endUs: startUs + Math.min(longestUs, Math.max(shortestUs, fewest * audiences * eachUs)) };
}

/** Waits for the answers to all actions of a span that is over; `base` is what the dashboards were at before. Shards then know the versions. */
export async function gatherActions(
  swarm: Swarm,
  { span, base, isWindow }: { readonly span: ActingSpan; readonly base: readonly number[]; readonly isWindow: boolean },
): Promise<Made> {
  await sleepUntilUs(span.endUs);
  // A second more than any of them is waited for.
  const ended = await within(
    swarm.until(({ acting }) => acting === 0),
    (requestTimeoutUs + 1_000_000 + Math.max(0, span.endUs - nowUs())) / 1000,
  );
  const givenUp = ended === null ? swarm.state.acting : 0;
  const made = mergeActions(await swarm.takeActions(), base);
  swarm.expect(made.versions, isWindow);
  return { ...made, givenUp };
}

/** The shards' actions as one history of each dashboard. Pure. */
export function mergeActions(reports: readonly ActionsReport[], base: readonly number[]): Omit<Made, 'givenUp'> {
  const changes = reports
    .flatMap(({ acted }) => acted)
    .map(({ ackedUs, ...change }): Published => ({ ...change, committedUs: ackedUs }))
    .sort((a, b) => a.audience - b.audience || a.version - b.version);
  const made = base.map(() => new Map<number, Published>());
  for (const change of changes) made[change.audience]?.set(change.version, change);
  const versions = base.flatMap((before, audience) => {
    const own = made[audience] ?? new Map<number, Published>();
    const held = reports.map(({ newestHeld }) => newestHeld[audience] ?? 0);
    const newest = Math.max(before, ...held, ...own.keys());
    return Array.from({ length: newest - before }, (_, index): Update => {
      const version = before + index + 1;
      return { audience, version, intendedUs: own.get(version)?.intendedUs ?? 0 };
    });
  });
  return { changes, versions };
}

/** What each dashboard is at after these. */
export function newestOf(versions: readonly Update[], audiences: number): number[] {
  const newest = Array.from({ length: audiences }, () => 0);
  for (const { audience, version } of versions) newest[audience] = Math.max(newest[audience] ?? 0, version);
  return newest;
}
