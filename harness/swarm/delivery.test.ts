import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { book, type Delivery, lacking, noDeliveries } from './delivery.ts';

function client(held: number | null = null): Delivery {
  return { held, first: held ?? 0, gaps: null };
}

function bookAll(versions: readonly number[], contract: 'latest' | 'every', held: number | null = 0) {
  const counts = noDeliveries();
  const who = client(held);
  for (const version of versions) book(who, version, contract, counts);
  return { counts, who };
}

describe('what became of each version', () => {
  test('the first one a client gets is where it begins, not a delivery', () => {
    const { counts, who } = bookAll([7], 'every', null);
    expect(who).toMatchObject({ held: 7, first: 7 });
    expect(counts).toEqual(noDeliveries());
  });

  test('one that a poll skipped is superseded', () => {
    expect(bookAll([1, 4], 'latest').counts).toMatchObject({ delivered: 2, superseded: 2, missed: 0 });
  });

  test('one that a stream skipped is missed', () => {
    expect(bookAll([1, 4], 'every').counts).toMatchObject({ delivered: 2, superseded: 0, missed: 2 });
  });

  test('one that a stream sends late is delivered out of order and no longer missed', () => {
    expect(bookAll([1, 3, 2], 'every').counts).toMatchObject({ delivered: 3, missed: 0, outOfOrder: 1, duplicate: 0 });
  });

  test('one that a stream sends twice is a duplicate, also when it was late before', () => {
    expect(bookAll([1, 1], 'every').counts).toMatchObject({ delivered: 1, duplicate: 1 });
    expect(bookAll([1, 3, 2, 2], 'every').counts).toMatchObject({ delivered: 3, outOfOrder: 1, duplicate: 1 });
  });

  test('a poll that finds the same version again is no duplicate', () => {
    expect(bookAll([1, 1, 1], 'latest').counts).toMatchObject({ delivered: 1, duplicate: 0 });
  });

  test('every third withheld and one sent twice show as exactly that', () => {
    const sent = Array.from({ length: 30 }, (_, k) => k + 1).filter((version) => version % 3 !== 0);
    const { counts, who } = bookAll([...sent, 29], 'every');
    expect(counts).toMatchObject({ delivered: 20, missed: 9, duplicate: 1 });
    expect(lacking(who, 30)).toBe(1);
  });

  test('published = delivered + superseded + missed, whatever arrives in whatever order', () => {
    const receipt = fc.record({
      version: fc.integer({ min: 1, max: 30 }),
      contract: fc.constantFrom('latest' as const, 'every' as const),
    });
    fc.assert(
      fc.property(fc.array(receipt, { maxLength: 60 }), fc.integer({ min: 0, max: 5 }), (receipts, ahead) => {
        const who = client(0);
        const counts = noDeliveries();
        for (const { version, contract } of receipts) book(who, version, contract, counts);
        const published = (who.held ?? 0) + ahead;
        expect(counts.delivered + counts.superseded + counts.missed + lacking(who, published)).toBe(published);
        expect(counts.missed).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
