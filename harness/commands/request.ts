// What was asked on the command line → a request that can be carried out, or every problem of it at once.
import { auth } from '../../scenarios/auth.ts';
import { chatty } from '../../scenarios/chatty.ts';
import { corporateProxy } from '../../scenarios/corporate-proxy.ts';
import { dashboard } from '../../scenarios/dashboard.ts';
import { idleProxy } from '../../scenarios/idle-proxy.ts';
import { poolDrain } from '../../scenarios/pool-drain.ts';
import { postgresRestart } from '../../scenarios/postgres-restart.ts';
import { reconnectStorm } from '../../scenarios/reconnect-storm.ts';
import { redisOutage } from '../../scenarios/redis-outage.ts';
import { rollingDeploy } from '../../scenarios/rolling-deploy.ts';
import { scaleOut } from '../../scenarios/scale-out.ts';
import { slowReaders } from '../../scenarios/slow-readers.ts';
import { soak } from '../../scenarios/soak.ts';
import { zombies } from '../../scenarios/zombies.ts';
import { spellComparison } from '../contract/comparison.ts';
import { FreshetError } from '../contract/errors.ts';
import { parseRequirements, type Requirement } from '../contract/requirement.ts';
import type { Scenario } from '../contract/scenario.ts';
import { countsOf, parseSetting, type SettingValue, suggest } from '../contract/settings.ts';
import { parseThresholds, type Threshold } from '../contract/threshold.ts';
import { spellDurationUs } from '../contract/units.ts';
import { type Contender, parseContender } from '../plan/contender.ts';
import { parseForeignContender } from '../plan/foreign-contender.ts';
import { networkSettings } from '../plan/network.ts';
import { type ServiceFault, serviceFaultOf } from '../plan/service-fault.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import { type OwnDriver, ownDrivers } from '../services/service.ts';
import { parseServiceUrl } from '../services/service-url.ts';
import type { ForeignTarget } from '../targets/foreign-system.ts';
import { type CrewRequest, crewProblems, forAgents, readCrewRequest } from './agent-request.ts';
import { foreignProblems } from './foreign-request.ts';

/** What --services says. */
export const servicesMeaning = 'where Postgres, Redis and nginx come from: embedded or docker (embedded)';

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  dashboard,
  reconnectStorm,
  scaleOut,
  poolDrain,
  auth,
  redisOutage,
  postgresRestart,
  zombies,
  slowReaders,
  soak,
  chatty,
  rollingDeploy,
  corporateProxy,
  idleProxy,
];
/** When none is named; a smoke run leaves the storm out. */
const defaultScenarios: readonly Scenario[] = [dashboard, reconnectStorm];

/** Flags as commander hands them over: all text, or absent. */
export interface RawFlags {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly set: readonly string[];
  /** What the screen needs, a requirement each. */
  readonly require?: readonly string[];
  /** Limits that fail the run, a threshold each. */
  readonly threshold?: readonly string[];
  /** Of a scenario file: run where no scenario is named, and known by its name. */
  readonly own?: Scenario | undefined;
  readonly quick: boolean;
}

export interface BenchRequest {
  readonly scenarios: readonly Scenario[];
  readonly trials: readonly TrialPlan[];
  /** What `--quick` made of a scenario's clients and timers, a line each. */
  readonly scaled: readonly string[];
  readonly seed: number;
  /** How those are started that are not given by a URL. */
  readonly services: OwnDriver;
  readonly postgresUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly out: string;
  readonly require: readonly string[];
  readonly thresholds: readonly Threshold[];
  /** Agents that run the clients; `null`: this machine does. */
  readonly crew: CrewRequest | null;
  /** Somebody's own servers, which are measured in place of the reference ones. */
  readonly targets: readonly ForeignTarget[];
}

