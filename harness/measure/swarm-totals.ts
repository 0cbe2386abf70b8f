// The shards' results as one: counts add up, histograms merge exactly, ceilings take the highest.
import { type Histogram, mergeHistograms } from '../contract/histogram.ts';
import type { ActionCounts } from '../swarm/action-log.ts';
import type { TrialCounts, WindowCounts } from '../swarm/ledger.ts';
import type { Traffic } from '../swarm/session.ts';
import type { SessionReport } from '../swarm/session-log.ts';
import type { ShardActions, ShardResult } from '../swarm/shard-contract.ts';
import type { SwarmResults } from '../swarm/swarm.ts';

export interface SwarmTotals {
  readonly trial: TrialCounts;
  readonly window: WindowCounts;
  readonly traffic: Traffic;
  /** Mean length of the shards' windows. */
  readonly windowUs: number;
  readonly censored: number;
  readonly notCaughtUp: number;
  readonly expected: number;
  readonly holding: number;
  /** Changes that at least one client saw or superseded, over all audiences; versions count from 1. */
  readonly changesSeen: number;
  readonly sessions: readonly SessionReport[];
  /** `null` where clients only watch. */
  readonly actions: ActionTotals | null;
  readonly histograms: Readonly<Record<keyof ShardResult['histograms'], Histogram>>;
  /** Share of one core that the busiest shard used in the window. */
  readonly busiestCpuShare: number;
}

export interface ActionTotals extends Pick<ShardActions, 'trial' | 'window' | 'bytes'> {
  /** Of each shard. */
  readonly seen: readonly ShardActions['seen'][];
}

/** The results of all shards, canaries too. */
export function everyShard({ shards, canaries }: Pick<SwarmResults, 'shards' | 'canaries'>): readonly ShardResult[] {
  return [...shards, ...canaries];
}

export function totalsOf(results: Pick<SwarmResults, 'shards' | 'canaries'>): SwarmTotals {
  const all = everyShard(results);
  const sum = (pick: (shard: ShardResult) => number) => all.reduce((total, shard) => total + pick(shard), 0);
  const sumCounts = <Counts extends object>(pick: (shard: ShardResult) => Counts): Counts => {
    const names = Object.keys(all[0] === undefined ? {} : pick(all[0])) as (keyof Counts)[];
    return Object.fromEntries(names.map((name) => [name, sum((shard) => Number(pick(shard)[name]))])) as Counts;
  };
  const merge = (name: keyof ShardResult['histograms']) => mergeHistograms(all.map((shard) => shard.histograms[name]));
  const lengthUs = ({ windowUs }: ShardResult) => windowUs.endUs - windowUs.startUs;
  const newest = all.map((shard) => shard.newestHeld);
  const audiences = newest[0]?.length ?? 0;
  return {
    trial: sumCounts((shard) => shard.trial),
    window: sumCounts((shard) => shard.window),
    traffic: sumCounts((shard) => shard.traffic),
    windowUs: sum(lengthUs) / all.length,
    censored: sum((shard) => shard.censored),
    notCaughtUp: sum((shard) => shard.notCaughtUp),
    expected: sum((shard) => shard.expected),
    holding: sum((shard) => shard.holding),
    changesSeen: Array.from({ length: audiences }, (_, audience) =>
      Math.max(...newest.map((held) => held[audience] ?? 0)),
    ).reduce((total, version) => total + version, 0),
    sessions: all.map((shard) => shard.sessions),
    actions: actionTotals(all.flatMap(({ actions }) => actions ?? [])),
    histograms: {
      freshnessUs: merge('freshnessUs'),
      requestUs: merge('requestUs'),
      requestUncorrectedUs: merge('requestUncorrectedUs'),
      connectUs: merge('connectUs'),
      attemptLagUs: merge('attemptLagUs'),
      catchUpUs: merge('catchUpUs'),
      arrivalGapUs: merge('arrivalGapUs'),
      eventLoopDelayUs: merge('eventLoopDelayUs'),
      actionAckUs: merge('actionAckUs'),
    },
    busiestCpuShare: Math.max(...all.map((shard) => shard.cpuUs / Math.max(1, lengthUs(shard)))),
  };
}

function actionTotals(shards: readonly ShardActions[]): ActionTotals | null {
  if (shards.length === 0) return null;
  const sum = (pick: (shard: ShardActions) => number) => shards.reduce((total, shard) => total + pick(shard), 0);
  const sumCounts = (of: 'trial' | 'window'): ActionCounts => ({
    due: sum((shard) => shard[of].due),
    acknowledged: sum((shard) => shard[of].acknowledged),
    refused: sum((shard) => shard[of].refused),
    unsent: sum((shard) => shard[of].unsent),
    unanswered: sum((shard) => shard[of].unanswered),
  });
  return {
    trial: sumCounts('trial'),
    window: sumCounts('window'),
    bytes: { up: sum(({ bytes }) => bytes.up), down: sum(({ bytes }) => bytes.down) },
    seen: shards.map(({ seen }) => seen),
  };
}
