// What the servers hold for their clients at a moment: memory, bytes buffered in their processes, and bytes in the kernel that nobody has
// acknowledged; and queries that wait for the pool. A reading that failed is `null`.
import { metricNames } from '../../servers/protocol.ts';
import { rssBytes } from '../services/processes.ts';
import { type Queues, unacknowledgedBytes } from '../services/tcp-queues.ts';
import { gaugeOverServers, readMetrics, type Sources } from './reading.ts';

/** Series of a timeline. */
export const holdingNames = ['serverRssBytes', 'bufferedBytes', 'unacknowledgedBytes', 'poolWaiting'] as const;
export type Holdings = Record<(typeof holdingNames)[number], number | null>;

export async function readHoldings(sources: Sources, queues: Queues): Promise<Holdings> {
  const rss = sources.processes.servers.map(rssBytes);
  return {
    serverRssBytes: rss.includes(null) ? null : rss.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
    ...(await readTold(sources)),
    unacknowledgedBytes: unacknowledgedBytes(queues),
  };
}

/** What waits for clients in servers and kernel together; `null` where neither could be read. */
export function bytesHeld({ bufferedBytes, unacknowledgedBytes: inKernel }: Partial<Holdings>): number | null {
  const known = [bufferedBytes, inKernel].filter((bytes) => bytes !== null && bytes !== undefined);
  return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
}

/** The peak of those that wait for the pool is told to one reader only, so who looks at buffers has to pass it on. */
async function readTold(sources: Sources): Promise<Pick<Holdings, 'bufferedBytes' | 'poolWaiting'>> {
  try {
    const metrics = await readMetrics(sources);
    return {
      bufferedBytes: gaugeOverServers({ metrics }, metricNames.bufferedBytes),
      poolWaiting: gaugeOverServers({ metrics }, metricNames.poolWaitingPeak),
    };
  } catch {
    return { bufferedBytes: null, poolWaiting: null }; // A server that is away; that it is shows in the series.
  }
}
