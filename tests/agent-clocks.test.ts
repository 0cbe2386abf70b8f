// Two agents, each in a network namespace of its own, with a clock of its own and a network of its own between it and Redis: one at
// hand, whose clock gains, and one that is far from Redis there and near back. The test knows the truth of both clocks.
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clockShiftVariable, machineUs } from '../harness/contract/clock.ts';
import { decodeHistogram } from '../harness/contract/histogram.ts';
import { isDistribution, runRecord, type TrialRecord } from '../harness/contract/record.ts';
import { openNetworkLink } from '../harness/services/network-link.ts';
import { DelayingProxy } from '../harness/swarm/delaying-proxy.fixture.ts';
import { AgentRig } from '../scripts/kill-agents/rig.ts';

/** Ahead of the run's machine, and how much more with each second. */
const near = { aheadUs: 7_200_000_000, gainsPpm: 80, ways: { thereUs: 0, backUs: 0 } };
const far = { aheadUs: 3_000_000_000, gainsPpm: 0, ways: { thereUs: 21_000, backUs: 1_000 } };
/** What the unequal ways make the far clock seem to be off by. */
const feignedUs = (far.ways.thereUs - far.ways.backUs) / 2;

/** Processes enough for a busy machine to be a while about. */
const startLimitMs = 120_000;

/** Root may, where it has not been taken from it. */
const canIsolate = spawnSync('unshare', ['--net', 'true']).status === 0;
if (!canIsolate)
  test('agents with clocks and networks of their own', ({ skip }) => skip('no network namespace can be made here'));

describe.skipIf(!canIsolate)('agents with clocks and networks of their own', () => {
  let rig: AgentRig;
  let trial: TrialRecord;
  let proxies: readonly DelayingProxy[] = [];
  /** When the run began and ended by its machine's clock. */
  const span = { fromUs: 0, untilUs: 0 };

  beforeAll(async () => {
    rig = await AgentRig.open();
    const [first, second] = [await openNetworkLink(rig.guard), await openNetworkLink(rig.guard)];
    const redis = new URL(rig.redisUrl);
    proxies = await Promise.all(
      [
        { name: 'near', link: first, ...near },
        { name: 'far', link: second, ...far },
      ].map(async ({ name, link, aheadUs, gainsPpm, ways }) => {
        const target = { host: redis.hostname, port: Number(redis.port) };
        const proxy = await DelayingProxy.start(target, ways, { host: link.host });
        const [command = '', ...words] = link.within;
        // The servers listen on one link alone.
        execFileSync(command, [...words, 'ip', 'route', 'add', 'default', 'via', link.host]);
        rig.startAgent(name, ['--allow-host', first.host], {
          within: link.within,
          redisUrl: Object.assign(new URL(redis), { host: `${link.host}:${proxy.address.port}` }).href,
          env: { [clockShiftVariable]: `${aheadUs},${gainsPpm}` },
        });
        return proxy;
      }),
    );
    await rig.untilFree(2);
    const flags = '--clients 60 --contenders sse --update-interval 200ms --duration 2s --set control=100ms --agents 2';
    span.fromUs = machineUs();
    const run = rig.bench(['dashboard', ...flags.split(' '), '--redis', rig.redisUrl, '--serve-as', first.host]);
    await run.ended;
    span.untilUs = machineUs();
    const [only] = runRecord.parse(JSON.parse(run.record())).trials;
    if (only === undefined) throw new Error(run.said());
    trial = only;
  }, startLimitMs);
  afterAll(async () => {
    await rig?.close();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });

  const agentNamed = (name: string) => {
    const agent = trial.agents?.find((each) => each.name === name);
    if (agent?.clock == null) throw new Error(`${name} told nothing of its clock`);
    const { uncertaintyUs, driftPpm, driftUncertaintyPpm, ...clock } = agent.clock;
    if (uncertaintyUs === null || driftPpm === null || driftUncertaintyPpm === null)
      throw new Error(`the clock of ${name} was not read after the window`);
    return { ...agent, clock: { ...clock, uncertaintyUs, driftPpm, driftUncertaintyPpm } };
  };

  test('find how far they are off to within what they say, however unequal the ways to Redis and back', () => {
    const { clients, clock } = agentNamed('far');
    const errorUs = clock.offsetUs + far.aheadUs;
    expect(Math.abs(errorUs)).toBeLessThanOrEqual(clock.uncertaintyUs);
    // The unequal ways feign an error, which no reading can tell from a clock's.
    expect(errorUs).toBeGreaterThan(0);
    expect(clock.uncertaintyUs).toBeGreaterThan(feignedUs);
    expect(clock.roundTripUs).toBeGreaterThanOrEqual(far.ways.thereUs + far.ways.backUs);
    expect(clients).toBe(30);
  });

  test('find how far a clock that gains is off, and that it gains', () => {
    const { clock } = agentNamed('near');
    const gains = near.gainsPpm / 1e6;
    const [least, most] = [-near.aheadUs - span.untilUs * gains, -near.aheadUs - span.fromUs * gains];
    expect(clock.offsetUs).toBeGreaterThanOrEqual(least - clock.uncertaintyUs);
    expect(clock.offsetUs).toBeLessThanOrEqual(most + clock.uncertaintyUs);
    expect(Math.abs(clock.driftPpm + near.gainsPpm)).toBeLessThanOrEqual(clock.driftUncertaintyPpm + 0.1);
    expect(clock.uncertaintyUs).toBeLessThan(feignedUs);
  });

  test('tell no freshness that the worst of their clocks may be a tenth of, and say so', () => {
    const { freshnessUs, staleShare } = trial.metrics;
    if (!isDistribution(freshnessUs)) throw new Error(JSON.stringify(freshnessUs));
    const { uncertaintyUs } = agentNamed('far').clock;
    expect(freshnessUs).toMatchObject({ uncertainty: uncertaintyUs, count: 60 * 10, censored: 0 });
    for (const point of ['min', 'p50'] as const) {
      expect(freshnessUs[point]).toBeNull();
      expect(freshnessUs.reasons?.[point]).toContain('the agents’ clocks may be off by');
    }
    expect(staleShare).toMatchObject({ value: null, reason: expect.stringContaining('clocks may be off') });
    expect(trial.health.map(({ code }) => code)).toContain('CLOCKS_UNSURE');
  });

  test('see a change when it is there: those far away, by as much later as their clock is off, and no more', () => {
    const { freshnessUs } = trial.metrics;
    if (!isDistribution(freshnessUs)) throw new Error(JSON.stringify(freshnessUs));
    const seen = decodeHistogram(freshnessUs.histogram);
    // Half of the clients are on each, so these are the medians of both where their clocks are further apart than the times vary.
    const [nearUs, farUs] = [25, 75].map((share) => seen.getValueAtPercentile(share)) as [number, number];
    const busyUs = 30_000;
    expect(nearUs).toBeGreaterThan(0);
    expect(nearUs).toBeLessThan(busyUs);
    expect(farUs - nearUs).toBeLessThan(agentNamed('far').clock.uncertaintyUs + busyUs);
    // What is hours off in one direction would be no time at all, in the other hours.
    expect(seen.getValueAtPercentile(0)).toBeGreaterThan(0);
    expect(seen.getValueAtPercentile(100)).toBeLessThan(1_000_000);
  });
});
