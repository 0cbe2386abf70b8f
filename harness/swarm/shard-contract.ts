// What a shard is told and what it answers: plain JSON, the same wherever the shard runs.

import type { ClockOffset } from '../contract/clock.ts';
import type { AgentClock } from '../contract/record.ts';
import type { ActingPlan } from '../plan/actions.ts';
import type { Update } from '../plan/arrivals.ts';
import type { ChurnPlan } from '../plan/population.ts';
import type { TargetPlan } from '../targets/target-plan.ts';
import type { Acted, ActionCounts } from './action-log.ts';
import type { Loss } from './connection.ts';
import type { Ledger, Sample, TrialCounts, WindowCounts } from './ledger.ts';
import type { LocalPortRange } from './local-ports.ts';
import type { Reconnecting } from './reaction.ts';
import type { Traffic } from './session.ts';
import type { SessionReport } from './session-log.ts';
import type { Sighting } from './sightings.ts';

/** What the clients of a shard are like: as most, witnesses of the generator's own error, or about to vanish, or slow to read. */
export type ShardGroup = 'ordinary' | 'canary' | 'vanishing' | 'slow';

export interface ShardPlan {
  readonly name: string;
  /** Name of the agent that runs it; `null`: the machine of the run. */
  readonly agent: string | null;
  readonly group: ShardGroup;
  readonly target: TargetPlan;
  /** The ranks of this shard's clients, ascending; ranks of all shards together are 0 … clients − 1. */
  readonly ranks: readonly number[];
  /** Ranks whose single observations are kept. */
  readonly tracked: readonly number[];
  readonly clients: number;
  readonly audiences: number;
  readonly seed: number;
  readonly connectRate: number;
  readonly pollIntervalUs: number;
  readonly late: 'skip' | 'queue' | 'overlap';
  readonly reconnecting: Reconnecting;
  readonly connectTimeoutUs: number;
  readonly requestTimeoutUs: number;
  /** `null`: the kernel chooses addresses and ports. */
  readonly localPorts: LocalPortRange | null;
  /** Until the window ends, each client reads nothing for so long after each read; 0 reads at once. */
  readonly readPauseUs: number;
  /** How clients come and go within the window; `null`: they stay. */
  readonly churn: ChurnPlan | null;
  /** `null`: they only watch. */
  readonly acting: ActingPlan | null;
}

export type ShardCommand =
  | { readonly type: 'plan'; readonly plan: ShardPlan }
  /** An agent's word: the clock of the trial is this far from the machine's. */
  | { readonly type: 'clock'; readonly offset: ClockOffset }
  /** An agent reads the coordinator's clock anew; answer `clock-read`. */
  | { readonly type: 'read-clock' }
  /** Open and close some sessions that do not count; answer `rehearsed`. */
  | { readonly type: 'rehearse' }
  /** All shards begin their ramp at this moment. */
  | { readonly type: 'connect'; readonly atUs: number }
  /** Changes that will be published; those of the window are measured. */
  | { readonly type: 'updates'; readonly updates: readonly Update[]; readonly inWindow: boolean }
  | { readonly type: 'window'; readonly startUs: number; readonly endUs: number }
  /** All clients act within this span. */
  | { readonly type: 'act'; readonly startUs: number; readonly endUs: number }
  /** Answer with `actions`; what is not answered by now never will be. */
  | { readonly type: 'tell-actions' }
  /** The network takes all connections away. */
  | { readonly type: 'lose'; readonly how: Loss }
  /** A service that was away is back since then: what the clients take from there to catch up counts. */
  | { readonly type: 'service-back'; readonly atUs: number }
  /** All clients of the shard are gone from one moment to the next. */
  | { readonly type: 'vanish' }
  /** Close all sessions for good; progress says when none is connected. */
  | { readonly type: 'leave' }
  /** No new requests from here on. */
  | { readonly type: 'quiesce' }
  /** Answer with the result; everything is at rest. */
  | { readonly type: 'finish' }
  /** Close all sessions and exit. */
  | { readonly type: 'close' };

/** Since it was last asked. */
export interface ActionsReport {
  readonly type: 'actions';
  readonly acted: readonly Acted[];
  /** The newest version that any client holds, for each audience. */
  readonly newestHeld: readonly number[];
}

/** Told several times a second. */
export interface ShardProgress {
  readonly type: 'progress';
  /** Commands it has obeyed so far. */
  readonly heard: number;
  readonly connected: number;
  /** Clients that hold a version. */
  readonly holding: number;
  /** Clients that lack a planned version, or hold none, and have not given up. */
  readonly behind: number;
  readonly outstanding: number;
  /** Clients that will not come back. */
  readonly gaveUp: number;
  /** Attempts that were answered 401, 403 or 429, and the last of these; 0: none. */
  readonly barred: number;
  readonly barredBy: number;
  /** Actions that are planned and not at their end. */
  readonly acting: number;
}

export interface ShardResult {
  readonly type: 'result';
  readonly group: ShardGroup;
  /** As its plan says. */
  readonly agent: string | null;
  readonly trial: TrialCounts;
  readonly window: WindowCounts;
  /** Bytes within the window. */
  readonly traffic: Traffic;
  /** The window as this shard kept it: when its counters were read. */
  readonly windowUs: { readonly startUs: number; readonly endUs: number };
  /** Versions of the window that clients never saw: the censored part of the freshness. */
  readonly censored: number;
  /** The newest version that any client holds, for each audience. */
  readonly newestHeld: readonly number[];
  /** Changes of the window that told their time, where they are the server's own; `null` where they are published. */
  readonly timedInWindow: number | null;
  /** Clients that hold a version, so were answered once without naming one. */
  readonly holding: number;
  /** Clients that never caught up with what was newest when a service came back. */
  readonly notCaughtUp: number;
  /** Sum over clients of the versions expected of each: newest − first held. */
  readonly expected: number;
  readonly histograms: ReturnType<Ledger['encoded']> & {
    readonly eventLoopDelayUs: string;
    /** From an action's intended time until it was acknowledged. */
    readonly actionAckUs: string;
  };
  readonly samples: readonly Sample[];
  /** Stale time of all its screens in each step of 100 ms of the window, µs. */
  readonly staleUs: readonly number[];
  /** How the clients came and went from the window's start to rest. */
  readonly sessions: SessionReport;
  /** `null` where clients only watch. */
  readonly actions: ShardActions | null;
  /** CPU time of this process within the window. */
  readonly cpuUs: number;
  /** What its agent found of the clock that the shard followed; `null`: it followed this machine's. */
  readonly clock: AgentClock | null;
}

export interface ShardActions {
  readonly trial: ActionCounts;
  readonly window: ActionCounts;
  /** Bytes from the window's start on: of the actions due within it and their answers, those that came after its end too. */
  readonly bytes: { readonly up: number; readonly down: number };
  /** Of the window's versions. */
  readonly seen: readonly Sighting[];
}

export type ShardReport =
  | { readonly type: 'ready' }
  | { readonly type: 'clock-read' }
  | { readonly type: 'rehearsed' }
  | ShardProgress
  | ActionsReport
  | ShardResult
  /** The code of a target file failed. */
  | { readonly type: 'broken'; readonly problem: string };
