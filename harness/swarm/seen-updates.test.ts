import { expect, test } from 'vitest';
import { SeenUpdates } from './seen-updates.ts';

test('numbers versions in the order of their size, whatever the server counts in', () => {
  const log = new SeenUpdates(1);
  expect([1_700_000, 1_700_050, 1_700_050, 1_700_000, 1_700_060].map((told) => log.place(0, told, 0))).toEqual([
    1, 2, 2, 1, 3,
  ]);
  expect(log.newest(0)).toBe(3);
  expect(log.toldAs(0, 2)).toBe(1_700_050);
});

test('counts as the window’s what was changed in it, and nothing that is first heard of when it is over', () => {
  const log = new SeenUpdates(1);
  log.openWindow(100, 200);
  log.place(0, 7, 90);
  log.place(0, 8, 150);
  log.place(0, 9, 0);
  log.close();
  expect(log.place(0, 10, 190)).toBe(3);
  expect([8, 9, 10].map((told) => log.isBeyond(0, told))).toEqual([false, false, true]);
  expect(log.timedInWindow).toBe(1);
  expect([1, 2, 3].map((version) => log.inWindow(0, version))).toEqual([false, true, false]);
});
