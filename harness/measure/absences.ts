// What the servers and the relay said of connections they lost while a service was away: who noticed when, and who had it back when.
import { metricNames } from '../../servers/protocol.ts';
import type { ServiceFault } from '../plan/service-fault.ts';
import type { PrometheusReading } from './prometheus.ts';

type Source = 'postgres' | 'listen' | 'redis';

/** One process without one of its sources, µs of the monotonic clock. */
export interface Absence {
  /** `server 1`, `relay`. */
  readonly who: string;
  /** Number of the server node from 0; `null` for the relay. */
  readonly node: number | null;
  readonly source: Source;
  readonly fromUs: number;
  /** `null` where it had not come back by the last reading. */
  readonly untilUs: number | null;
}

const sourcesOf: Readonly<Record<ServiceFault['service'], readonly string[]>> = {
  redis: ['redis'],
  postgres: ['postgres', 'listen'],
};

/** Of each process and source: from its first loss after `sinceUs` to its last return. `metrics` are those of the nodes, then the relay. */
export function absencesOf(
  metrics: readonly PrometheusReading[],
  { service, sinceUs, nodes }: { service: ServiceFault['service']; sinceUs: number; nodes: number },
): Absence[] {
  return metrics.flatMap((reading, index) => {
    const samples = (reading.get(metricNames.absence) ?? []).map(({ labels, value }) => {
      const fromUs = Math.round(Number(labels.from) * 1e6);
      return {
        source: labels.source,
        fromUs,
        untilUs: Number.isFinite(value) ? Math.round(fromUs + value * 1e6) : null,
      };
    });
    const own = samples.filter(({ fromUs }) => fromUs >= sinceUs);
    return sourcesOf[service].flatMap((source) => {
      const spans = own.filter((each) => each.source === source);
      if (spans.length === 0) return [];
      const isAway = spans.some(({ untilUs }) => untilUs === null);
      return {
        who: index >= nodes ? 'relay' : nodes === 1 ? 'server' : `server ${index + 1}`,
        node: index >= nodes ? null : index,
        source: source as Source,
        fromUs: Math.min(...spans.map(({ fromUs }) => fromUs)),
        untilUs: isAway ? null : Math.max(...spans.map(({ untilUs }) => untilUs ?? 0)),
      };
    });
  });
}

/** From the service's end until the last of them knew, µs; `null` where nobody lost a connection. */
export function noticedAfterUs(absences: readonly Absence[], atUs: number): number | null {
  return absences.length === 0 ? null : Math.max(0, ...absences.map(({ fromUs }) => fromUs - atUs));
}

/**
 * From the service's return until the last of them had it again; `null` where somebody never had, or nobody had lost it. A pool knows only
 * when it is asked for something: one that nobody asked says nothing.
 */
export function heardAgainAfterUs(absences: readonly Absence[], backUs: number): number | null {
  const told = absences.filter(({ source, untilUs }) => source !== 'postgres' || untilUs !== null);
  if (told.length === 0 || told.some(({ untilUs }) => untilUs === null)) return null;
  return Math.max(0, ...told.map(({ untilUs }) => (untilUs as number) - backUs));
}
