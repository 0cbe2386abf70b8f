// Agents as processes, against one server: what they count is what a local run counts; one that is lost is a finding; none is taken that
// would not do. `npm run kill-agents` loses them at random.
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Crew, type CrewOptions } from '../harness/agents/crew.ts';
import { openMeeting } from '../harness/agents/meeting.ts';
import { listAgents } from '../harness/agents/registry.ts';
import { describeAgents } from '../harness/commands/agent.ts';
import { nowUs } from '../harness/contract/clock.ts';
import { decodeHistogram } from '../harness/contract/histogram.ts';
import type { MetricName } from '../harness/contract/metrics.ts';
import { isDistribution, scalarOf, type TrialRecord } from '../harness/contract/record.ts';
import type { SettingValue } from '../harness/contract/settings.ts';
import { parseContender } from '../harness/plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../harness/plan/trial-plan.ts';
import { makeCertificate } from '../harness/services/certificate.ts';
import { Swarm } from '../harness/swarm/swarm.ts';
import type { ReferenceTargetPlan } from '../harness/targets/reference.ts';
import { dashboard } from '../scenarios/dashboard.ts';
import { judgeLoss } from '../scripts/kill-agents/kill.ts';
import { AgentRig } from '../scripts/kill-agents/rig.ts';
import { Trials } from './agents.fixture.ts';

let rig: AgentRig;
let trials: Trials;
beforeAll(async () => {
  rig = await AgentRig.open();
  for (const name of ['a', 'b', 'c', 'd']) rig.startAgent(name);
  [trials] = await Promise.all([Trials.open(rig), rig.untilFree(4)]);
});
afterAll(() => rig.close());

const never = new AbortController().signal;
const gather = async (options: Partial<CrewOptions> = {}) => {
  const [agent] = await listAgents(rig.meeting.client);
  const [version, host] = [agent?.version ?? '', agent?.host ?? ''];
  const usual = { meeting: rig.meeting, count: 1, version, serveHost: '127.0.0.1', host, signal: never, say: () => {} };
  return Crew.gather({ ...usual, ...options });
};

test('four agents count what a local run counts', async () => {
  // As many polls are due as arithmetic says, whatever the machine does besides; one whose client still waits for the last is skipped.
  const settings = { clients: 101, 'poll-interval': 400_000, 'update-interval': 400_000, duration: 1_200_000 };
  const crew = await gather({ count: 4 });
  const plan = planOf(settings, 'polling');
  const [byAgents, local] = await Promise.all([trials.run(plan, crew), trials.run(plan)]);
  await crew.close();
  expect(byAgents.agents?.map(({ name, clients, lost }) => [name, clients, lost])).toEqual([
    ['a', 26, null],
    ['b', 25, null],
    ['c', 25, null],
    ['d', 25, null],
  ]);
  expect(local.agents).toBeUndefined();
  expect(countsOf(byAgents)).toEqual(countsOf(local));
  // Agents of this machine have its clock, and find as much.
  for (const { clock } of byAgents.agents ?? [])
    expect(Math.abs(clock?.offsetUs ?? Number.NaN)).toBeLessThanOrEqual(clock?.uncertaintyUs ?? 0);
  const { freshnessUs } = byAgents.metrics;
  expect(freshnessUs).toMatchObject({ p50: expect.any(Number), uncertainty: expect.any(Number) });
  // What the servers counted is what the agents' clients did.
  for (const { clients, servers } of byAgents.witnesses) expect(clients).toBe(servers);
});

/** All that the same plan makes equal: versions that were to be seen, and polls that were to be sent. */
function countsOf(trial: TrialRecord) {
  const count = (name: MetricName) => scalarOf(trial.metrics[name]) ?? Number.NaN;
  const observed = (name: MetricName) => {
    const value = trial.metrics[name];
    if (!isDistribution(value)) throw new Error(`${name} is ${JSON.stringify(value)}`);
    return { count: value.count, seen: decodeHistogram(value.histogram).totalCount + value.censored };
  };
  const [delivered, superseded, missed] = [
    count('updates.delivered'),
    count('updates.superseded'),
    count('updates.missed'),
  ];
  return {
    published: count('updates.published'),
    versions: delivered + superseded + missed,
    missed,
    duplicate: count('updates.duplicate'),
    freshness: observed('freshnessUs'),
    pollsDue: Math.round(observed('requestUs').seen / (1 - count('http.skippedShare'))),
    connectFailures: count('connect.failures'),
    connected: observed('connect.us'),
  };
}

test('an agent that dies or freezes is a finding that names it, in a valid record, within seconds', async () => {
  await rig.untilFree(4);
  const kills = (['SIGKILL', 'SIGSTOP'] as const).map(async (way) => {
    const names: string[] = [];
    const crew = await gather({
      count: 2,
      say: (line) => names.push(...(/^agents: (.*)$/.exec(line)?.[1]?.split(', ') ?? [])),
    });
    // From the first process of the trial into its window.
    const afterMs = 4_000 * Math.random();
    const [victim = ''] = names;
    const timer = setTimeout(() => rig.agent(victim).child.kill(way), afterMs);
    try {
      const startedUs = nowUs();
      const record = await trials.run(planOf({ clients: 60, duration: 3_500_000 }), crew);
      expect(judgeLoss(record, victim), `${way} after ${afterMs} ms`).toEqual([]);
      // Its own length, and the time in which a loss is noticed.
      expect(nowUs() - startedUs).toBeLessThan(35_000_000);
      // What was measured of the others is there, and no sum that lacks a part.
      expect(record.metrics['updates.delivered']).toMatchObject({
        value: null,
        reason: expect.stringContaining(victim),
      });
    } finally {
      clearTimeout(timer);
      await crew.close();
    }
  });
  await Promise.all(kills);
});

