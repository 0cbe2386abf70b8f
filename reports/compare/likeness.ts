// Two records → what makes them unlike, a line each (nothing: they may be compared), and what a reader should know besides.
import type { RunRecord, TrialRecord } from '../../harness/contract/record.ts';
import { spellDurationUs } from '../../harness/contract/units.ts';
import { counted } from '../conditions.ts';
import { scalesOf } from '../scaling/axis.ts';

export interface Likeness {
  /** `polling: poll-interval is 2s in the baseline, 1s in the candidate`. */
  readonly differences: readonly string[];
  readonly remarks: readonly string[];
}

/** Looks at scenario, contenders, settings and services; never at the figures. */
export function compareConditions(baseline: RunRecord, candidate: RunRecord): Likeness {
  const before = firstTrials(baseline);
  const after = firstTrials(candidate);
  const shared = [...before].flatMap(([key, trial]) => {
    const other = after.get(key);
    return other === undefined ? [] : [{ key, trial, other }];
  });
  const missing = [...before.keys()].filter((key) => !after.has(key));
  const extra = [...after.keys()].filter((key) => !before.has(key));
  return {
    differences: [
      ...serviceDifferences(baseline, candidate),
      ...missing.map((key) => missingText(key, before.get(key), candidate)),
      ...shared.flatMap(({ key, trial, other }) => settingDifferences(key, trial, other)),
    ],
    remarks: [
      ...extra.map((key) => `${key} is in the candidate alone, and not compared`),
      ...settingRemarks(shared),
      ...agentRemarks(shared),
      ...machineRemarks(baseline, candidate),
    ],
  };
}

/** What trials of two records must share to be of one contender: `dashboard: polling, 500 clients, 1 audience`, and an interval that was varied. */
export function conditionsKey({ trials }: RunRecord, trial: TrialRecord): string {
  const { scenario, contender, clients, audiences } = trial;
  const axis = scalesOf(trials.filter((other) => other.scenario === scenario))?.axis;
  const load = axis === undefined || axis.varied in trial ? null : axis.loadOf(trial);
  const interval = axis === undefined || load === null ? '' : `, ${axis.say(load)}`;
  return `${scenario}: ${contender}, ${clients} clients, ${audiences} audience${audiences === 1 ? '' : 's'}${interval}`;
}

/** Says under which conditions the candidate has the contender instead, if it has it. */
function missingText(key: string, trial: TrialRecord | undefined, candidate: RunRecord): string {
  const other = candidate.trials.find(
    ({ scenario, contender }) => scenario === trial?.scenario && contender === trial.contender,
  );
  return `${key} is in the baseline${other === undefined ? ' alone' : `, ${conditionsKey(candidate, other)} in the candidate`}`;
}

function firstTrials(record: RunRecord): Map<string, TrialRecord> {
  const first = new Map<string, TrialRecord>();
  for (const trial of record.trials) {
    const key = conditionsKey(record, trial);
    if (!first.has(key)) first.set(key, trial);
  }
  return first;
}

function serviceDifferences(baseline: RunRecord, candidate: RunRecord): string[] {
  const names = new Set([...Object.keys(baseline.services), ...Object.keys(candidate.services)]);
  const spell = ({ services }: RunRecord, name: string) => {
    const service = services[name];
    return service === undefined ? 'none' : `${service.version} (${service.driver})`;
  };
  return [...names].flatMap((name) => difference(name, spell(baseline, name), spell(candidate, name)));
}

/** Settings that both know; one that is younger than the baseline says nothing. */
function settingDifferences(key: string, trial: TrialRecord, other: TrialRecord): string[] {
  return Object.keys(trial.settings)
    .filter((name) => Object.hasOwn(other.settings, name))
    .flatMap((name) => difference(`${key}: ${name}`, spellSetting(trial, name), spellSetting(other, name)));
}

function settingRemarks(pairs: readonly { trial: TrialRecord; other: TrialRecord }[]): string[] {
  const unshared = (from: TrialRecord, to: TrialRecord) =>
    Object.keys(from.settings).filter((name) => !Object.hasOwn(to.settings, name));
  const say = (names: readonly string[], where: string) =>
    names.length === 0 ? [] : [`${[...new Set(names)].join(', ')}: set in the ${where} alone`];
  return [
    ...say(
      pairs.flatMap(({ trial, other }) => unshared(trial, other)),
      'baseline',
    ),
    ...say(
      pairs.flatMap(({ trial, other }) => unshared(other, trial)),
      'candidate',
    ),
  ];
}

/** Whoever runs the clients is no setting of what is measured, but times that agents tell are known less closely. */
function agentRemarks(pairs: readonly { trial: TrialRecord; other: TrialRecord }[]): string[] {
  const say = ({ agents = [] }: TrialRecord) =>
    agents.length === 0 ? 'the machine of the servers' : counted(agents.length, 'agent');
  const remarks = pairs.flatMap(({ trial, other }) => difference('the generator', say(trial), say(other)));
  return [...new Set(remarks)];
}

function machineRemarks(baseline: RunRecord, candidate: RunRecord): string[] {
  const names = ['cpu', 'cores', 'kernel', 'node'] as const;
  return names.flatMap((name) =>
    difference(name, String(baseline.environment[name]), String(candidate.environment[name])),
  );
}

function difference(what: string, before: string, after: string): string[] {
  return before === after ? [] : [`${what} is ${before} in the baseline, ${after} in the candidate`];
}

function spellSetting({ settings }: TrialRecord, name: string): string {
  const value = settings[name];
  return typeof value === 'number' && /interval|duration|cost/.test(name) ? spellDurationUs(value) : String(value);
}
