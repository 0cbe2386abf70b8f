// One shard: the part of the swarm that one process runs. In: commands. Out: progress several times a second and, at rest, the result.
import { createSecureContext } from 'node:tls';
import { nowUs } from '../contract/clock.ts';
import { createHistogram, encodeHistogram, type Histogram } from '../contract/histogram.ts';
import type { Transport } from '../contract/record.ts';
import type { Asking } from '../contract/target.ts';
import { actionTimesUs } from '../plan/actions.ts';
import { connectOffsetUs } from '../plan/arrivals.ts';
import { seededRandom } from '../plan/random.ts';
import { type TargetPlan, targetOf, trustOf } from '../targets/target-plan.ts';
import { ActionLog } from './action-log.ts';
import { type ClientWorld, VirtualClient } from './client.ts';
import { ComingAndGoing } from './coming-and-going.ts';
import { sampleEventLoopDelay } from './event-loop-delay.ts';
import { Ledger } from './ledger.ts';
import { LocalPorts } from './local-ports.ts';
import { LongPollingSession } from './long-polling.ts';
import { PollingSession } from './polling.ts';
import { rehearse } from './rehearsal.ts';
import { addressOf, Requests } from './requests.ts';
import { Scheduler } from './scheduler.ts';
import { SeenUpdates } from './seen-updates.ts';
import type { SessionMaker, Traffic } from './session.ts';
import type { ShardActions, ShardCommand, ShardPlan, ShardReport, ShardResult } from './shard-contract.ts';
import { Sightings } from './sightings.ts';
import { SseSession } from './sse.ts';
import { PublishedUpdates, type UpdateLog } from './update-log.ts';
import { WebSocketSession } from './websocket.ts';

/** One session of each transport. */
export const sessionMakers: Readonly<Record<Transport, SessionMaker>> = {
  polling: (...args) => new PollingSession(...args),
  'long-polling': (...args) => new LongPollingSession(...args),
  sse: (...args) => new SseSession(...args),
  websocket: (...args) => new WebSocketSession(...args),
};

const progressEveryMs = 200;
/** Deadlines are looked at each so many progress reports: once a second, they are of many. */
const reportsPerLook = 5;

/** What is read at both edges of the window. */
interface Reading {
  readonly atUs: number;
  readonly traffic: Traffic;
  /** Of actions and their answers. */
  readonly actions: { readonly up: number; readonly down: number };
  readonly cpuUs: number;
}

export class Shard {
  readonly #plan: ShardPlan;
  readonly #report: (report: ShardReport) => void;
  /** Where changes are not ours. */
  readonly #seen: SeenUpdates | null;
  readonly #ledger: Ledger;
  readonly #acting: ClientWorld['acting'];
  readonly #scheduler = new Scheduler();
  readonly #pace = { pauseUs: 0 };
  readonly #world: ClientWorld;
  readonly #clients: VirtualClient[];
  readonly #eventLoop = sampleEventLoopDelay();
  #eventLoopDelay: Histogram | null = null;
  #atStart: Reading | null = null;
  #atEnd: Reading | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reports = 0;
  #outstanding = 0;
  #isQuiet = false;
  #heard = 0;

  constructor(plan: ShardPlan, report: (report: ShardReport) => void) {
    this.#plan = plan;
    this.#report = report;
    this.#seen = plan.target.changes === 'theirs' ? new SeenUpdates(plan.audiences) : null;
    this.#ledger = new Ledger(this.#seen ?? new PublishedUpdates(plan.audiences, baseOf(plan.target)));
    this.#acting = plan.acting === null ? null : { log: new ActionLog(), seen: new Sightings() };
    this.#world = this.#makeWorld();
    this.#clients = this.#makeClients();
    this.#ledger.standing.behind = this.#clients.length;
  }

