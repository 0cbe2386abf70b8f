// One trial of `bench:broadcast`: clients connect and rest, then changes (or polls) come in rounds; what each process used is divided by
// what it did. In: a row and a number of clients. Out: the figures of each round, and what a connection weighs.
import { nowUs, sleepUs } from '../../harness/contract/clock.ts';
import { FreshetError } from '../../harness/contract/errors.ts';
import { readPrometheus, sumOf } from '../../harness/measure/prometheus.ts';
import { type SystemPart, systemParts } from '../../harness/measure/reading.ts';
import { StatementReader } from '../../harness/measure/statements.ts';
import type { Update } from '../../harness/plan/arrivals.ts';
import type { TrialPlan } from '../../harness/plan/trial-plan.ts';
import { within } from '../../harness/services/deadline.ts';
import { readLimits } from '../../harness/services/limits.ts';
import { localExecutor } from '../../harness/swarm/local-executor.ts';
import { Swarm } from '../../harness/swarm/swarm.ts';
import { metricNames } from '../../servers/protocol.ts';
import { collectGarbage } from './garbage.ts';
import { type Memory, readMemory, readUsed, type Sources, type Used } from './reading.ts';
import type { Row } from './rows.ts';
import { type Ground, planOf, type Subject, startSubject } from './subject.ts';

export interface TrialSize {
  readonly clients: number;
  readonly rounds: number;
  /** About as many in each round, at least two changes; of polls, which come one by one, a quarter. */
  readonly messagesPerRound: number;
  /** Before the first round: as long as code is still being compiled, it is slow. */
  readonly warmUpMessages: number;
}

/** CPU time in µs (user and system): of the servers a message or answer, of the others a change (or poll). `null`: does not apply. */
export interface Round {
  readonly serverUs: number | null;
  /** System calls of the servers that write, a message. */
  readonly writes: number | null;
  readonly relayUs: number | null;
  readonly redisUs: number | null;
  readonly postgresUs: number | null;
}

export interface TrialFigures {
  readonly rounds: readonly Round[];
  /** What a connection added to the servers' resident memory. */
  readonly rssBytesPerConnection: number | null;
  /** What it added to the kernel's memory, both ends. */
  readonly kernelBytesPerConnection: number | null;
}

interface Rig {
  readonly row: Row;
  readonly plan: TrialPlan;
  readonly subject: Subject;
  readonly swarm: Swarm;
  readonly sources: Sources;
  /** CPU time that each part uses in a µs without clients. */
  readonly idle: Readonly<Record<SystemPart, number>>;
  version: number;
}

const restUs = 300_000;
/** A relay and Redis do little for a change, so what they do without one has to be known better. */
const idleUs = { server: 500_000, relay: 1_500_000 } as const;
const leadUs = 50_000;
/** Two changes that came at once would leave in one write, and cost less than in life. */
const closestUs = 100_000;
const patienceMs = 60_000;

