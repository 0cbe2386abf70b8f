// What a client holds, and what became of every version on the way: delivered, superseded, missed, twice, out of order.
// Pure bookkeeping; per client published = delivered + superseded + missed at rest, whatever happened.

/** Per client. `gaps` holds the versions a stream skipped and that may still come late; rarely needed, so made when needed. */
export interface Delivery {
  held: number | null;
  /** The version held first, from which on versions are expected. */
  first: number;
  gaps: Set<number> | null;
}

export interface DeliveryCounts {
  delivered: number;
  superseded: number;
  missed: number;
  duplicate: number;
  outOfOrder: number;
}

export function noDeliveries(): DeliveryCounts {
  return { delivered: 0, superseded: 0, missed: 0, duplicate: 0, outOfOrder: 0 };
}

/**
 * Books the arrival of `version`. With `contract` `latest` skipped versions are superseded, with `every` they are missed
 * until they come late. Returns true when the client now holds a newer version than before.
 */
export function book(client: Delivery, version: number, contract: 'latest' | 'every', counts: DeliveryCounts): boolean {
  const { held } = client;
  if (held === null) {
    client.held = version;
    client.first = version;
    return true;
  }
  if (version > held) {
    const skipped = version - held - 1;
    counts.delivered += 1;
    if (contract === 'latest') counts.superseded += skipped;
    else if (skipped > 0) noteGap(client, version, counts);
    client.held = version;
    return true;
  }
  if (contract === 'every') bookOld(client, version, counts);
  return false;
}

/** Versions published but not held at the end, given the newest published one. */
export function lacking(client: Delivery, newest: number): number {
  return client.held === null ? 0 : Math.max(0, newest - client.held);
}

function noteGap(client: Delivery, version: number, counts: DeliveryCounts): void {
  client.gaps ??= new Set();
  for (let skipped = (client.held as number) + 1; skipped < version; skipped++) {
    client.gaps.add(skipped);
    counts.missed += 1;
  }
}

function bookOld(client: Delivery, version: number, counts: DeliveryCounts): void {
  if (client.gaps?.delete(version)) {
    counts.missed -= 1;
    counts.delivered += 1;
    counts.outOfOrder += 1;
  } else {
    counts.duplicate += 1;
  }
}
