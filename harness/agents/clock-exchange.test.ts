// Clocks read through a real Redis, behind ways that are long, unequal, or gone.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineUs } from '../contract/clock.ts';
import { type Guard, openGuard } from '../services/guard.ts';
import { startRedis } from '../services/redis.ts';
import type { Service } from '../services/service.ts';
import { DelayingProxy } from '../swarm/delaying-proxy.fixture.ts';
import { ClockExchange, CoordinatorClock } from './clock-exchange.ts';
import type { OffsetReading } from './clock-offset.ts';

let guard: Guard;
let service: Service;
let redis: Redis;
let coordinator: CoordinatorClock;

beforeAll(async () => {
  guard = await openGuard();
  service = await startRedis({ guard });
  redis = new Redis(service.url);
  coordinator = await CoordinatorClock.open(redis, 'run');
});
afterAll(async () => {
  coordinator?.close();
  redis?.disconnect();
  await guard.close();
});

const aheadUs = 7_200_000_000;
const limits = { trips: 30, withinMs: 400 };

/** What an agent reads whose machine was started two hours before the coordinator's, `ways` away from Redis. */
async function readBehind(ways: { thereUs: number; backUs: number } | null): Promise<OffsetReading | null> {
  const url = new URL(service.url);
  const proxy = ways === null ? null : await DelayingProxy.start({ host: url.hostname, port: Number(url.port) }, ways);
  if (proxy !== null) url.port = String(proxy.address.port);
  const connection = new Redis(url.href);
  const exchange = await ClockExchange.open({
    redis: connection,
    run: 'run',
    agent: `agent-${url.port}`,
    clockUs: () => machineUs() + aheadUs,
  });
  const reading = await exchange.read(limits);
  exchange.close();
  connection.disconnect();
  await proxy?.stop();
  return reading;
}

describe('reading the coordinator’s clock', () => {
  test.each([
    ['at hand', null, 0, 0],
    ['10 ms away', { thereUs: 10_000, backUs: 10_000 }, 20_000, 0],
    ['nearer there than back', { thereUs: 1_000, backUs: 15_000 }, 16_000, -7_000],
  ] as const)('%s, the truth lies within the stated uncertainty', async (_where, ways, roundTripUs, asymmetryUs) => {
    const reading = await readBehind(ways);
    if (reading === null) throw new Error('the coordinator did not answer');
    const errorUs = reading.offsetUs + aheadUs;
    expect(Math.abs(errorUs)).toBeLessThanOrEqual(reading.uncertaintyUs);
    expect(reading.roundTripUs).toBeGreaterThanOrEqual(roundTripUs);
    expect(reading.uncertaintyUs).toBeGreaterThanOrEqual(roundTripUs / 2);
    // A network that is not the same both ways cannot be told from a clock that is off; the bound allows for it.
    if (asymmetryUs !== 0) expect(Math.sign(errorUs)).toBe(Math.sign(asymmetryUs));
  });

  test('answers several agents at once, each its own', async () => {
    const readings = await Promise.all([readBehind(null), readBehind({ thereUs: 5_000, backUs: 5_000 })]);
    for (const reading of readings) {
      expect(Math.abs((reading?.offsetUs ?? 0) + aheadUs)).toBeLessThanOrEqual(reading?.uncertaintyUs ?? 0);
    }
    expect(await redis.keys('*')).toEqual([]);
  });

  test('hears nothing of what is no question', async () => {
    for (const text of ['', '{}', '{"agent":3}']) await redis.publish('freshet:run:clock', text);
    expect(await readBehind(null)).not.toBeNull();
  });

  test('reads nothing in bounded time where nobody answers', async () => {
    const exchange = await ClockExchange.open({ redis, run: 'another run', agent: 'agent' });
    expect(await exchange.read(limits)).toBeNull();
    exchange.close();
  });
});
