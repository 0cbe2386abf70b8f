// What a measured reconnect storm says of its server: how many connections it completes a second, and how long one takes it.
import { decodeHistogram } from '../contract/histogram.ts';
import { isDistribution, type TrialRecord } from '../contract/record.ts';

export interface MeasuredServer {
  /** The contender by which it was measured. */
  readonly contender: string;
  readonly completesPerSecond: number;
  readonly serviceUs: number;
}

type Trial = Pick<TrialRecord, 'contender' | 'metrics' | 'timeline' | 'events'>;

/**
 * Of trials of one server, the one that kept it busy longest; `null` when none lost and regained its clients. It completes connects
 * at the mean pace of the steps in which clients waited for it from beginning to end. (Where all of those wait for their next SYN, it has
 * nothing to do.) Of the connects half are the ramp's, in no hurry: their median is about the
 * first quarter of all.
 */
export function measuredServer(trials: readonly Trial[]): MeasuredServer | null {
  const found = trials.flatMap(({ contender, metrics, timeline, events }) => {
    const fault = events.find(({ kind }) => kind === 'fault');
    const connectUs = metrics['connect.us'];
    if (fault === undefined || !isDistribution(connectUs)) return [];
    const pace = paceAfter(timeline, fault.untilUs ?? fault.atUs);
    const serviceUs = decodeHistogram(connectUs.histogram).getValueAtPercentile(25);
    return pace.busiest === 0 ? [] : [{ contender, pace, serviceUs }];
  });
  const [first] = found.toSorted((a, b) => b.pace.waitingSteps - a.pace.waitingSteps);
  if (first === undefined) return null;
  const perSecond = 1e6 / (trials[0]?.timeline.stepUs ?? 1e6);
  const { contender, pace, serviceUs } = first;
  return {
    contender,
    serviceUs,
    completesPerSecond: (pace.waitingSteps === 0 ? pace.busiest : pace.accepted / pace.waitingSteps) * perSecond,
  };
}

interface Pace {
  /** The most that were accepted in a step. */
  readonly busiest: number;
  /** Steps that began and ended with clients waiting, and what was accepted in them. */
  readonly waitingSteps: number;
  readonly accepted: number;
}

function paceAfter({ stepUs, series }: TrialRecord['timeline'], fromUs: number): Pace {
  const from = Math.floor(fromUs / stepUs);
  const after = (name: string) => (series[name] ?? []).slice(from).map((count) => count ?? 0);
  const [attempts, accepted, refused] = [
    after('connectAttempts'),
    after('connectsAccepted'),
    after('connectsRefused'),
  ] as const;
  let waiting = 0;
  let waitingSteps = 0;
  let whileWaiting = 0;
  for (const [step, count] of accepted.entries()) {
    const waitedBefore = waiting;
    waiting = Math.max(0, waiting + (attempts[step] ?? 0) - count - (refused[step] ?? 0));
    if (waitedBefore === 0 || waiting === 0 || count === 0) continue;
    waitingSteps += 1;
    whileWaiting += count;
  }
  return { busiest: Math.max(0, ...accepted), waitingSteps, accepted: whileWaiting };
}
