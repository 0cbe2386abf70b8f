// Run record → what its figures hold for, as short phrases. Only what all trials share is stated as shared.
import type { RunRecord, Transport, TrialRecord } from '../harness/contract/record.ts';
import { formatDurationUs, formatNumber, parseDurationUs } from '../harness/contract/units.ts';
import { shorten } from './inert.ts';

const whatLimit = 40;

/** A duration among a trial's settings in µs, whether recorded as µs or as spelled; `null` when it has none. */
export function settingUs(trial: TrialRecord, name: string): number | null {
  const value = trial.settings[name];
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? parseDurationUs(value) : null;
}

/** Time between two polls of a client: the contender's own, else the scenario's. */
export function pollIntervalUs(trial: TrialRecord): number | null {
  const own = /\+interval=([^+]+)/.exec(trial.contender)?.[1];
  return own === undefined ? settingUs(trial, 'poll-interval') : parseDurationUs(own);
}

/** A contender's name in a sentence: `polling every 2 s`, where its spelling leaves the interval to the scenario. */
export function withInterval(name: string, trial: TrialRecord): string {
  const everyUs = trial.transport === 'polling' ? pollIntervalUs(trial) : null;
  return everyUs === null || name.includes('interval=') ? name : `${name} every ${formatDurationUs(everyUs)}`;
}

/** The conditions of some trials of a run, the most telling first. */
export function conditionsOf(trials: readonly TrialRecord[]): string[] {
  if (trials.length === 0) return [];
  const intervalsUs = trials.filter((trial) => trial.transport === 'polling').map(pollIntervalUs);
  const repetitions = Math.max(...trials.map((trial) => trial.repetition));
  return [
    range(
      trials.map((trial) => trial.clients),
      (clients) => counted(clients, 'client'),
    ),
    faultPhrase(trials),
    sharedUs(intervalsUs, (us) => `poll every ${formatDurationUs(us)}`),
    sharedUs(
      trials.map((trial) => settingUs(trial, 'update-interval')),
      (us) => `change every ${formatDurationUs(us)}`,
    ),
    range(
      trials.map((trial) => trial.audiences),
      (audiences) => (audiences === 1 ? '' : counted(audiences, 'audience')),
    ),
    sharedUs(
      trials.map((trial) => settingUs(trial, 'query-cost') || null),
      (us) => `query cost +${formatDurationUs(us)}`,
    ),
    faultPhrase(trials) === '' ? windowPhrase(trials) : '',
    repetitions > 1 ? counted(repetitions, 'repetition') : '',
  ].filter((phrase) => phrase !== '');
}

/** `websocket unless named`: whose name the labels of some contenders leave out. */
export function transportPhrase(transports: readonly Transport[]): string {
  const main = mainTransport(transports);
  if (main === undefined) return '';
  return transports.every((transport) => transport === main) ? main : `${main} unless named`;
}

/** The most frequent; of equally frequent ones, the first. */
export function mainTransport(transports: readonly Transport[]): Transport | undefined {
  const count = (wanted: Transport) => transports.filter((transport) => transport === wanted).length;
  return transports.reduce<Transport | undefined>(
    (most, each) => (most === undefined || count(each) > count(most) ? each : most),
    undefined,
  );
}

/** `1 client`, `500 clients`. */
export function counted(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** What was done to the system, and for how long to the tenth of a second, where all trials had the same done to them. */
function faultPhrase(trials: readonly TrialRecord[]): string {
  const faults = trials.map(({ events }) => events.find(({ kind }) => kind === 'fault'));
  const [first] = faults;
  if (first === undefined || faults.some((fault) => fault?.what !== first.what)) return '';
  const what = shorten(first.what, whatLimit);
  const lastedUs = faults.flatMap((fault) =>
    fault === undefined || fault.untilUs === null ? [] : fault.untilUs - fault.atUs,
  );
  if (lastedUs.length < faults.length) return lastedUs.length === 0 ? what : '';
  const [least, most] = [Math.min(...lastedUs), Math.max(...lastedUs)].map((us) =>
    formatDurationUs(Math.round(us / 100_000) * 100_000),
  );
  const lasted = least === most ? most : `${least} to ${most}`;
  return trials.every(({ settings }) => settings.fault === 'rolling')
    ? `${what} in ${lasted}`
    : `${what}, back after ${lasted}`;
}

function windowPhrase(trials: readonly TrialRecord[]): string {
  // A window ends with the last counter read, some ms after it was due: the tenth of a second is what was asked.
  return sharedUs(
    trials.map((trial) => Math.round(trial.windowUs / 100_000) * 100_000),
    (us) => `${formatDurationUs(us)} window`,
  );
}

/** The database and where it came from, or nothing. */
export function postgresPhrase(record: RunRecord): string {
  const { postgres } = record.services;
  return postgres === undefined ? '' : `Postgres ${postgres.version} (${postgres.driver})`;
}

/** How often each contender was measured, and on what: what a verdict must not be quoted without. */
export function limitPhrases({ trials, environment }: RunRecord): string[] {
  const isSingle = trials.every((trial) => trial.repetition === 1);
  return [
    isSingle ? 'one repetition' : '',
    agentsPhrase(trials),
    `${whoIsHere(trials)} on one machine (${counted(environment.cores, 'core')})`,
  ];
}

function whoIsHere(trials: readonly TrialRecord[]): string {
  if (trials.some(({ agents }) => agents !== undefined)) return 'servers';
  return trials.some(isElsewhere) ? 'clients' : 'clients and servers';
}

/** `clients on 8 agents of 4 machines`, or nothing. */
function agentsPhrase(trials: readonly TrialRecord[]): string {
  const agents = trials.flatMap((trial) => trial.agents ?? []);
  const distinct = (names: readonly string[]) => new Set(names).size;
  if (agents.length === 0) return '';
  const names = counted(distinct(agents.map(({ name }) => name)), 'agent');
  return `clients on ${names} of ${counted(distinct(agents.map(({ host }) => host)), 'machine')}`;
}

/** A server of somebody's own that is on another machine. */
function isElsewhere({ settings: { target } }: TrialRecord): boolean {
  return typeof target === 'string' && !/^\w+:\/\/(localhost|127\.[\d.]+|\[::1\])[:/]/.test(`${target}/`);
}

function range(values: readonly number[], say: (value: number) => string): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? say(low) : `${formatNumber(low)} to ${say(high)}`;
}

function sharedUs(values: readonly (number | null)[], say: (us: number) => string): string {
  const [first] = values;
  return typeof first === 'number' && values.every((value) => value === first) ? say(first) : '';
}
