// One trial from beginning to end: processes, control, warm-up, window, drain, and what was measured. Nothing outlives it.
import { nowUs, sleepUntilUs, sleepUs, wallClock } from '../contract/clock.ts';
import type { Limits } from '../contract/limits.ts';
import type { TrialRecord } from '../contract/record.ts';
import { inflict } from '../faults/fault.ts';
import { checkInterruptible } from '../faults/service-fault.ts';
import { vanish } from '../faults/vanish.ts';
import { countTokensLogged } from '../measure/access-log.ts';
import { connectionsByNode } from '../measure/node-shares.ts';
import { readCpu, readMetrics, type Sources, takeReading } from '../measure/reading.ts';
import { StatementReader } from '../measure/statements.ts';
import type { TrialInput } from '../measure/trial-input.ts';
import type { Update, UpdatesPlan } from '../plan/arrivals.ts';
import { settingOf } from '../plan/contender.ts';
import { keepQuiet } from '../plan/quiet.ts';
import { connectTimeoutUs, requestTimeoutUs, type TrialPlan, watchedUs } from '../plan/trial-plan.ts';
import { Publisher } from '../publisher/publisher.ts';
import { assembleTrial } from '../record/assemble-trial.ts';
import { settleAll, within } from '../services/deadline.ts';
import type { Guard } from '../services/guard.ts';
import type { Executor } from '../swarm/executor.ts';
import { localExecutor } from '../swarm/local-executor.ts';
import { Swarm, type SwarmState } from '../swarm/swarm.ts';
import type { MeasuredSystem, RunningSystem, SystemLayout, SystemServices } from '../targets/system.ts';
import { aheadSpan, gatherActions, type Made, newestOf } from './actions.ts';
import { type Changes, nobodysChanges, planChanges, refusalOf, tellable } from './changes.ts';
import { type Phase, Phases } from './phases.ts';
import { costOfBeats, holdingsReader, readWhenAllGone, vanishingParts } from './population.ts';
import { sampleTimeline, type TimelinePoint, timelineStepUs } from './timeline.ts';
import { type Watch, watch, whileAlive } from './watch.ts';
import { checkWelcome, isBarring } from './welcome.ts';

export interface TrialContext {
  readonly guard: Guard;
  readonly bundles: { readonly publisher: string; readonly shard: string };
  readonly limits: Limits;
  /** Runs the clients; this machine, where it is not given. */
  readonly executor?: Executor;
  /** What is measured. */
  readonly system: MeasuredSystem;
  /** Aborted by a signal; the reason is what the trial is rejected with. */
  readonly signal: AbortSignal;
  /** Keeps a file beside the record. */
  readonly keep?: (name: string, text: string) => Promise<void>;
  readonly onPhase: (phase: Phase) => void;
  readonly onPoint: (point: TimelinePoint) => void;
}

/** All processes of one trial. */
interface Rig {
  readonly services: SystemServices;
  readonly layout: SystemLayout;
  readonly system: RunningSystem;
  readonly publisher: Changes;
  readonly swarm: Swarm;
  readonly sources: Sources;
  /** Its processes, and the services and the signal it depends on. */
  readonly alive: Watch;
}

/** How long a client's backoff may keep it away after the window. */
const returnPatienceUs = 90_000_000;

const cleanupLimitMs = 5_000;

/** Runs it. Throws `environment` when something it stands on dies, or the signal's reason; then too it leaves nothing behind. */
export async function runTrial(plan: TrialPlan, context: TrialContext): Promise<TrialRecord> {
  const phases = new Phases(context.onPhase);
  const cleanups: (() => Promise<unknown>)[] = [];
  try {
    phases.enter('start');
    const rig = await startRig(plan, context, cleanups);
    const measured = await whileAlive(rig.alive, measure(plan, rig, { phases, onPoint: context.onPoint }));
    return { ...measured, phasesUs: phases.us };
  } finally {
    phases.enter('stop');
    // One that hangs, as on a frozen Postgres, is left to the guard.
    for (const cleanup of cleanups.reverse()) await within(cleanup(), cleanupLimitMs);
    phases.leave();
  }
}

