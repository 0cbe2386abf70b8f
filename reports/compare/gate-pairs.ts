// The trials of two versions → the log ratios of their pairs for one contender and metric, and what those pairs lack.
import type { Subject } from '../../harness/contract/comparison.ts';
import { metricOf } from '../../harness/contract/metrics.ts';
import type { TrialRecord } from '../../harness/contract/record.ts';
import { counted } from '../conditions.ts';
import { formatWithUnit } from '../figures.ts';
import { mergeFigures, quantileOf } from '../merge.ts';
import type { Run } from '../run.ts';

/** Of the baseline and of the candidate. */
export type TrialPair = readonly [TrialRecord, TrialRecord];

export interface PairedSample {
  /** Above 0 the candidate is worse. */
  readonly worsening: readonly number[];
  /** What stands for figures that are known only to be below it, in the metric's unit; `null` where none is. */
  readonly floor: number | null;
  /** `not measured in 4 pairs`. */
  readonly lacks: readonly string[];
}

/** A figure, or what it is below; neither where it was not measured. */
interface Reading {
  readonly value: number | null;
  readonly below: number | null;
}

/** Both trials of each repetition, where both can be believed. */
export function pairsOf(baseline: Run, candidate: Run, contender: string): TrialPair[] {
  // A finding that names the figures it voids has made them null already, and leaves the others as they are.
  const isSound = (trial: TrialRecord) =>
    trial.health.every(({ severity, voids }) => severity !== 'fatal' || voids !== undefined);
  return baseline.record.trials
    .filter((trial) => trial.contender === contender && isSound(trial))
    .flatMap((before) => {
      const after = candidate.record.trials.find(
        (trial) => trial.contender === contender && trial.repetition === before.repetition && isSound(trial),
      );
      return after === undefined ? [] : [[before, after] as const];
    });
}

/** The log ratios of the pairs that have one. */
export function samplePairs(pairs: readonly TrialPair[], subject: Subject): PairedSample {
  const { better, unit } = metricOf(subject.metric);
  const sign = better === 'higher' ? -1 : 1;
  const readings = pairs.map(([before, after]) => [readingIn(before, subject), readingIn(after, subject)] as const);
  const sides = readings.map(([before, after]) => clampToFloor(before, after));
  const measured = sides.filter((pair) => pair !== null);
  const ratios = measured.filter(([left, right]) => left === right || (left > 0 && right > 0));
  const hidden = ([0, 1] as const).map((side) => readings.filter((pair) => pair[side].below !== null).length);
  const floors = readings.flat().flatMap(({ below }) => below ?? []);
  const floor = floors.length === 0 ? null : Math.max(...floors);
  const lack = (pairs: number, why: string) => (pairs === 0 ? [] : [`${why} in ${counted(pairs, 'pair')}`]);
  return {
    worsening: ratios.map(([left, right]) => (left === right ? 0 : sign * Math.log(right / left))),
    floor,
    lacks: [
      ...lack(sides.length - measured.length, 'not measured'),
      ...lack(measured.length - ratios.length, '0 in one version'),
      ...(floor === null
        ? []
        : [
            `taken for ${formatWithUnit(floor, unit)} where hidden below: baseline ${hidden[0]}, candidate ${hidden[1]}`,
          ]),
    ],
  };
}

/** False where nothing at all is known of it. */
export function isMeasured(trial: TrialRecord, subject: Subject): boolean {
  const { value, below } = readingIn(trial, subject);
  return value !== null || below !== null;
}

/** Both sides of a pair held to one floor, or what is hidden on one side would look better or worse for it. */
function clampToFloor(before: Reading, after: Reading): readonly [number, number] | null {
  const floor = Math.max(before.below ?? 0, after.below ?? 0);
  const [left, right] = [before, after].map(({ value, below }) => (below === null ? value : floor));
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  return [Math.max(left, floor), Math.max(right, floor)];
}

function readingIn(trial: TrialRecord, { metric, quantile }: Subject): Reading {
  const value = trial.metrics[metric];
  const figure = mergeFigures(metric, [value]);
  return {
    value: figure.kind === 'distribution' ? quantileOf(figure, quantile ?? 0.5) : figure.value,
    below: value !== undefined && 'below' in value ? (value.below ?? null) : null,
  };
}
