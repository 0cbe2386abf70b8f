import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { spreadLabels } from './labels.ts';

const wishes = fc.array(fc.double({ min: -50, max: 400, noNaN: true }), { maxLength: 30 });
const bounds = { top: 0, bottom: 300, distance: 16 };

it('never lets two labels overlap', () => {
  return fc.assert(
    fc.property(wishes, (wanted) => {
      const placed = spreadLabels(wanted, bounds).sort((a, b) => a - b);
      for (let index = 1; index < placed.length; index++) {
        expect((placed[index] ?? 0) - (placed[index - 1] ?? 0)).toBeGreaterThanOrEqual(bounds.distance - 1e-6);
      }
    }),
  );
});

it('keeps the order of the curves, and stays within the plot as long as there is room', () => {
  return fc.assert(
    fc.property(wishes, (wanted) => {
      const placed = spreadLabels(wanted, bounds);
      const order = (values: readonly number[]) =>
        values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b);
      expect(order(placed)).toEqual(order(wanted));
      const bottom = Math.max(bounds.bottom, (wanted.length - 1) * bounds.distance);
      for (const position of placed) {
        expect(position).toBeGreaterThanOrEqual(-1e-6);
        expect(position).toBeLessThanOrEqual(bottom + 1e-6);
      }
    }),
  );
});

it('leaves labels with room where they want to be, and centres a crowd on its wish', () => {
  expect(spreadLabels([10, 100], bounds)).toEqual([10, 100]);
  expect(spreadLabels([100, 100], bounds)).toEqual([92, 108]);
});
