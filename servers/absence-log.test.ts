import { expect, test } from 'vitest';
import { AbsenceLog } from './absence-log.ts';

test('counts from the first connection that broke to the first that answers, each source for itself', () => {
  const log = new AbsenceLog();
  log.back('redis', 5);
  log.lost('redis', 10);
  log.lost('redis', 20);
  log.lost('listen', 30);
  log.back('redis', 40);
  expect([...log.all()]).toEqual([
    { source: 'redis', fromUs: 10, untilUs: 40 },
    { source: 'listen', fromUs: 30, untilUs: null },
  ]);
});

test('forgets the oldest, so that it never grows', () => {
  const log = new AbsenceLog();
  for (let at = 0; at < 250; at++) {
    log.lost('postgres', at);
    log.back('postgres', at);
  }
  expect([...log.all()]).toHaveLength(100);
  expect([...log.all()].at(-1)?.fromUs).toBe(249);
});
