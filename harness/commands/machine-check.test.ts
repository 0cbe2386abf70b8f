// Each bound is called what it is: fine, worth knowing with its remedy, or unknown.
import { describe, expect, test } from 'vitest';
import { debian } from '../contract/limits.fixture.ts';
import type { Limits } from '../contract/limits.ts';
import { describeLimits, describeStillness } from './machine-check.ts';

const ample: Limits = {
  ...debian,
  openFiles: 1_048_576,
  trackedConnections: 262_144,
  cores: 16,
  memoryAvailableBytes: 32e9,
};

function rowOf(what: string, limits: Partial<Limits>) {
  return describeLimits({ ...ample, ...limits }).find((row) => row.what === what);
}

describe('limits', () => {
  test('that are ample are all fine', () => {
    expect(describeLimits(ample).map(({ verdict }) => verdict)).toEqual(Array(6).fill('ok'));
  });

  test.each([
    ['cores', { cores: 2 }, /share them/],
    ['memory', { memoryAvailableBytes: 5e8 }, /1 GB or more/],
    ['file descriptors', { openFiles: 1_024 }, /so 914 clients a server.*ulimit -n 65536/],
    ['file descriptors', { openFiles: null }, /not known/],
    ['outgoing ports', { hasManySources: false }, /22,585 clients a server; \+nodes=N/],
    ['outgoing ports', { outgoingPorts: null }, /not known/],
    ['listen backlog', { listenBacklog: 128 }, /sysctl -w net\.core\.somaxconn/],
    ['tracked connections', { trackedConnections: 8_192 }, /nf_conntrack_max/],
  ] as const)('%s: %j is noted', (what, limits, says) => {
    expect(rowOf(what, limits)).toMatchObject({ verdict: 'note', says: expect.stringMatching(says) });
  });

  test('that do not exist have no row', () => {
    expect(rowOf('tracked connections', { trackedConnections: null })).toBeUndefined();
    expect(rowOf('listen backlog', { listenBacklog: null })).toBeUndefined();
  });
});

test.each([
  [{ busyShare: 0.01, timerLateUs: 1_300, clockReadNs: 50 }, ['ok', 'ok']],
  [{ busyShare: 0.3, timerLateUs: 1_300, clockReadNs: 50 }, ['ok', 'note']],
  [{ busyShare: 0.01, timerLateUs: 30_000, clockReadNs: 50 }, ['ok', 'note']],
  [{ busyShare: null, timerLateUs: 1_300, clockReadNs: 2_000 }, ['note', 'ok']],
])('stillness %j is %j', (stillness, verdicts) => {
  expect(describeStillness(stillness).map(({ verdict }) => verdict)).toEqual(verdicts);
});
