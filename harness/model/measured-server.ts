// What a measured reconnect storm says of its server: how many connections it completes a second, and how long one takes it.
import { decodeHistogram } from '../contract/histogram.ts';
import { isDistribution, type TrialRecord } from '../contract/record.ts';

export interface MeasuredServer {
  readonly completesPerSecond: number;
  readonly serviceUs: number;
}

type Trial = Pick<TrialRecord, 'metrics' | 'timeline' | 'events'>;

/**
 * From all storms of one server; `null` when none lost and regained its clients. It completes connects at the mean pace of the steps in
 * which it had enough of them to do from beginning to end. (Where all who wait do so for their next SYN, it has nothing to do.) Of the connects
 * of a storm half are the ramp's, in no hurry: their median is about the first quarter of all.
 */
export function measuredServer(trials: readonly Trial[]): MeasuredServer | null {
  const found = trials.flatMap(({ metrics, timeline, events }) => {
    const fault = events.find(({ kind }) => kind === 'fault');
    const connectUs = metrics['connect.us'];
    if (fault === undefined || !isDistribution(connectUs)) return [];
    const pace = paceAfter(timeline, fault.untilUs ?? fault.atUs);
    const serviceUs = decodeHistogram(connectUs.histogram).getValueAtPercentile(25);
    return pace.busiest === 0 ? [] : [{ ...pace, serviceUs }];
  });
  if (found.length === 0) return null;
  const sum = (pick: (pace: Pace) => number) => found.reduce((total, pace) => total + pick(pace), 0);
  const waitingSteps = sum((pace) => pace.waitingSteps);
  const perStep =
    waitingSteps === 0 ? Math.max(...found.map(({ busiest }) => busiest)) : sum((pace) => pace.accepted) / waitingSteps;
  return {
    completesPerSecond: (perStep * 1e6) / (trials[0]?.timeline.stepUs ?? 1e6),
    serviceUs: found.map(({ serviceUs }) => serviceUs).toSorted((a, b) => a - b)[found.length >> 1] ?? 0,
  };
}

interface Pace {
  /** The most that were accepted in a step. */
  readonly busiest: number;
  /** Steps that began with as many clients waiting as were accepted, and ended with some, and what was accepted in them. */
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
    if (waitedBefore < count || waiting === 0 || count === 0) continue;
    waitingSteps += 1;
    whileWaiting += count;
  }
  return { busiest: Math.max(0, ...accepted), waitingSteps, accepted: whileWaiting };
}
