// What the servers hold for their clients at a moment: memory, bytes buffered in their processes, and bytes in the kernel that nobody has
// acknowledged. A reading that failed is `null`.
import { metricNames } from '../../servers/protocol.ts';
import { rssBytes } from '../services/processes.ts';
import { type Queues, unacknowledgedBytes } from '../services/tcp-queues.ts';
import { sumOf } from './prometheus.ts';
import { readMetrics, type Sources } from './reading.ts';

/** Series of a timeline. */
export const holdingNames = ['serverRssBytes', 'bufferedBytes', 'unacknowledgedBytes'] as const;
export type Holdings = Record<(typeof holdingNames)[number], number | null>;

export async function readHoldings(sources: Sources, queues: Queues): Promise<Holdings> {
  const rss = sources.processes.servers.map(rssBytes);
  return {
    serverRssBytes: rss.includes(null) ? null : rss.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
    bufferedBytes: await readBuffered(sources),
    unacknowledgedBytes: unacknowledgedBytes(queues),
  };
}

async function readBuffered(sources: Sources): Promise<number | null> {
  try {
    const readings = await readMetrics(sources);
    const known = readings.map((reading) => sumOf(reading, metricNames.bufferedBytes)).filter((sum) => sum !== null);
    return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    return null; // A server that is away; that it is shows in the series.
  }
}
