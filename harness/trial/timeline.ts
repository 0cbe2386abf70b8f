// What happened when within the window and the drain: a few figures at every step, none of which costs the servers anything
// (a reading of their /metrics takes them some 5 ms). A reading that failed is `null`, and the step goes on.
import { nowUs, sleepUntilUs } from '../contract/clock.ts';
import type { TrialRecord } from '../contract/record.ts';
import type { Sources } from '../measure/reading.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Swarm } from '../swarm/swarm.ts';

export interface TimelinePoint {
  readonly clientsConnected: number;
  readonly dbQueriesPerSecond: number | null;
}

/** One second, or half a second in a short window; a tenth where something happens to the system. */
export function timelineStepUs({ fault, windowUs }: Pick<TrialPlan, 'fault' | 'windowUs'>): number {
  if (fault !== null) return 100_000;
  return windowUs < 10_000_000 ? 500_000 : 1_000_000;
}

/** Samples every step from `startUs` until `stop` is called; the series hold the events of each step, not rates. */
export function sampleTimeline(options: {
  sources: Sources;
  swarm: Swarm;
  startUs: number;
  stepUs: number;
  onPoint: (point: TimelinePoint) => void;
  /** Further series: their values of a step. */
  more?: (() => Promise<Readonly<Record<string, number | null>>>) | undefined;
}): { stop(): TrialRecord['timeline'] } {
  const { sources, swarm, startUs, stepUs } = options;
  const series = {
    clientsConnected: [] as (number | null)[],
    dbQueries: [] as (number | null)[],
  };
  const further: Record<string, (number | null)[]> = {};
  let running = true;

  async function sample(): Promise<void> {
    let before = await readQueries(sources, startUs);
    for (let step = 1; running; step++) {
      await sleepUntilUs(startUs + step * stepUs);
      if (!running) return;
      const [queries, others] = await Promise.all([readQueries(sources, nowUs()), options.more?.()]);
      if (!running) return;
      for (const [name, value] of Object.entries(others ?? {})) {
        further[name] ??= [];
        further[name].push(value);
      }
      const gained = gainedBetween(before.count, queries.count);
      const { connected } = swarm.state;
      series.clientsConnected.push(connected);
      series.dbQueries.push(gained);
      const seconds = (queries.atUs - before.atUs) / 1e6;
      options.onPoint({
        clientsConnected: connected,
        dbQueriesPerSecond: gained === null || seconds <= 0 ? null : gained / seconds,
      });
      before = queries;
    }
  }

  void sample();
  return {
    stop() {
      running = false;
      return { stepUs, series: { ...series, ...further } };
    },
  };
}

/** `null` where a reading failed, and where the database lost its count in a crash and began anew. */
function gainedBetween(before: number | null, after: number | null): number | null {
  return before === null || after === null || after < before ? null : after - before;
}

async function readQueries(sources: Sources, atUs: number): Promise<{ atUs: number; count: number | null }> {
  try {
    const { atUs: readAtUs, queries } = await sources.statements.read();
    return { atUs: readAtUs, count: queries };
  } catch {
    return { atUs, count: null }; // The database is away; that it is shows in the series.
  }
}
