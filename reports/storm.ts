// A storm's contenders → storms as charts, table and headline read them: series by time since the fault, peaks in 100 ms.
import type { MetricName } from '../harness/contract/metrics.ts';
import type { TrialRecord } from '../harness/contract/record.ts';
import { centreOf, type DistributionFigure, quantileOf } from './merge.ts';
import { type Contender, contendersOf } from './run.ts';
import { strategyLabels } from './strategy.ts';

/** One value a step; `null` where a reading failed. */
type Series = readonly (number | null)[];

export interface Outage {
  readonly what: string;
  /** From the fault until the server listened again; `null` for what took no time. */
  readonly lastedUs: number | null;
}

export interface Storm {
  /** The strategy in words, unique among the storms it is shown with. */
  readonly label: string;
  readonly contender: Contender;
  /** `null` when the record tells of no fault. */
  readonly outage: Outage | null;
  readonly stepUs: number;
  /** From the fault to the beginning of the first step; 0 or less. */
  readonly startUs: number;
  /** Of the first repetition; `null` where the record holds none, or one of failed readings only. */
  readonly attempts: Series | null;
  readonly accepted: Series | null;
  readonly refused: Series | null;
  readonly connected: Series | null;
  readonly queries: Series | null;
}

/** The storms of contenders that stand side by side, in their order. */
export function stormsOf(contenders: readonly Contender[]): Storm[] {
  const labels = strategyLabels(contenders);
  return contenders.map((contender, index) => stormOf(contender, labels[index] ?? contender.label));
}

/** The storms of trials that belong to no run, such as simulated ones. Expects inert texts. */
export function readStorms(trials: readonly TrialRecord[]): Storm[] {
  return stormsOf(contendersOf(trials));
}

function stormOf(contender: Contender, label: string): Storm {
  const { timeline, events } = contender.trials[0];
  const fault = events.find(({ kind }) => kind === 'fault');
  const series = (name: string) => {
    const steps = timeline.series[name];
    return steps?.some((step) => step !== null) ? steps : null;
  };
  return {
    label,
    contender,
    outage:
      fault === undefined
        ? null
        : { what: fault.what, lastedUs: fault.untilUs === null ? null : fault.untilUs - fault.atUs },
    stepUs: timeline.stepUs,
    startUs: -(fault?.atUs ?? 0),
    attempts: series('connectAttempts'),
    accepted: series('connectsAccepted'),
    refused: series('connectsRefused'),
    connected: series('clientsConnected'),
    queries: series('dbQueries'),
  };
}

/** A peak as the busiest 100 ms had it: the catalogue extrapolates to a second, in which it may never have happened. */
export function peakOf(storm: Storm, name: PeakName): number | null {
  const perSecond = centreOf(storm.contender.figures[name]);
  return perSecond === null ? null : perSecond / 10;
}

export type PeakName = Extract<MetricName, `storm.${string}PerSecond`>;

/** Time from the server's return until this share of the clients was back, in µs; `null` when so many never were, or it is unknown. */
export function recoveryUs(storm: Storm, share: number): number | null {
  const figure = recoveryOf(storm);
  return figure === null ? null : quantileOf(figure, share);
}

/** Clients that were not back by the end, over all repetitions, of how many. */
export function notBackOf(storm: Storm): { readonly count: number; readonly of: number } | null {
  const figure = recoveryOf(storm);
  return figure === null ? null : { count: figure.censored, of: figure.count };
}

function recoveryOf({ contender }: Storm): DistributionFigure | null {
  const figure = contender.figures['storm.recoveryUs'];
  return figure?.kind === 'distribution' ? figure : null;
}
