// Trials of one run → the one condition that a sweep varied, and the trials at each of its values, the lightest load first.
import type { TrialRecord } from '../../harness/contract/record.ts';
import { formatDurationUs, formatNumber } from '../../harness/contract/units.ts';
import { settingUs } from '../conditions.ts';

/** What a sweep may vary, as the command line names it. */
type Varied = 'clients' | 'audiences' | 'poll-interval' | 'update-interval';

/**
 * A varied condition. Its load is what costs grow with: the clients or audiences themselves, and for an interval how often a
 * second it comes round.
 */
export interface Axis {
  readonly varied: Varied;
  /** `clients`, `poll interval`. */
  readonly name: string;
  /** What stands above the values: `clients`, `poll every`. */
  readonly heading: string;
  /** `client`: one unit of the load. */
  readonly unit: string;
  /** `null` where a trial does not say. */
  loadOf(trial: TrialRecord): number | null;
  /** The value at a load, as people read it: `500`, `2 s`. */
  valueText(load: number): string;
  /** The same in a sentence: `500 clients`, `a poll every 2 s`. */
  say(load: number): string;
}

export interface Scale {
  readonly load: number;
  readonly trials: readonly TrialRecord[];
}

const secondUs = 1e6;

function countAxis(varied: 'clients' | 'audiences'): Axis {
  const unit = varied.slice(0, -1);
  return {
    varied,
    name: varied,
    heading: varied,
    unit,
    loadOf: (trial) => trial[varied],
    valueText: formatNumber,
    say: (load) => `${formatNumber(load)} ${load === 1 ? unit : varied}`,
  };
}

function intervalAxis(varied: 'poll-interval' | 'update-interval', unit: 'poll' | 'change'): Axis {
  const valueText = (load: number) => formatDurationUs(secondUs / load);
  return {
    varied,
    name: varied.replace('-', ' '),
    heading: `${unit} every`,
    unit: `${unit}/s`,
    loadOf: (trial) => {
      const us = settingUs(trial, varied);
      return us === null || us <= 0 ? null : secondUs / us;
    },
    valueText,
    say: (load) => `a ${unit} every ${valueText(load)}`,
  };
}

const axes: readonly Axis[] = [
  countAxis('clients'),
  countAxis('audiences'),
  intervalAxis('poll-interval', 'poll'),
  intervalAxis('update-interval', 'change'),
];

/** The scales of a sweep: one scenario in which exactly one condition differs within a contender; else `null`. */
export function scalesOf(trials: readonly TrialRecord[]): { readonly axis: Axis; readonly scales: Scale[] } | null {
  if (new Set(trials.map(({ scenario }) => scenario)).size > 1) return null;
  const [axis, second] = axes.filter((each) => differsWithinContender(trials, each));
  if (axis === undefined || second !== undefined) return null;
  const scales = new Map<number, TrialRecord[]>();
  for (const trial of trials) {
    const load = axis.loadOf(trial);
    if (load === null) return null;
    scales.set(load, [...(scales.get(load) ?? []), trial]);
  }
  return {
    axis,
    scales: [...scales].map(([load, some]) => ({ load, trials: some })).sort((a, b) => a.load - b.load),
  };
}

function differsWithinContender(trials: readonly TrialRecord[], axis: Axis): boolean {
  const first = new Map<string, number | null>();
  return trials.some((trial) => {
    const load = axis.loadOf(trial);
    const known = first.get(trial.contender);
    if (known === undefined) first.set(trial.contender, load);
    return known !== undefined && known !== load;
  });
}