async function startRig(plan: TrialPlan, context: TrialContext, cleanups: (() => Promise<unknown>)[]): Promise<Rig> {
  const { guard, bundles } = context;
  const executor = context.executor ?? localExecutor({ guard, bundle: bundles.shard, limits: context.limits });
  const { services } = context.system;
  context.signal.throwIfAborted();
  if (plan.fault !== null) checkInterruptible(plan.fault, services);
  const layout = await context.system.prepare(plan);
  cleanups.push(async () => layout.link?.close());
  if (layout.nginxConf !== null)
    await context.keep?.(`nginx-${plan.scenario}-${plan.contender.name}.conf`, layout.nginxConf);
  const [system, publisher, statements, swarm] = await settleAll([
    layout.start(),
    layout.publish === null || plan.acting !== null
      ? null
      : Publisher.start({ guard, bundle: bundles.publisher, publish: layout.publish }),
    StatementReader.open(layout.database),
    Swarm.start({ executor, plan, target: layout.target, within: layout.link?.within ?? [] }),
  ]);
  cleanups.push(
    () => system.stop(),
    async () => publisher?.stop(),
    () => statements.close(),
    () => swarm.stop(),
  );
  const over = new AbortController();
  cleanups.push(async () => over.abort());
  const alive = watch({
    signal: context.signal,
    until: over.signal,
    services: [services.postgres, services.redis, ...system.services],
    children: [...(publisher === null ? [] : [publisher.child]), ...swarm.children],
    deaths: [system.died],
    losses: [...(publisher === null ? [] : [publisher.lost]), swarm.broken],
  });
  return {
    services,
    layout,
    system,
    publisher: publisher ?? nobodysChanges,
    swarm,
    sources: {
      statements,
      metricsUrls: layout.metricsUrls,
      authority: layout.target.authority,
      // Asked anew for each reading: a fault may have replaced the servers.
      get processes() {
        return system.processes;
      },
    },
    alive,
  };
}

