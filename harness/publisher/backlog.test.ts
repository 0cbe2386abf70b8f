import { expect, test } from 'vitest';
import type { Update } from '../plan/arrivals.ts';
import { Backlog } from './backlog.ts';

const change = (version: number, audience = 0): Update => ({ audience, version, intendedUs: version });

test('holds back what follows a failed change of its dashboard, and of no other', () => {
  const backlog = new Backlog();
  const [first, second, third, elsewhere] = [change(1), change(2), change(3), change(1, 1)];
  expect(backlog.admits(first)).toBe(true);
  expect(backlog.failed(first)).toBe(true);
  expect([backlog.admits(second), backlog.admits(third), backlog.admits(elsewhere)]).toEqual([false, false, true]);
  expect(backlog.committed(elsewhere)).toBe(null);
  expect(backlog.failed(first)).toBe(true);
  expect(backlog.committed(first)).toBe(second);
  expect(backlog.committed(second)).toBe(third);
  expect(backlog.committed(third)).toBe(null);
  expect(backlog.admits(change(4))).toBe(true);
});

test('puts those that were on their way in the order of their versions, and tries the first alone', () => {
  const backlog = new Backlog();
  const [first, second, third] = [change(1), change(2), change(3)];
  expect(backlog.failed(first)).toBe(true);
  expect(backlog.admits(third)).toBe(false);
  expect(backlog.failed(second)).toBe(false);
  expect(backlog.committed(first)).toBe(second);
  expect(backlog.failed(second)).toBe(true);
  expect(backlog.committed(second)).toBe(third);
});
