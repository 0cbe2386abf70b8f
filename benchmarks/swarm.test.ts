// The swarm benchmark with a handful of clients: that every client still does its job, so that the figures are of something.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transports } from '../harness/contract/record.ts';
import { type Guard, openGuard } from '../harness/services/guard.ts';
import { startPostgres } from '../harness/services/postgres.ts';
import { candidates } from './swarm/contract.ts';
import { runSwarmBenchmark } from './swarm/run.ts';
import { renderCosts } from './swarm/table.ts';

let guard: Guard;
let postgresUrl: string;

beforeAll(async () => {
  guard = await openGuard();
  postgresUrl = (await startPostgres({ guard })).url;
});
afterAll(() => guard.close());

/** In polling's run also both closed loops. Side by side, as nothing is measured here that could be disturbed. */
test.concurrent.each(transports)(
  'measures clients over %s',
  async (transport) => {
    const isPolling = transport === 'polling';
    const result = await runSwarmBenchmark(
      {
        transports: [transport],
        counts: [6],
        repeat: 1,
        // The libraries are those that poll.
        isAlone: transport === 'long-polling',
        changes: 2,
        polls: 2,
        pollIntervalUs: 100_000,
        loop: isPolling ? { connections: 3, durationUs: 200_000 } : null,
      },
      { postgresUrl, signal: new AbortController().signal, onStep: () => {} },
    );
    const clients = transport === 'long-polling' ? ['freshet'] : candidates[transport];
    expect(result.costs.map(({ client }) => client)).toEqual(clients);
    for (const { client, receiveUs, connectUs, residentBytes } of result.costs) {
      expect(receiveUs?.median, client).toBeGreaterThan(0);
      if (isPolling) expect(connectUs).toBeNull();
      else expect(connectUs?.median, client).toBeGreaterThan(0);
      expect(residentBytes, 'memory of so few').toBeNull();
    }
    expect(result.loops.map(({ client }) => client)).toEqual(isPolling ? ['freshet', 'autocannon'] : []);
    for (const { requestsPerCpuSecond } of result.loops) expect(requestsPerCpuSecond?.median).toBeGreaterThan(0);
    for (const name of clients) expect(renderCosts(result)).toContain(name);
  },
  180_000,
);