/** The phases, in order. */
async function measure(
  plan: TrialPlan,
  rig: Rig,
  options: { phases: Phases; onPoint: (point: TimelinePoint) => void },
): Promise<Omit<TrialRecord, 'phasesUs'>> {
  const { publisher, swarm, sources } = rig;
  const { leadUs } = swarm;
  const { phases } = options;

  phases.enter('warmUp');
  const before = plan.churn === null ? null : await takeReading(sources);
  await swarm.rehearse();
  await settle(sources);

  const tokensLogged = await countingTokens(rig);

  phases.enter('control');
  const clock = { wallMs: wallClock().getTime(), us: nowUs() };
  const stepUs = timelineStepUs(plan);
  const more = holdingsReader(plan, rig);
  const controlStart = await takeReading(sources);
  const versionsBefore = plan.acting === null ? null : await sources.statements.versions();
  // Sampled like the window, so that what the sampling costs Postgres is in both and cancels.
  const idling = sampleTimeline({ sources, swarm, startUs: nowUs(), stepUs, onPoint: () => {}, more });
  await sleepUntilUs(controlStart.cpu.after.cpuAtUs + plan.controlUs);
  const controlEnd = await takeReading(sources);
  idling.stop();

  phases.enter('warmUp');
  await connectAll(plan, swarm);
  const connected = await takeReading(sources);
  const unreached = await countUnreached(plan, sources);
  const ahead = plan.acting === null ? null : await actAhead(plan, swarm);
  const warmUp = ahead?.versions ?? planChanges(warmUpPlan(plan, nowUs() + leadUs), plan);
  if (ahead === null) await publishAndSee(warmUp, { plan, unreached }, rig);
  const behindAtStart = warmUp.length === 0 ? 0 : Math.max(0, swarm.state.behind - unreached);
  const beatCost = await costOfBeats(plan, rig);

  await swarm.readClocks();

  const firstVersionInWindow = 1 + Math.max(0, ...warmUp.map(({ version }) => version));
  const startUs = nowUs() + leadUs;
  const endUs = startUs + plan.windowUs;
  const planned = planChanges({ ...updatesPlan(plan), firstVersion: firstVersionInWindow, startUs }, plan);
  const updates = keepQuiet(planned, plan.fault, startUs);
  swarm.expect(tellable(updates, plan), true);
  swarm.openWindow(startUs, endUs);
  publisher.schedule(updates);
  if (ahead !== null) swarm.act({ startUs, endUs });
  await sleepUntilUs(startUs);

  phases.enter('window');
  const windowStart = await takeReading(sources);
  const timeline = sampleTimeline({
    sources,
    swarm,
    startUs,
    stepUs,
    onPoint: options.onPoint,
    more,
  });
  const [outage, vanishing] = await Promise.all([
    plan.fault === null ? null : inflict(plan.fault, rig, startUs),
    plan.vanishing === null ? null : vanish(plan.vanishing, vanishingParts(rig), startUs),
    sleepUntilUs(endUs),
  ]);
  const windowEnd = await takeReading(sources);

  phases.enter('drain');
  // Those that vanished late are watched for no less time.
  if (vanishing !== null) await sleepUntilUs(vanishing.atUs + watchedUs(plan));
  const base = newestOf(warmUp, plan.audiences);
  const made = ahead === null ? null : await gatherActions(swarm, { span: { startUs, endUs }, base, isWindow: true });
  const everything = ahead === null ? warmUp.length + updates.length : 0;
  await orLate(
    Promise.all([publisher.untilPublished(everything), swarm.until((state) => isAllBack(state, plan, unreached))]),
    plan.pollIntervalUs + requestTimeoutUs + (plan.fault === null ? 0 : returnPatienceUs),
  );
  const series = timeline.stop();
  swarm.quiesce();
  await orLate(
    swarm.until(({ outstanding }) => outstanding === 0),
    requestTimeoutUs,
  );
  const atRest = await takeReading(sources);
  const versionsMade = versionsBefore === null ? null : (await sources.statements.versions()) - versionsBefore;
  const { state } = swarm;
  const results = await swarm.finish();
  const allGone = before === null ? null : await readWhenAllGone(rig, before);
  const tokens = await tokensLogged();
  const clockStepMs = wallClock().getTime() - clock.wallMs - (nowUs() - clock.us) / 1000;

  return assembleTrial({
    plan,
    planned: [...(ahead?.changes ?? warmUp), ...(made?.changes ?? updates)],
    firstVersionInWindow,
    published: made === null ? publisher.published : [...(ahead?.changes ?? []), ...made.changes],
    publishFailures: publisher.failures,
    publishFailure: publisher.failure,
    readings: { controlStart, controlEnd, connected, windowStart, windowEnd, atRest },
    results,
    agents: agentsOf(swarm.seats),
    atRest: state,
    timeline: series,
    statements: rig.layout.database.statements,
    clockStepMs,
    startUs,
    givenUp: (ahead?.givenUp ?? 0) + (made?.givenUp ?? 0),
    versionsMade,
    behindAtStart,
    outage,
    hasRelay: rig.system.hasRelay,
    vanishing,
    beatCost,
    allGone,
    unseen: rig.layout.unseen,
    tokensLogged: tokens,
  });
}

/** From the end of a connection until its request is in the log, and to spare. */
const loggingUs = 300_000;

/**
 * What counts the lines with a token from now on, when all clients have left: of those before, the rehearsal's, nobody asks. `null` where
 * no balancer logs what clients ask for. A WebSocket's request is logged when it has ended.
 */
async function countingTokens({
  swarm,
  layout: { accessLogFile, target },
}: Rig): Promise<() => Promise<number | null>> {
  if (accessLogFile === null || target.kind !== 'reference') return async () => null;
  const count = () => countTokensLogged(accessLogFile, target.token);
  await sleepUs(loggingUs);
  const before = await count();
  return async () => {
    await orLate(swarm.leave(), requestTimeoutUs);
    await sleepUs(loggingUs);
    return (await count()) - before;
  };
}

function agentsOf(seats: Swarm['seats']): TrialInput['agents'] {
  return seats.flatMap(({ agent, host, limits: { cores }, clients }) =>
    agent === null ? [] : { ...agent, host, cores, clients },
  );
}

/** Everyone who will come back is connected, and holds the newest version. */
function isAllBack({ behind, gaveUp, connected, lost }: SwarmState, plan: TrialPlan, unreached: number): boolean {
  return behind <= gaveUp + unreached && (plan.fault === null || connected + gaveUp + lost >= plan.clients);
}