describe('no agent is taken', () => {
  test('of another version, and it is named', async () => {
    await expect(gather({ version: '0.0.1+other', patienceUs: 1 })).rejects.toThrow(
      /^0 of 1 agents can be used.*\nagent \w \(.*\) is Freshet \d.*; expected 0\.0\.1\+other/,
    );
  });

  test('that cannot reach the servers, or puts no load on them', async () => {
    await expect(gather({ serveHost: '10.9.8.7', patienceUs: 1 })).rejects.toThrow(
      /puts no load on 10\.9\.8\.7; expected.*--allow-host/,
    );
    await expect(gather({ host: 'elsewhere', patienceUs: 1 })).rejects.toThrow(
      /listen on loopback of elsewhere; expected --serve-as/,
    );
  });

  test('where the password is wrong, and none is shown', async () => {
    const url = new URL(rig.redisUrl);
    url.password = 'not-this-one';
    const opening = openMeeting({ url: url.href, caFile: null });
    await expect(opening).rejects.toThrow(
      /^Redis at redis:\/\/127[^@]* cannot be used: WRONGPASS.*check the address, the password$/,
    );
    await expect(opening).rejects.not.toThrow(/not-this-one/);
  });
});

test('agents meet by TLS, with a certificate of their own, and not without', async () => {
  const certificate = await makeCertificate(rig.guard.directory, '127.0.0.1');
  const plain = new URL(rig.redisUrl);
  const [key, cert] = [certificate.keyFile, certificate.certificateFile].map((file) => readFileSync(file));
  const proxy = createTlsServer({ ...(key && { key }), ...(cert && { cert }) }, (socket) => {
    const redis = connect({ host: plain.hostname, port: Number(plain.port) });
    socket.on('error', () => redis.destroy()).pipe(redis);
    redis.on('error', () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `rediss://:${plain.password}@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  try {
    const meeting = await openMeeting({ url, caFile: certificate.certificateFile });
    const there = await listAgents(meeting.client);
    expect(there.length).toBeGreaterThan(0);
    meeting.close();
    const opening = openMeeting({ url, caFile: null });
    await expect(opening).rejects.toThrow(
      /^Redis at rediss:\/\/127[^@]* cannot be used: .*self-signed.* and --redis-ca$/,
    );
    await expect(opening).rejects.not.toThrow(plain.password);
  } finally {
    proxy.close();
  }
});

test('an agent that cannot reach its target says so at once, and where it stands', async () => {
  const crew = await gather();
  try {
    const swarm = await Swarm.start({ executor: crew, plan: planOf({ clients: 20 }), target: await targetOfNobody() });
    const [taken] = (await listAgents(rig.meeting.client)).filter(({ claimedBy }) => claimedBy !== null);
    expect(describeAgents(await listAgents(rig.meeting.client))).toMatch(
      new RegExp(`^${taken?.name} .* busy \\(run `, 'm'),
    );
    // As after a trial of two minutes: what its agent lives by, it renews.
    const [job = ''] = (await rig.meeting.client.keys(`freshet:agent-${taken?.id}:*-1`)).filter((key) =>
      /\w-\d+-1$/.test(key),
    );
    await rig.meeting.client.pexpire(job, 10_000);
    await expect.poll(() => rig.meeting.client.pttl(job), { timeout: 9_000 }).toBeGreaterThan(60_000);
    void swarm.rehearse();
    expect((await swarm.broken).message).toMatch(
      new RegExp(`^no agent of the trial is left: ${taken?.name} cannot reach 127.0.0.1:\\d+ \\(ECONNREFUSED\\)$`),
    );
    await swarm.stop();
  } finally {
    await crew.close();
  }
});

test('agents that leave, and those that died, leave nothing that stays in Redis', async () => {
  const { client } = rig.meeting;
  const [first] = await listAgents(client);
  const leaving = rig.agent(first?.name ?? '');
  leaving.child.kill('SIGINT');
  expect(await leaving.ended).toBe(130);
  expect(leaving.said()).toMatch(/Interrupted by SIGINT; the shards that ran have come to their end/);
  const left = await client.keys('*');
  expect(left.filter((key) => key.includes(first?.id ?? '-'))).toEqual([]);
  const lives = await Promise.all(left.map(async (key) => [key, await client.pttl(key)] as const));
  expect(lives.filter(([, ms]) => ms < 0)).toEqual([]);
});

function planOf(settings: Readonly<Record<string, SettingValue>>, contender = 'sse'): TrialPlan {
  const parsed = parseContender(contender);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const [plan] = planTrials(dashboard, {
    settings: settingsOf(dashboard, { control: 100_000, 'update-interval': 500_000, ...settings }),
    contenders: [parsed.contender],
    repeat: 1,
    seed: 42,
  });
  return plan as TrialPlan;
}

/** A port on which nobody listens any more. */
async function targetOfNobody(): Promise<ReferenceTargetPlan> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return {
    kind: 'reference',
    transport: 'sse',
    addresses: [{ host: '127.0.0.1', port }],
    keepAlive: true,
    etag: false,
    auth: 'none',
    token: '',
    authority: null,
  };
}