/** Reads the whole request. Throws `input` with one line for each problem. */
export function readRequest(
  names: readonly string[],
  flags: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
  targets: readonly ForeignTarget[] = [],
): BenchRequest {
  const problems: string[] = [];
  // Not every server can be hurt: a storm is asked for by name.
  const chosen = findScenarios(names, targets.length > 0 ? { ...flags, quick: true } : flags, problems);
  const given = readGiven(chosen, flags, problems);
  const named =
    flags.values.contenders === undefined ? null : readContenders(flags.values.contenders, problems, targets);
  const parts = chosen.map((scenario) => ({
    scenario,
    settings: settingsOf(scenario, parseGiven(scenario, given, flags.quick, problems)),
    contenders: named ?? readContenders(contendersOf(scenario, flags.quick, targets).join(','), problems, targets),
  }));
  const repeat = readCount('--repeat', flags.values.repeat ?? '1', { min: 1, max: 1000 }, problems);
  const seed = readCount('--seed', flags.values.seed ?? '42', { min: 0, max: 2 ** 31 - 1 }, problems);
  const out = flags.values.out ?? 'results';
  if (out.trim() === '') problems.push("--out is ''; expected a directory");
  const require = flags.require ?? [];
  const needs = parseRequirements(require);
  problems.push(...needs.problems, ...unmeasuredNeeds(needs.requirements, chosen));
  const thresholds = readThresholds(parts, flags.threshold ?? [], problems);
  const services = flags.values.services ?? 'embedded';
  const driver = ownDrivers.find((known) => known === services);
  if (driver === undefined)
    problems.push(
      `--services is '${services}'; expected ${ownDrivers.join(' or ')} (or --postgres URL and --redis URL)${suggest(services, ownDrivers)}`,
    );
  const postgresUrl = flags.values.postgres ?? environment.DATABASE_URL;
  const crew = readCrewRequest(flags.values, environment, problems);
  // With agents, --redis says where they are met: what goes through that is no cost of the system's.
  const redisUrl = (crew === null ? flags.values.redis : undefined) ?? environment.REDIS_URL;
  checkUrl(
    postgresUrl,
    {
      flag: '--postgres',
      protocols: ['postgres:', 'postgresql:'],
      example: 'postgres://user:password@localhost:5432/postgres',
    },
    problems,
  );
  checkUrl(
    redisUrl,
    { flag: '--redis', protocols: ['redis:', 'rediss:'], example: 'redis://localhost:6379' },
    problems,
  );
  if (problems.length === 0)
    problems.push(...parts.flatMap(({ settings, contenders }) => contradictions(settings, contenders)));
  const planned = parts.flatMap(({ scenario, ...options }) => planTrials(scenario, { ...options, repeat, seed }));
  const trials = crew === null ? planned : planned.map(forAgents);
  if (crew !== null) problems.push(...trials.flatMap((plan) => crewProblems(plan, crew)));
  problems.push(...foreignServices(trials, { postgres: postgresUrl, redis: redisUrl }));
  problems.push(...trials.flatMap((plan) => foreignProblems(plan, targets)));
  if (problems.length > 0) throw new FreshetError('input', [...new Set(problems)]);
  return {
    scenarios: chosen,
    trials,
    scaled: flags.quick ? chosen.map((scenario) => scaledBy(scenario, given, named === null)) : [],
    seed,
    services: driver ?? 'embedded',
    postgresUrl,
    redisUrl,
    out,
    require,
    thresholds,
    crew,
    targets,
  };
}

function contendersOf(
  { contenders, quickContenders }: Scenario,
  isQuick: boolean,
  targets: readonly ForeignTarget[],
): readonly string[] {
  if (targets.length > 0) return targets.map(({ subject }) => subject.name);
  return isQuick ? (quickContenders ?? contenders) : contenders;
}

/** Those of the scenarios, as far as they concern a contender of this run, and those that were asked for. */
function readThresholds(
  parts: readonly { scenario: Scenario; contenders: readonly Contender[] }[],
  asked: readonly string[],
  problems: string[],
): Threshold[] {
  const names = [...new Set(parts.flatMap(({ contenders }) => contenders.map(({ name }) => name)))];
  const own = parts.map(({ scenario }) =>
    parseThresholds(scenario.thresholds ?? [], scenario.contenders, `${scenario.name}: threshold`),
  );
  const given = parseThresholds(asked, names);
  problems.push(...[...own, given].flatMap((each) => each.problems));
  const ofScenarios = own.flatMap(({ thresholds }) => thresholds);
  return [
    ...ofScenarios.filter(({ contender }) => contender === null || names.includes(contender)),
    ...given.thresholds,
  ];
}

function findScenarios(
  names: readonly string[],
  { own, quick }: Pick<RawFlags, 'own' | 'quick'>,
  problems: string[],
): readonly Scenario[] {
  const all = own === undefined ? scenarios : [...scenarios, own];
  const known = all.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name))
      problems.push(`scenario '${name}' is not known; expected ${known.join(', ')}${suggest(name, known)}`);
  }
  if (new Set(names).size < names.length) problems.push('a scenario is named twice; expected it once');
  if (names.length === 0 && own !== undefined) return [own];
  if (names.length === 0) return quick ? [dashboard] : defaultScenarios;
  const chosen = all.filter(({ name }) => names.includes(name));
  return chosen.length === 0 ? [dashboard] : chosen;
}

