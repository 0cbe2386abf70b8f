// However clients are dealt, each has one place, places get their shares, and what is to be compared stays together.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dealToPlaces, sharesOf } from './deal.ts';

const weights = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 12 });

test('shares sum up, and are within one of the exact ones', () => {
  fc.assert(
    fc.property(fc.nat(100_000), weights, (total, given) => {
      const sum = given.reduce((all, weight) => all + weight, 0);
      const shares = sharesOf(total, given);
      expect(shares.reduce((all, share) => all + share, 0)).toBe(total);
      shares.forEach((share, place) => {
        expect(Math.abs(share - (total * (given[place] as number)) / sum)).toBeLessThan(1);
      });
    }),
  );
});

test('every rank has a place, and every place its share', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3_000 }),
      weights,
      fc.integer({ min: 1, max: 5 }),
      (clients, given, apart) => {
        const groups = [0.25, 0.5, 0.75].map((part) => {
          const rank = Math.floor(part * clients);
          return [rank, rank - apart, rank + apart].filter((each) => each >= 0 && each < clients);
        });
        const places = dealToPlaces(clients, groups, given);
        const counts = given.map((_, place) => places.filter((each) => each === place).length);
        expect(counts).toEqual(sharesOf(clients, given));
      },
    ),
  );
});

test('a group stays in one place, groups are shared out, and places take turns over the whole order', () => {
  const groups = [50, 150, 250, 350].map((rank) => [rank - 1, rank, rank + 1]);
  const places = dealToPlaces(400, groups, [1, 1, 1, 1]);
  const own = groups.map((group) => new Set(group.map((rank) => places[rank])));
  expect(own.map(({ size }) => size)).toEqual([1, 1, 1, 1]);
  expect(new Set(own.flatMap((each) => [...each])).size).toBe(4);
  // A group's three, and a turn begun.
  for (let from = 0; from < 400; from += 100) {
    const counts = [0, 1, 2, 3].map((place) => places.slice(from, from + 100).filter((each) => each === place).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(5);
  }
});
