// Whom the servers gave up, and when: from their own log of losses, set against what the clients saw.
import { metricNames } from '../../servers/protocol.ts';
import type { PrometheusReading } from './prometheus.ts';

export interface Loss {
  readonly reason: string;
  /** µs of the monotonic clock. */
  readonly atUs: number;
  /** For how long the client had not been heard. */
  readonly silentUs: number;
}

/** All losses that the servers logged from this moment on, the earliest first. */
export function lossesSince(readings: readonly PrometheusReading[], fromUs: number): Loss[] {
  return readings
    .flatMap((reading) => reading.get(metricNames.connectionsLost) ?? [])
    .map(({ labels, value }) => ({
      reason: labels.reason ?? '',
      atUs: Number(labels.at) * 1e6,
      silentUs: value * 1e6,
    }))
    .filter(({ atUs }) => atUs >= fromUs)
    .toSorted((a, b) => a.atUs - b.atUs);
}

/**
 * Of the servers' losses those of vanished clients: a client that lives saw the end of its connection, so for each such end the loss
 * nearest before it is another's. µs since the clients vanished, at most `vanished` of them.
 */
export function noticedAfterUs(
  losses: readonly Loss[],
  { vanishedUs, seenByLivingUs, vanished }: { vanishedUs: number; seenByLivingUs: readonly number[]; vanished: number },
): number[] {
  const left = [...losses];
  for (const seenUs of seenByLivingUs) {
    const index = left.findLastIndex(({ atUs }) => atUs <= seenUs);
    if (index >= 0) left.splice(index, 1);
  }
  return left.slice(0, vanished).map(({ atUs }) => atUs - vanishedUs);
}

/** How many of `vanished` clients the servers still believed in at the end of each step since the window's start. */
export function unnoticedSeries(
  noticedUs: readonly number[],
  { vanished, fromUs, stepUs, steps }: { vanished: number; fromUs: number; stepUs: number; steps: number },
): number[] {
  return Array.from({ length: steps }, (_, step) => {
    const sinceUs = (step + 1) * stepUs - fromUs;
    if (sinceUs < 0) return 0;
    return vanished - noticedUs.filter((us) => us <= sinceUs).length;
  });
}