/** Settings as given, by flag or by --set: twice is a problem, and so is one that none of the scenarios has. */
function readGiven(chosen: readonly Scenario[], flags: RawFlags, problems: string[]): Map<string, string> {
  const names = [...new Set(chosen.flatMap(({ settings }) => Object.keys(settings)))];
  const all = new Set(scenarios.flatMap(({ settings }) => Object.keys(settings)));
  const scenario = chosen.map(({ name }) => name).join(' and ');
  const given = new Map<string, string>();
  for (const name of all) {
    const value = flags.values[name];
    if (value === undefined) continue;
    if (names.includes(name)) given.set(name, value);
    else problems.push(`--${name} ${value}: ${scenario} has no such setting; expected one of ${names.join(', ')}`);
  }
  for (const text of flags.set) {
    const [name = '', value] = text.split(/=(.*)/s);
    if (value === undefined) problems.push(`--set ${text}; expected --set name=value`);
    else if (!names.includes(name)) {
      problems.push(
        `--set ${text}: ${scenario} has no setting '${name}'; expected one of ${names.join(', ')}${suggest(name, names)}`,
      );
    } else if (given.has(name)) problems.push(`${name} is given twice; expected it once`);
    else given.set(name, value);
  }
  return given;
}

/** Those of the given settings that this scenario has; `--quick` lies under them. */
function parseGiven(
  scenario: Scenario,
  given: ReadonlyMap<string, string>,
  isQuick: boolean,
  problems: string[],
): Record<string, SettingValue> {
  const settings: Record<string, SettingValue> = {};
  for (const [name, text] of [...Object.entries(isQuick ? scenario.quick : {}), ...given]) {
    const setting = scenario.settings[name];
    if (setting === undefined) continue;
    const parsed = parseSetting(`--${name}`, setting, text);
    if ('problem' in parsed) problems.push(parsed.problem);
    else settings[name] = parsed.value;
  }
  return settings;
}

/** A scenario's settings under `--quick`, as far as they were not given, beside what they are without it. */
function scaledBy(
  { name, quick, quickContenders, settings }: Scenario,
  given: ReadonlyMap<string, string>,
  hasOwnContenders: boolean,
): string {
  const scaled = Object.entries(quick).filter(([setting]) => !given.has(setting));
  const words = scaled.map(([setting, text]) => `${setting} ${text} (not ${settings[setting]?.default})`);
  const own = hasOwnContenders && quickContenders !== undefined ? ['contenders with shorter timers'] : [];
  return `--quick is a smoke run: ${name} with ${[...words, ...own].join(', ')}`;
}

function readContenders(text: string, problems: string[], targets: readonly ForeignTarget[]): Contender[] {
  const kinds = targets.map(({ subject, definition }) => ({ subject, transport: definition.transport }));
  const contenders: Contender[] = [];
  for (const part of text.split(',')) {
    const parsed = kinds.length === 0 ? parseContender(part) : parseForeignContender(part, kinds);
    if ('problems' in parsed) problems.push(...parsed.problems);
    else if (contenders.some(({ name }) => name === parsed.contender.name))
      problems.push(
        `contender '${parsed.contender.name}' is named twice; expected it once (--repeat N measures each N times)`,
      );
    else contenders.push(parsed.contender);
  }
  return contenders;
}

function readCount(flag: string, text: string, range: { min: number; max: number }, problems: string[]): number {
  const parsed = parseSetting(flag, { kind: 'count', default: range.min, ...range, meaning: '' }, text);
  if ('problem' in parsed) problems.push(parsed.problem);
  return 'problem' in parsed ? range.min : Number(parsed.value);
}

/** What only a storm measures, asked of a run without one. */
function unmeasuredNeeds(requirements: readonly Requirement[], chosen: readonly Scenario[]): string[] {
  if (chosen.some(hasServerFault)) return [];
  return requirements.flatMap((need) =>
    need.kind === 'figure' && need.metric.startsWith('storm.')
      ? [
          `--require '${spellComparison(need)}' needs a reconnect storm; expected ${reconnectStorm.name} among the scenarios`,
        ]
      : [],
  );
}

