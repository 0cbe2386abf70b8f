// Hosts beyond this machine that its user lets it put under load, as addresses. A name may come to be known later than the agent.
import { lookup } from 'node:dns/promises';
import { nowUs } from '../contract/clock.ts';

const againAfterUs = 5_000_000;

/** Gives the addresses of these names as they are known by now, looked up again every 5 s. */
export function allowedAddresses(names: readonly string[]): () => Promise<readonly string[]> {
  let known: readonly string[] = [];
  let lookedUs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (names.length === 0 || nowUs() - lookedUs < againAfterUs) return known;
    lookedUs = nowUs();
    const found = await Promise.all(names.map((name) => lookup(name, { all: true }).catch(() => [])));
    known = found.flat().map(({ address }) => address);
    return known;
  };
}
