// From what each shard saw of each version to when all of its audience held it. A version that somebody never came to hold is censored: its
// time is longer than any that was measured.
import { createHistogram, type Histogram, recordUs } from '../contract/histogram.ts';
import type { Update } from '../plan/arrivals.ts';
import type { Sighting } from '../swarm/sightings.ts';

/** From the intended time until the last client of the audience held the version, or something newer. Clients are dealt to audiences in turn. */
export function seenByAllUs(
  changes: readonly Update[],
  shards: readonly (readonly Sighting[])[],
  { clients, audiences }: { readonly clients: number; readonly audiences: number },
): { readonly histogram: Histogram; readonly censored: number } {
  const merged = mergeSightings(shards);
  const histogram = createHistogram();
  let censored = 0;
  for (const { audience, version, intendedUs } of changes) {
    const seen = merged.get(`${audience}:${version}`);
    if (seen === undefined || seen.clients < watchersOf(audience, { clients, audiences })) censored += 1;
    else recordUs(histogram, seen.lastUs - intendedUs);
  }
  return { histogram, censored };
}

/** Versions that more clients are said to hold than watch: somebody was counted twice. */
export function countOverseen(
  shards: readonly (readonly Sighting[])[],
  dealt: { readonly clients: number; readonly audiences: number },
): number {
  return [...mergeSightings(shards).values()].filter(({ audience, clients }) => clients > watchersOf(audience, dealt))
    .length;
}

function mergeSightings(shards: readonly (readonly Sighting[])[]): Map<string, Omit<Sighting, 'version'>> {
  const merged = new Map<string, Omit<Sighting, 'version'>>();
  for (const { audience, version, clients, lastUs } of shards.flat()) {
    const key = `${audience}:${version}`;
    const known = merged.get(key) ?? { clients: 0, lastUs: Number.NEGATIVE_INFINITY };
    merged.set(key, { audience, clients: known.clients + clients, lastUs: Math.max(known.lastUs, lastUs) });
  }
  return merged;
}

/** The clients of one audience, being dealt by rank. */
export function watchersOf(audience: number, { clients, audiences }: { clients: number; audiences: number }): number {
  return Math.ceil((clients - audience) / audiences);
}