/** Whether something befalls its servers or connections, and not only the services behind them. */
function hasServerFault({ settings: { fault } }: Scenario): boolean {
  return fault?.kind === 'choice' && fault.choices.some((kind) => serviceFaultOf(kind) === null);
}

/** A service's address is looked at before anything starts, not when its turn comes. */
function checkUrl(url: string | undefined, rules: Parameters<typeof parseServiceUrl>[1], problems: string[]): void {
  if (url === undefined) return;
  try {
    parseServiceUrl(url, rules);
  } catch (error) {
    if (!(error instanceof FreshetError)) throw error;
    problems.push(...error.problems);
  }
}

/** The settings that make up the window, and its length: with a fault or vanishing clients, what comes before and after. */
function windowOf(settings: Readonly<Record<string, SettingValue>>): { parts: readonly string[]; windowUs: number } {
  const shapes = [['fault-at', 'down', 'recovery'], ['vanish-at', 'watch'], ['duration']];
  const parts = shapes.find((shape) => shape.every((name) => settings[name] !== undefined)) ?? [];
  return { parts, windowUs: parts.reduce((sum, name) => sum + Number(settings[name]), 0) };
}

/** Settings that are each right but do not go together. */
function contradictions(settings: Readonly<Record<string, SettingValue>>, contenders: readonly Contender[]): string[] {
  const number = (name: string) => Number(settings[name]);
  const problems: string[] = [];
  if (number('audiences') > Math.min(...countsOf(settings.clients))) {
    problems.push(
      `--audiences ${settings.audiences} with --clients ${settings.clients}; expected at least one client for each audience`,
    );
  }
  const { parts, windowUs } = windowOf(settings);
  const window = parts.length > 1 ? `${parts.join(' + ')} =` : `--${parts[0]}`;
  if (windowUs < number('update-interval')) {
    problems.push(
      `${window} ${spellDurationUs(windowUs)} is shorter than --update-interval ${spellDurationUs(number('update-interval'))}; expected a window that holds at least one change`,
    );
  }
  const actionUs = number('action-interval');
  if (actionUs > 0) {
    const each = actionUs / Math.min(...countsOf(settings.clients));
    if (each > windowUs)
      problems.push(
        `${window} ${spellDurationUs(windowUs)} is shorter than the time between two actions of anybody, ${spellDurationUs(Math.round(each))}; expected a window in which somebody acts`,
      );
    for (const { name, given } of contenders)
      if (given.feed === 'local' && Number(given.nodes ?? 1) > 1)
        problems.push(
          `contender '${name}': with feed local a node knows of the actions done on it alone, and nobody on another would see them; expected feed postgres or redis, or one node`,
        );
  }
  const intervals = contenders
    .filter(({ transport }) => transport === 'polling')
    .map(({ given }) => Number(given.interval ?? number('poll-interval')));
  const recoveryUs = number('recovery');
  if (settings.quiet !== undefined && recoveryUs < number('quiet') + number('update-interval')) {
    problems.push(
      `recovery is ${spellDurationUs(recoveryUs)}; expected at least quiet ${spellDurationUs(number('quiet'))} + --update-interval ${spellDurationUs(number('update-interval'))}, so that a change follows the quiet`,
    );
  }
  const longestUs = Math.max(0, ...intervals);
  if (longestUs > windowUs) {
    problems.push(
      `${window} ${spellDurationUs(windowUs)} is shorter than the poll interval ${spellDurationUs(longestUs)}; expected a window in which every client polls`,
    );
  }
  const needsProxy = networkSettings.find((name) => settings[name] !== undefined);
  for (const { name, given } of needsProxy === undefined ? [] : contenders) {
    if (given.balancer === 'off')
      problems.push(`contender '${name}' has no balancer, without which ${needsProxy} means nothing; expected one`);
  }
  return problems;
}

/** Faults take services away, and what the run did not start is not its to stop. */
function foreignServices(
  trials: readonly TrialPlan[],
  urls: Readonly<Record<ServiceFault['service'], string | undefined>>,
): string[] {
  return trials.flatMap(({ scenario, fault }) => {
    const service = fault === null ? undefined : serviceFaultOf(fault.kind)?.service;
    if (service === undefined || urls[service] === undefined) return [];
    const [name, variable] = service === 'redis' ? ['Redis', 'REDIS_URL'] : ['Postgres', 'DATABASE_URL'];
    return [
      `${scenario} stops ${name}, but --${service} (or ${variable}) names one that this run did not start; expected one of the run's own; leave that out`,
    ];
  });
}
