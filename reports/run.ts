// Run record → the run as reports read it: repetitions merged into contenders, every text inert, conditions in words.
import { type MetricName, metricNames } from '../harness/contract/metrics.ts';
import type { HealthFinding, RunRecord, Transport, TrialRecord } from '../harness/contract/record.ts';
import { conditionsOf } from './conditions.ts';
import { inertRecord, shorten } from './inert.ts';
import { centreOf, type Figure, mergeFigures } from './merge.ts';

/** Longer than any spelling that a contender can have in practice. */
const labelLimit = 90;

/** All repetitions of one contender under the same conditions. */
export interface Contender {
  /** Unique in the run; the contender's spelling, with scenario or clients only where those differ. */
  readonly label: string;
  readonly name: string;
  readonly transport: Transport;
  readonly clients: number;
  readonly trials: readonly [TrialRecord, ...TrialRecord[]];
  readonly figures: Readonly<Partial<Record<MetricName, Figure>>>;
}

/** A finding and the trials it speaks of. */
interface LocatedFinding extends HealthFinding {
  readonly where: string;
}

export interface Run {
  readonly record: RunRecord;
  readonly contenders: readonly Contender[];
  /** What was the same for all, as short phrases: `500 clients`, `poll interval 2 s`. */
  readonly conditions: readonly string[];
  readonly findings: readonly LocatedFinding[];
  /** False when a fatal finding voids the figures. */
  readonly valid: boolean;
}

/** Reads a valid record; everything in `reports` starts from its result. */
export function readRun(original: RunRecord): Run {
  const record = inertRecord(original);
  const contenders = contendersOf(record.trials);
  const findings = record.trials.flatMap(findingsOf);
  return {
    record,
    contenders,
    conditions: conditionsOf(record),
    findings,
    valid: record.status !== 'invalid' && findings.every((finding) => finding.severity !== 'fatal'),
  };
}

/** The number of a metric: a scalar's value or a distribution's median; `null` when it was not measured. */
export function numberOf(contender: Contender, name: MetricName): number | null {
  return centreOf(contender.figures[name]);
}

/** `polling #2`: a trial as findings and missing trials name it. */
export function trialName(trial: TrialRecord): string {
  return `${shorten(trial.contender, labelLimit)} #${trial.repetition}`;
}

function contendersOf(trials: readonly TrialRecord[]): Contender[] {
  const groups = new Map<string, [TrialRecord, ...TrialRecord[]]>();
  for (const trial of trials) {
    const key = JSON.stringify([trial.scenario, trial.contender, trial.clients, trial.audiences]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [trial]);
    else group.push(trial);
  }
  const distinct = (pick: (trial: TrialRecord) => unknown) => new Set(trials.map(pick)).size > 1;
  const differs = {
    scenario: distinct((trial) => trial.scenario),
    clients: distinct((trial) => trial.clients),
    audiences: distinct((trial) => trial.audiences),
  };
  return [...groups.values()].map((group) => contenderOf(group, differs));
}

function contenderOf(
  trials: [TrialRecord, ...TrialRecord[]],
  differs: { scenario: boolean; clients: boolean; audiences: boolean },
): Contender {
  const [first] = trials;
  const figures: Partial<Record<MetricName, Figure>> = {};
  for (const name of metricNames) {
    const values = trials.map((trial) => trial.metrics[name]);
    if (values.some((value) => value !== undefined)) figures[name] = mergeFigures(name, values);
  }
  const suffix = [
    differs.clients ? `${first.clients.toLocaleString('en-US')} clients` : '',
    differs.audiences ? `${first.audiences} audiences` : '',
  ].filter((part) => part !== '');
  const label = `${differs.scenario ? `${first.scenario}: ` : ''}${first.contender}${suffix.length > 0 ? ` (${suffix.join(', ')})` : ''}`;
  return {
    label: shorten(label, labelLimit),
    name: first.contender,
    transport: first.transport,
    clients: first.clients,
    trials,
    figures,
  };
}

function findingsOf(trial: TrialRecord): LocatedFinding[] {
  return trial.health.map((finding) => ({ ...finding, where: trialName(trial) }));
}