/** A process that has just started still compiles and collects: lets /metrics run warm, then waits until the servers are quiet, 2 s at most. */
async function settle(sources: Sources): Promise<void> {
  for (let turn = 0; turn < 15; turn++) await takeReading(sources);
  let before = await readCpu(sources);
  for (let slice = 0; slice < 8; slice++) {
    await sleepUntilUs(before.cpuAtUs + 250_000);
    const after = await readCpu(sources);
    const usedUs = (after.cpuUs.servers ?? 0) - (before.cpuUs.servers ?? 0);
    if (usedUs < 2_500) return;
    before = after;
  }
}

/** Ramps up; ends when every client holds a version, or has given up, or has had all the time it may take. */
async function connectAll(plan: TrialPlan, swarm: Swarm): Promise<void> {
  const { leadUs } = swarm;
  const rampUs = (plan.clients / plan.connectRate) * 1e6;
  const patienceUs = leadUs + rampUs + connectTimeoutUs + requestTimeoutUs + 2 * plan.pollIntervalUs;
  swarm.connect(nowUs() + leadUs);
  await orLate(
    swarm.until((state) => state.holding + state.gaveUp + state.lost >= plan.clients || isBarring(state, plan)),
    patienceUs,
  );
  checkWelcome(swarm.state, plan);
}

/** Clients of nodes that are told of no change, for whom nobody need wait: with feed `local` all but the first node's. */
async function countUnreached(plan: TrialPlan, sources: Sources): Promise<number> {
  const { contender, nodes } = plan;
  if (nodes === 1 || contender.transport === 'polling' || settingOf(contender, 'feed') !== 'local') return 0;
  const metrics = await readMetrics(sources);
  return (
    connectionsByNode({ metrics }, plan)
      ?.slice(1)
      .reduce((sum, clients) => sum + clients, 0) ?? 0
  );
}

/** First changes through the whole path, seen by every client: so the window begins with everything warm. */
async function publishAndSee(
  updates: readonly Update[],
  { plan, unreached }: { plan: TrialPlan; unreached: number },
  { publisher, swarm }: Rig,
): Promise<void> {
  swarm.expect(tellable(updates, plan), false);
  publisher.schedule(updates);
  await orLate(
    Promise.race([
      Promise.all([publisher.untilPublished(updates.length), swarm.until(({ behind }) => behind <= unreached)]),
      refusalOf(publisher, plan),
    ]),
    plan.pollIntervalUs + requestTimeoutUs,
  );
}

/** Actions through the whole path, seen by every client. */
async function actAhead(plan: TrialPlan, swarm: Swarm): Promise<Made> {
  const span = aheadSpan(plan, nowUs() + swarm.leadUs);
  swarm.act(span);
  const made = await gatherActions(swarm, { span, base: newestOf([], plan.audiences), isWindow: false });
  await orLate(
    swarm.until(({ behind }) => behind === 0),
    plan.pollIntervalUs + requestTimeoutUs,
  );
  return made;
}

/** Enough for code that never ran to become quick. */
const warmUpMessages = 5_000;
/** What a message takes in server and swarm together, on two cores with room to spare: a change waits for the one before it. */
const messageUs = 100;

/** Three to ten changes, at least one to each dashboard, none before the last has arrived: the window is about code that has run. */
function warmUpPlan(plan: TrialPlan, startUs: number): UpdatesPlan {
  const watchers = plan.clients / plan.audiences;
  const count = Math.min(10, Math.max(3, Math.ceil(warmUpMessages / plan.clients)));
  const perAudience = Math.max(1, Math.round(count / plan.audiences));
  const apartUs = Math.max(500_000 / (perAudience * plan.audiences), watchers * messageUs);
  return {
    ...updatesPlan(plan),
    kind: 'fixed',
    firstVersion: 1,
    startUs,
    windowUs: perAudience * plan.audiences * apartUs,
    intervalUs: plan.audiences * apartUs,
  };
}

function updatesPlan(plan: TrialPlan) {
  return {
    audiences: plan.audiences,
    windowUs: plan.windowUs,
    intervalUs: plan.updateIntervalUs,
    kind: plan.updates,
    seed: plan.seed,
  };
}

/** Waits, but no longer than this; that it was late shows in the counts. */
async function orLate(promise: Promise<unknown>, patienceUs: number): Promise<void> {
  await within(promise, patienceUs / 1000);
}
