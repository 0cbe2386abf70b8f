// Storms → the time axis they share, and what each shows at every point of it: at most some hundred points, the busiest step of each.
import type { Storm } from '../storm.ts';

/** More than a panel can show apart. */
const mostPoints = 420;
const longestLeadUs = 1_000_000;

/** In µs since the fault. */
export interface TimeAxis {
  readonly fromUs: number;
  readonly untilUs: number;
  /** Steps that one point stands for. */
  readonly stepsPerPoint: number;
}

/** One point of a panel's series; `null` where a reading failed or there is none. */
export interface StormPoint {
  /** Since the fault, when the point begins. */
  readonly seconds: number;
  readonly attempts: number | null;
  readonly accepted: number | null;
  readonly refused: number | null;
  readonly connected: number | null;
  readonly queries: number | null;
}

/** From shortly before the fault until nothing moves any more in any of the storms. */
export function timeAxisOf(storms: readonly Storm[]): TimeAxis {
  const stepUs = Math.max(...storms.map((each) => each.stepUs));
  const fromUs = Math.max(-longestLeadUs, Math.min(...storms.map(({ startUs }) => startUs)));
  const movedUs = Math.max(stepUs, ...storms.map(lastMoveUs), ...storms.map(({ outage }) => outage?.lastedUs ?? 0));
  const untilUs = movedUs + Math.max(stepUs, 0.02 * movedUs);
  return { fromUs, untilUs, stepsPerPoint: Math.max(1, Math.ceil((untilUs - fromUs) / stepUs / mostPoints)) };
}

/** The end of the last step in which a client tried or came back. */
function lastMoveUs({ attempts, accepted, startUs, stepUs }: Storm): number {
  const last = [attempts, accepted].map(
    (series) => series?.findLastIndex((count) => count !== null && count > 0) ?? -1,
  );
  return startUs + (Math.max(...last) + 1) * stepUs;
}

/** What a storm shows within the axis. */
export function pointsOf(storm: Storm, axis: TimeAxis): StormPoint[] {
  const { startUs, stepUs } = storm;
  const { stepsPerPoint } = axis;
  const longest = Math.max(
    ...[storm.attempts, storm.accepted, storm.connected, storm.queries].map((each) => each?.length ?? 0),
  );
  const points: StormPoint[] = [];
  const first = Math.max(0, Math.floor((axis.fromUs - startUs) / stepUs));
  for (let step = first; step < longest && startUs + step * stepUs < axis.untilUs; step += stepsPerPoint) {
    const busiest = (series: Storm['attempts']) => busiestOf(series?.slice(step, step + stepsPerPoint));
    points.push({
      seconds: Math.max(axis.fromUs, startUs + step * stepUs) / 1e6,
      attempts: busiest(storm.attempts),
      accepted: busiest(storm.accepted),
      refused: busiest(storm.refused),
      connected: storm.connected?.[Math.min(longest, step + stepsPerPoint) - 1] ?? null,
      queries: busiest(storm.queries),
    });
  }
  return points;
}

function busiestOf(steps: readonly (number | null)[] | undefined): number | null {
  const known = steps?.filter((step) => step !== null) ?? [];
  return known.length === 0 ? null : Math.max(...known);
}
