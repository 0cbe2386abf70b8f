import { describe, expect, test } from 'vitest';
import { parsePrometheus } from './prometheus.ts';
import { cpuMsPerSecond, gaugeOverServers, type Reading, serverCpuMsPerSecond, sumOverServers } from './reading.ts';

/** A reading that itself cost the servers `costUs`, and took as long. */
function readingAt(atUs: number, serversUs: number | null, costUs: number): Reading {
  const cpu = (cpuAtUs: number, servers: number | null) => ({
    cpuAtUs,
    cpuUs: { servers, relay: null, redis: null, postgres: null, nginx: null },
    serversUs: [servers],
  });
  return {
    statements: { atUs, queries: 0, others: 0, foreign: 0 },
    metrics: [],
    listenOverflows: null,
    cpu: { before: cpu(atUs, serversUs), after: cpu(atUs + costUs, serversUs === null ? null : serversUs + costUs) },
    rssBytes: null,
    socketBytes: null,
  };
}

describe('CPU between two readings', () => {
  test('is told of each node, unless one of them cannot be seen', () => {
    expect(serverCpuMsPerSecond(readingAt(0, 0, 5_000), readingAt(105_000, 7_000, 5_000))).toEqual([20]);
    expect(serverCpuMsPerSecond(readingAt(0, null, 5_000), readingAt(105_000, 7_000, 5_000))).toBe(null);
  });

  test('leaves out what the readings themselves cost, however short the time between them', () => {
    // 20 ms of work a second.
    expect(cpuMsPerSecond(readingAt(0, 0, 5_000), readingAt(105_000, 7_000, 5_000), 'servers')).toBe(20);
    expect(cpuMsPerSecond(readingAt(0, 0, 5_000), readingAt(10_005_000, 205_000, 5_000), 'servers')).toBe(20);
  });

  test('is unknown where it cannot be read', () => {
    expect(cpuMsPerSecond(readingAt(0, null, 1), readingAt(100, 5, 1), 'servers')).toBeNull();
    expect(cpuMsPerSecond(readingAt(0, 5, 1), readingAt(100, 5, 1), 'relay')).toBeNull();
  });
});

test('a gauge that no server tells is unknown, a counter without samples has counted nothing', () => {
  const metrics = ['timers{type="Timeout"} 3\ntimers{type="Socket"} 1', 'timers{type="Socket"} 2', ''].map(
    parsePrometheus,
  );
  expect(gaugeOverServers({ metrics }, 'timers')).toBe(6);
  expect(gaugeOverServers({ metrics }, 'timers', { type: 'Timeout' })).toBe(3);
  expect(gaugeOverServers({ metrics }, 'connections')).toBeNull();
  expect(sumOverServers({ metrics }, 'connections')).toBe(0);
});
