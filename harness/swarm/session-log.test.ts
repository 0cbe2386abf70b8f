// What a log says of clients that come and go, against a count by hand.
import { expect, test } from 'vitest';
import { SessionLog } from './session-log.ts';

test('counts by steps of 10 ms from the window’s start, and nothing before it', () => {
  const log = new SessionLog();
  log.attempt(1_000);
  log.accepted(0, 2_000);
  log.openWindow(1_000_000);
  for (const atUs of [999_999, 1_000_000, 1_009_999, 1_010_000, 1_045_000]) log.attempt(atUs);
  log.refused(1_020_000);
  const { counts, connectedAtStart } = log.report();
  expect(counts.attempts).toEqual([2, 1, 0, 0, 1]);
  expect(counts.refused).toEqual([0, 0, 1]);
  expect(counts.accepted).toEqual([]);
  expect(connectedAtStart).toBe(1);
});

test('knows of each client that was lost when it was back for good', () => {
  const log = new SessionLog();
  for (const rank of [0, 1, 2, 3]) log.accepted(rank, 10);
  log.openWindow(100);
  for (const rank of [0, 1, 2]) log.lost(rank, 200 + rank);
  log.planned(0, 1_000);
  log.planned(0, 2_000);
  log.accepted(0, 300);
  log.lost(0, 400);
  expect(log.isAway(0)).toBe(true);
  log.accepted(0, 500);
  log.accepted(1, 350);
  expect([0, 1, 2, 3].map((rank) => log.isAway(rank))).toEqual([false, false, true, false]);
  expect(log.report().returns).toEqual([
    { rank: 0, lostUs: 200, plannedUs: 1_000, backUs: 500, losses: 2, awayUs: 200 },
    { rank: 1, lostUs: 201, plannedUs: null, backUs: 350, losses: 1, awayUs: 149 },
    { rank: 2, lostUs: 202, plannedUs: null, backUs: null, losses: 1, awayUs: 0 },
  ]);
  expect(log.report().connectedAtStart).toBe(4);
});
