// Run record → the run as reports read it: repetitions merged into contenders, every text inert, conditions in words.
import { type MetricName, metricNames } from '../harness/contract/metrics.ts';
import type { HealthFinding, RunRecord, Transport, TrialRecord } from '../harness/contract/record.ts';
import { conditionsOf, postgresPhrase, transportPhrase } from './conditions.ts';
import { inertRecord, shorten } from './inert.ts';
import { centreOf, type Figure, mergeFigures } from './merge.ts';
import { type Axis, scalesOf } from './scaling/axis.ts';

/** Longer than any spelling that a contender can have in practice. */
const labelLimit = 90;

/** All repetitions of one contender under the same conditions. */
export interface Contender {
  /** Unique among those it is shown with; the contender's spelling, with scenario or clients only where those differ. */
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

/** The scenario whose trials tell a story of their own: their figures have no place beside those of a quiet window. */
const stormScenario = 'reconnect-storm';

/** Contenders at several values of one condition. */
export interface Sweep {
  readonly axis: Axis;
  /** The lightest load first. */
  readonly scales: readonly { readonly load: number; readonly contenders: readonly Contender[] }[];
  /** The contenders' spellings, in record order. */
  readonly names: readonly string[];
  /** The load at which the run's contenders are compared: the heaviest at which most of them were measured. */
  readonly compared: number;
}

export interface Run {
  readonly record: RunRecord;
  /** Of all scenarios but the reconnect storm; of a sweep, at one scale. */
  readonly contenders: readonly Contender[];
  /** What was the same for all of them, as short phrases: `500 clients`, `poll interval 2 s`. */
  readonly conditions: readonly string[];
  /** The contenders of the reconnect storm, and what was the same for all of them. */
  readonly storms: readonly Contender[];
  readonly stormConditions: readonly string[];
  /** `null` where nothing was varied. */
  readonly sweep: Sweep | null;
  readonly findings: readonly LocatedFinding[];
  /** False when a fatal finding voids the figures. */
  readonly valid: boolean;
}

/** Reads a valid record; everything in `reports` starts from its result. */
export function readRun(original: RunRecord): Run {
  const record = inertRecord(original);
  const isStorm = (trial: TrialRecord) => trial.scenario === stormScenario;
  const storms = record.trials.filter(isStorm);
  const others = record.trials.filter((trial) => !isStorm(trial));
  const findings = record.trials.flatMap((trial) => findingsOf(record, trial));
  const sweep = sweepOf(others);
  const compared = others.filter((trial) => sweep === null || sweep.axis.loadOf(trial) === sweep.compared);
  return {
    record,
    contenders: contendersOf(compared),
    conditions: conditionsOf(compared),
    storms: contendersOf(storms),
    stormConditions: [transportPhrase(storms.map(({ transport }) => transport)), ...conditionsOf(storms)].filter(
      (phrase) => phrase !== '',
    ),
    sweep,
    findings,
    valid: record.status !== 'invalid' && findings.every((finding) => finding.severity !== 'fatal'),
  };
}

/** What stands above everything: the conditions of the comparison, or of the storms alone, and the database. */
export function headerConditions({ record, contenders, conditions, stormConditions }: Run): string[] {
  return [...(contenders.length > 0 ? conditions : stormConditions), postgresPhrase(record)].filter(
    (phrase) => phrase !== '',
  );
}

/** True when no trial was finished. */
export function isEmpty({ contenders, storms }: Run): boolean {
  return contenders.length + storms.length === 0;
}

/** All that was measured, for what must not speak of one scale alone: of a sweep the contenders of each, labelled with it. */
export function everyContender({ contenders, storms, sweep }: Run): readonly Contender[] {
  const scaled = sweep?.scales.flatMap(({ load, contenders: some }) =>
    some.map((contender) => ({ ...contender, label: `${contender.label} (${sweep.axis.say(load)})` })),
  );
  return [...(scaled ?? contenders), ...storms];
}

/** The number of a metric: a scalar's value or a distribution's median; `null` when it was not measured. */
export function numberOf(contender: Contender, name: MetricName): number | null {
  return centreOf(contender.figures[name]);
}

/** `polling #2`: a trial as findings and missing trials name it, with its scenario or scale where the record has several. */
export function trialName({ trials }: RunRecord, trial: TrialRecord): string {
  const several = trials.some(({ scenario }) => scenario !== trial.scenario);
  const axis = scalesOf(trials.filter(({ scenario }) => scenario === trial.scenario))?.axis;
  const load = axis?.loadOf(trial) ?? null;
  const scale = axis === undefined || load === null ? '' : ` (${axis.say(load)})`;
  return `${several ? `${trial.scenario}: ` : ''}${shorten(trial.contender, labelLimit)}${scale} #${trial.repetition}`;
}

function sweepOf(trials: readonly TrialRecord[]): Sweep | null {
  const found = scalesOf(trials);
  if (found === null) return null;
  const scales = found.scales.map(({ load, trials: some }) => ({ load, contenders: contendersOf(some) }));
  const most = Math.max(...scales.map(({ contenders }) => contenders.length));
  return {
    axis: found.axis,
    scales,
    names: [...new Set(trials.map(({ contender }) => contender))],
    compared: scales.findLast(({ contenders }) => contenders.length === most)?.load ?? 0,
  };
}

/** Trials → their contenders, repetitions merged. Expects inert texts. */
export function contendersOf(trials: readonly TrialRecord[]): Contender[] {
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

function findingsOf(record: RunRecord, trial: TrialRecord): LocatedFinding[] {
  return trial.health.map((finding) => ({ ...finding, where: trialName(record, trial) }));
}
