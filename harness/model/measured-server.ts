// What a measured reconnect storm says of its server: how many connections it completes a second, and how long one takes it.
import { decodeHistogram } from '../contract/histogram.ts';
import { isDistribution, type TrialRecord } from '../contract/record.ts';

export interface MeasuredServer {
  readonly contender: string;
  readonly acceptsPerSecond: number;
  readonly serviceUs: number;
}

/**
 * Of the trial whose server was fastest; `null` when none lost and regained its clients. The rate is that of the busiest step after the
 * server listened again. Of the connects half are the ramp's, in no hurry: their median is about the first quarter of all.
 */
export function measuredServer(
  trials: readonly Pick<TrialRecord, 'contender' | 'metrics' | 'timeline' | 'events'>[],
): MeasuredServer | null {
  const found = trials.flatMap(({ contender, metrics, timeline, events }) => {
    const fault = events.find(({ kind }) => kind === 'fault');
    const accepted = timeline.series.connectsAccepted;
    const connectUs = metrics['connect.us'];
    if (fault === undefined || accepted === undefined || !isDistribution(connectUs)) return [];
    const from = Math.floor((fault.untilUs ?? fault.atUs) / timeline.stepUs);
    const busiest = Math.max(0, ...accepted.slice(from).map((count) => count ?? 0));
    const serviceUs = decodeHistogram(connectUs.histogram).getValueAtPercentile(25);
    return busiest === 0 ? [] : [{ contender, acceptsPerSecond: (busiest * 1e6) / timeline.stepUs, serviceUs }];
  });
  return found.sort((a, b) => b.acceptsPerSecond - a.acceptsPerSecond)[0] ?? null;
}
