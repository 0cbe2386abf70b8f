import { describe, expect, it } from 'vitest';
import { mergeActions } from './actions.ts';

const acted = (audience: number, version: number) => ({
  audience,
  version,
  intendedUs: 100 * version,
  sentUs: 100 * version + 1,
  ackedUs: 100 * version + 5,
});

describe('the actions of several shards', () => {
  it('become one history of each dashboard, from what it was at before', () => {
    const reports = [
      { type: 'actions', acted: [acted(1, 5), acted(0, 3)], newestHeld: [4, 5] },
      { type: 'actions', acted: [acted(0, 4)], newestHeld: [4, 5] },
    ] as const;
    const { changes, versions } = mergeActions(reports, [2, 4]);
    expect(versions).toEqual([
      { audience: 0, version: 3, intendedUs: 300 },
      { audience: 0, version: 4, intendedUs: 400 },
      { audience: 1, version: 5, intendedUs: 500 },
    ]);
    expect(changes[0]).toEqual({ audience: 0, version: 3, intendedUs: 300, sentUs: 301, committedUs: 305 });
    expect(changes.length).toBe(3);
  });

  it('know versions that nobody was acknowledged, intended nobody knows when, and count them as nobody’s', () => {
    const reports = [{ type: 'actions', acted: [acted(0, 2)], newestHeld: [3] }] as const;
    const { changes, versions } = mergeActions(reports, [0]);
    expect(versions.map(({ intendedUs }) => intendedUs)).toEqual([0, 200, 0]);
    expect(changes.map(({ version }) => version)).toEqual([2]);
  });

  it('are none of a dashboard that nobody changed', () => {
    expect(mergeActions([{ type: 'actions', acted: [], newestHeld: [7] }], [7])).toEqual({ changes: [], versions: [] });
  });
});