/** Leaves no process behind. Throws `environment` when not every client gets every change in a minute. */
export async function measureBroadcast(row: Row, size: TrialSize, ground: Ground): Promise<TrialFigures> {
  const plan = planOf(row, size.clients);
  const cleanups: (() => Promise<unknown>)[] = [];
  try {
    const subject = await startSubject(row, plan, ground);
    cleanups.push(() => subject.stop());
    const statements = await StatementReader.open(ground.database);
    cleanups.push(() => statements.close());
    const { guard, bundles } = ground;
    const { target } = subject;
    const executor = localExecutor({ guard, bundle: bundles.shard, limits: readLimits() });
    const swarm = await Swarm.start({ executor, plan, target });
    cleanups.push(() => swarm.stop());
    await swarm.rehearse();
    await sleepUs(restUs);
    const sources = { processes: subject.processes, statements };
    const rig = { row, plan, subject, swarm, sources, idle: await measureIdle(sources), version: 0 };
    return await measureConnected(rig, size);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function measureIdle(sources: Sources): Promise<Rig['idle']> {
  const start = await readUsed(sources);
  await sleepUs(idleUs[sources.processes.relay.length > 0 ? 'relay' : 'server']);
  const end = await readUsed(sources);
  const share = (part: SystemPart) =>
    Math.max(0, (end.cpuUs[part] ?? 0) - (start.cpuUs[part] ?? 0)) / (end.atUs - start.atUs);
  return Object.fromEntries(systemParts.map((part) => [part, share(part)])) as Rig['idle'];
}

async function measureConnected(rig: Rig, size: TrialSize): Promise<TrialFigures> {
  const { clients, rounds, messagesPerRound, warmUpMessages } = size;
  const before = await weigh(rig);
  rig.swarm.connect(nowUs() + leadUs);
  await reach(
    `${clients} clients`,
    rig.swarm.until(({ holding }) => holding === clients),
  );
  const work = (messages: number) =>
    rig.row.against === 'answer' ? pollFor(rig, messages / 4) : publish(rig, messages);
  await work(warmUpMessages);
  const figures: Round[] = [];
  for (let round = 0; round < rounds; round++) figures.push(await measureRound(rig, () => work(messagesPerRound)));
  const after = await weigh(rig);
  const each = (key: keyof Memory) => {
    const [from, to] = [before[key], after[key]];
    return from === null || to === null ? null : (to - from) / clients;
  };
  return { rounds: figures, rssBytesPerConnection: each('rss'), kernelBytesPerConnection: each('kernel') };
}

/** Without the garbage of what has gone before. */
async function weigh({ subject, sources }: Rig): Promise<Memory> {
  await Promise.all(subject.servers.map(collectGarbage));
  return readMemory(sources);
}

/** What was done: messages or answers of the servers, and changes (of polls: as many). */
interface Done {
  readonly messages: number;
  readonly changes: number;
}

async function measureRound(rig: Rig, work: () => Promise<Done>): Promise<Round> {
  const countedBefore = await countMessages(rig);
  const start = await readUsed(rig.sources);
  const expected = await work();
  const end = await readUsed(rig.sources);
  const counted = (await countMessages(rig)) - countedBefore;
  // A floor counts nothing; it writes to all, and its polls come on schedule.
  const messages = rig.row.floor === null ? counted : expected.messages;
  const changes = rig.row.against === 'answer' ? messages : expected.changes;
  const each = (part: SystemPart, count: number) => {
    const us = usedBetween(start, end, part);
    return us === null ? null : (us - rig.idle[part] * (end.atUs - start.atUs)) / count;
  };
  return {
    serverUs: each('servers', messages),
    writes: start.writes === null || end.writes === null ? null : (end.writes - start.writes) / messages,
    relayUs: each('relay', changes),
    redisUs: each('redis', changes),
    postgresUs: each('postgres', changes),
  };
}

function usedBetween(start: Used, end: Used, part: SystemPart): number | null {
  const [from, to] = [start.cpuUs[part], end.cpuUs[part]];
  return from === null || to === null ? null : to - from;
}

/** All messages and answers up to now, by the servers' own account. */
async function countMessages({ subject }: Rig): Promise<number> {
  const readings = await Promise.all(subject.metricsUrls.map((url) => readPrometheus(url)));
  return readings.reduce((sum, reading) => sum + (sumOf(reading, metricNames.messages) ?? 0), 0);
}

async function pollFor({ row }: Rig, answers: number): Promise<Done> {
  await sleepUs((answers / row.pollsPerSecond) * 1e6);
  return { messages: answers, changes: answers };
}

/** Resolves when every client holds the last of the changes, and has asked again where it has to. */
async function publish(rig: Rig, messages: number): Promise<Done> {
  const { plan, row, swarm, subject } = rig;
  const changes = Math.max(2, Math.round(messages / plan.clients));
  const startUs = nowUs() + leadUs;
  const intervalUs = Math.max(closestUs, plan.clients * row.usPerClient);
  const updates: Update[] = Array.from({ length: changes }, (_, index) => ({
    audience: 0,
    version: ++rig.version,
    intendedUs: Math.round(startUs + index * intervalUs),
  }));
  swarm.expect(updates, false);
  const published = subject.publish(updates);
  await reach('every change', Promise.all([published, swarm.until(({ behind }) => behind === 0)]));
  await sleepUs(intervalUs);
  return { messages: changes * plan.clients, changes };
}

async function reach(what: string, promise: Promise<unknown>): Promise<void> {
  if (
    (await within(
      promise.then(() => true),
      patienceMs,
    )) === true
  )
    return;
  throw new FreshetError(
    'environment',
    `${what} had not arrived after ${patienceMs / 1000} s; expected all; end what else runs on this machine, or take fewer --clients`,
  );
}
