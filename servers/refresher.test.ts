import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dashboard } from './message.ts';
import { Refresher } from './refresher.ts';
import type { QueryFailure, Store } from './store.ts';

type Outcome = Dashboard | QueryFailure;

const at = (version: number): Dashboard => ({ audience: 0, version, intendedUs: 0, tiles: [] });

/** A refresher whose queries are answered by hand. */
function openBench({ wanted = true } = {}) {
  const queries: ((outcome: Outcome) => void)[] = [];
  const delivered: number[] = [];
  const state = { wanted };
  const store = {
    snapshot: () => new Promise<Outcome>((resolve) => queries.push(resolve)),
    versions: async () => [{ audience: 0, version: 7 }],
  };
  const refresher = new Refresher({
    store: store as unknown as Store,
    audiences: 1,
    isWanted: () => state.wanted,
    deliveredVersion: () => delivered.at(-1) ?? -1,
    deliver: ({ version }) => {
      delivered.push(version);
      return true;
    },
  });
  return { queries, delivered, refresher, state };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);
const retry = () => vi.advanceTimersByTimeAsync(500);

describe('Refresher', () => {
  it('queries once for each announcement and delivers in their order, whichever query is done first', async () => {
    const { queries, delivered, refresher } = openBench();
    for (const version of [1, 2, 3]) refresher.announce({ audience: 0, version });
    expect(queries).toHaveLength(3);
    queries[2]?.(at(3));
    queries[1]?.(at(2));
    await settle();
    expect(delivered).toEqual([]);
    queries[0]?.(at(1));
    await settle();
    expect(delivered).toEqual([1, 2, 3]);
  });

  it('tries a failed query again until it succeeds', async () => {
    const { queries, delivered, refresher } = openBench();
    refresher.announce({ audience: 0, version: 1 });
    queries[0]?.('failed');
    await retry();
    queries[1]?.('busy');
    await settle();
    expect(refresher.isOutdated(0, 0)).toBe(false);
    await retry();
    queries[2]?.(at(1));
    await settle();
    expect(delivered).toEqual([1]);
  });

  it('leaves it to a later query that is under way', async () => {
    const { queries, delivered, refresher } = openBench();
    refresher.announce({ audience: 0, version: 1 });
    refresher.announce({ audience: 0, version: 2 });
    queries[0]?.('failed');
    queries[1]?.(at(2));
    await retry();
    expect(queries).toHaveLength(2);
    expect(delivered).toEqual([2]);
  });

  it('only remembers what nobody wants', async () => {
    const { queries, refresher } = openBench({ wanted: false });
    refresher.announce({ audience: 0, version: 2 });
    expect(queries).toHaveLength(0);
    expect(refresher.isOutdated(0, 1)).toBe(true);
    expect(refresher.isOutdated(0, 2)).toBe(false);
  });

  it('gives up a retry that nobody wants any more', async () => {
    const { queries, refresher, state } = openBench();
    refresher.announce({ audience: 0, version: 1 });
    queries[0]?.('failed');
    await settle();
    state.wanted = false;
    await retry();
    expect(queries).toHaveLength(1);
    expect(refresher.isOutdated(0, 0)).toBe(true);
  });

  it('announces in a resync only what moved', async () => {
    const { queries, delivered, refresher } = openBench();
    await refresher.resync();
    queries[0]?.(at(7));
    await settle();
    await refresher.resync();
    expect(queries).toHaveLength(1);
    expect(delivered).toEqual([7]);
  });

  it('ignores dashboards that do not exist', () => {
    const { queries, refresher } = openBench();
    refresher.announce({ audience: 1, version: 1 });
    expect(queries).toHaveLength(0);
  });
});