  /** Does what it is told; `close` is the last command. */
  obey(command: Exclude<ShardCommand, { type: 'plan' | 'clock' }>): void {
    this.#heard += 1;
    switch (command.type) {
      case 'read-clock':
        this.#report({ type: 'clock-read' });
        return;
      case 'rehearse':
        void rehearse(this.#world.context, this.#world.makeSession).then(() => this.#report({ type: 'rehearsed' }));
        return;
      case 'connect':
        for (const client of this.#clients)
          client.start(command.atUs + connectOffsetUs(client.rank, this.#plan.connectRate));
        this.#timer = setInterval(() => this.#tellProgress(), progressEveryMs);
        return;
      case 'updates':
        this.#ledger.updates.add(command.updates, command.inWindow);
        for (const client of this.#clients) client.onPlanned();
        this.#ledger.standing.behind = this.#clients.filter(({ isBehind }) => isBehind).length;
        return;
      case 'window':
        this.#openWindow(command.startUs, command.endUs);
        return;
      case 'act':
        this.#letAct(command);
        return;
      case 'tell-actions':
        for (const client of this.#clients) client.settleActions();
        this.#report({ type: 'actions', acted: this.#acting?.log.take() ?? [], newestHeld: this.#newestHeld() });
        return;
      case 'lose':
        for (const client of this.#clients) client.lose(command.how);
        return;
      case 'service-back':
        for (const client of this.#clients) client.onServiceBack(command.atUs);
        return;
      case 'vanish':
        for (const client of this.#clients) client.vanish();
        return;
      case 'leave':
        for (const client of this.#clients) client.close();
        return;
      case 'quiesce':
        this.#isQuiet = true;
        for (const client of this.#clients) client.quiesce();
        return;
      case 'finish':
        this.#report(this.#result());
        return;
      case 'close':
        if (this.#timer !== null) clearInterval(this.#timer);
        this.#eventLoop.stop();
        this.#scheduler.stop();
        for (const client of this.#clients) client.close();
    }
  }

  #makeWorld(): ClientWorld {
    const plan = this.#plan;
    const target = targetOf(plan.target, (problem) => this.#report({ type: 'broken', problem }));
    const trust = trustOf(plan.target);
    const updates = this.#ledger.updates;
    return {
      context: {
        target,
        scheduler: this.#scheduler,
        requests: new Requests({ ...target, request: (asking) => target.request(asAsked(asking, updates)) }),
        traffic: this.#ledger.traffic,
        localPorts: plan.localPorts === null ? null : new LocalPorts(plan.localPorts, process.pid * 97),
        tls: trust === null ? null : createSecureContext(trust),
        pace: this.#pace,
        connectTimeoutUs: plan.connectTimeoutUs,
        requestTimeoutUs: plan.requestTimeoutUs,
        pollIntervalUs: plan.pollIntervalUs,
        late: plan.late,
        random: seededRandom(plan.seed, 4, plan.ranks[0] ?? 0),
      },
      ledger: this.#ledger,
      makeSession: sessionMakers[target.transport],
      clients: plan.clients,
      seed: plan.seed,
      reconnecting: plan.reconnecting,
      acting: this.#acting,
    };
  }

  #makeClients(): VirtualClient[] {
    const plan = this.#plan;
    const { target } = this.#world.context;
    const tracked = new Set(plan.tracked);
    return plan.ranks.map((rank) => {
      const place = {
        rank,
        audience: rank % plan.audiences,
        address: addressOf(target, rank),
        tracked: tracked.has(rank),
      };
      return new VirtualClient(place, this.#world);
    });
  }

  #openWindow(startUs: number, endUs: number): void {
    this.#ledger.window = { startUs, endUs };
    this.#seen?.openWindow(startUs, endUs);
    if (this.#acting !== null) this.#acting.log.windowStartUs = startUs;
    this.#ledger.sessions.openWindow(startUs);
    this.#scheduler.at(startUs, {
      run: () => {
        this.#eventLoop.take();
        this.#atStart = this.#read();
        this.#pace.pauseUs = this.#plan.readPauseUs;
        this.#letComeAndGo(startUs, endUs);
      },
    });
    this.#scheduler.at(endUs, {
      run: () => {
        this.#atEnd = this.#read();
        this.#seen?.close();
        // From now on everyone catches up.
        this.#pace.pauseUs = 0;
        this.#eventLoopDelay = this.#eventLoop.take();
      },
    });
  }

  #letAct(span: { readonly startUs: number; readonly endUs: number }): void {
    const { acting, clients, seed } = this.#plan;
    if (acting === null) return;
    for (const client of this.#clients) client.act(actionTimesUs(client.rank, { ...acting, clients, seed }, span));
  }

  #letComeAndGo(startUs: number, untilUs: number): void {
    const { churn: plan, seed } = this.#plan;
    if (plan === null) return;
    for (const client of this.#clients) {
      const random = seededRandom(seed, 6, client.rank);
      new ComingAndGoing(client, { plan, startUs, untilUs, scheduler: this.#scheduler, random });
    }
  }

  #read(): Reading {
    const { user, system } = process.cpuUsage();
    const { traffic } = this.#ledger;
    const actions = { up: 0, down: 0 };
    if (this.#acting === null) return { atUs: nowUs(), traffic: { ...traffic }, actions, cpuUs: user + system };
    const { traffic: own, frames } = this.#acting.log;
    return {
      atUs: nowUs(),
      traffic: add(traffic, own),
      actions: { up: own.bytesOut + frames.bytesOut, down: own.bytesIn + frames.bytesIn },
      cpuUs: user + system,
    };
  }

  #tellProgress(): void {
    // When no more is asked, it matters at once that all is answered.
    if (this.#isQuiet || this.#reports % reportsPerLook === 0) this.#lookAfterRequests();
    this.#reports += 1;
    const { standing, trial } = this.#ledger;
    const acting = this.#acting?.log.pending ?? 0;
    // A change that one client is told of leaves all others behind.
    if (this.#seen !== null) standing.behind = this.#clients.filter(({ isBehind }) => isBehind).length;
    const [heard, outstanding] = [this.#heard, this.#outstanding];
    this.#report({ type: 'progress', heard, ...standing, outstanding, gaveUp: trial.gaveUp, acting });
  }

  /** Ends what takes too long, and counts what awaits an answer. */
  #lookAfterRequests(): void {
    const atUs = nowUs();
    this.#outstanding = 0;
    for (const client of this.#clients) {
      client.expire(atUs);
      this.#outstanding += client.outstanding;
    }
  }

  #result(): ShardResult {
    const { trial, inWindow, updates, samples, window } = this.#ledger;
    const start = this.#atStart ?? this.#read();
    const end = this.#atEnd ?? this.#read();
    let censored = 0;
    let expected = 0;
    let missed = trial.missed;
    let holding = 0;
    let notCaughtUp = 0;
    for (const client of this.#clients) {
      if (window !== null) client.settle(window.endUs);
      const { newest } = client;
      if (client.held !== null) holding += 1;
      if (client.isCatchingUp) notCaughtUp += 1;
      expected += client.held === null ? newest : newest - client.first;
      missed += client.held === null ? newest : client.lacking;
      for (let version = (client.held ?? 0) + 1; version <= newest; version++)
        if (updates.inWindow(client.audience, version)) censored += 1;
    }
    return {
      type: 'result',
      group: this.#plan.group,
      agent: this.#plan.agent,
      trial: { ...trial, missed },
      window: inWindow,
      traffic: subtract(end.traffic, start.traffic),
      windowUs: { startUs: start.atUs, endUs: end.atUs },
      censored,
      newestHeld: this.#newestHeld(),
      timedInWindow: this.#seen?.timedInWindow ?? null,
      holding,
      notCaughtUp,
      expected,
      histograms: {
        ...this.#ledger.encoded(),
        actionAckUs: encodeHistogram(this.#acting?.log.ackUs ?? createHistogram()),
        eventLoopDelayUs: encodeHistogram(this.#eventLoopDelay ?? this.#eventLoop.take()),
      },
      samples,
      staleUs: this.#ledger.staleness.report(),
      sessions: this.#ledger.sessions.report(),
      actions: this.#actionsSince(start),
      cpuUs: end.cpuUs - start.cpuUs,
      clock: null,
    };
  }

  #actionsSince(start: Reading): ShardActions | null {
    if (this.#acting === null) return null;
    const { log, seen } = this.#acting;
    const { actions } = this.#read();
    const bytes = { up: actions.up - start.actions.up, down: actions.down - start.actions.down };
    return { trial: log.trial, window: log.inWindow, bytes, seen: seen.report() };
  }

  #newestHeld(): number[] {
    const newest = Array.from({ length: this.#plan.audiences }, () => 0);
    for (const { audience, held } of this.#clients) newest[audience] = Math.max(newest[audience] ?? 0, held ?? 0);
    return newest;
  }
}

/** A server is asked after a version as it counts them. */
function asAsked(asking: Asking, updates: UpdateLog): Asking {
  return asking.held === null ? asking : { ...asking, held: updates.toldAs(asking.audience, asking.held) };
}

function baseOf(target: TargetPlan): number {
  return target.kind === 'foreign' ? target.base : 0;
}

function add(a: Traffic, b: Traffic): Traffic {
  return {
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
    payloadIn: a.payloadIn + b.payloadIn,
    payloadOut: a.payloadOut + b.payloadOut,
  };
}

function subtract(end: Traffic, start: Traffic): Traffic {
  return {
    bytesIn: end.bytesIn - start.bytesIn,
    bytesOut: end.bytesOut - start.bytesOut,
    payloadIn: end.payloadIn - start.payloadIn,
    payloadOut: end.payloadOut - start.payloadOut,
  };
}
