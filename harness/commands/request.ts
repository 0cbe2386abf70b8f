// What was asked on the command line → a request that can be carried out, or every problem of it at once.
import { dashboard } from '../../scenarios/dashboard.ts';
import { FreshetError } from '../contract/errors.ts';
import type { Scenario } from '../contract/scenario.ts';
import { parseSetting, type SettingValue, suggest } from '../contract/settings.ts';
import { spellDurationUs } from '../contract/units.ts';
import { type Contender, parseContender } from '../plan/contender.ts';
import { planTrials, settingsOf, type TrialPlan } from '../plan/trial-plan.ts';
import { parseServiceUrl } from '../services/service-url.ts';

export const scenarios: readonly Scenario[] = [dashboard];

/** Flags as commander hands them over: all text, or absent. */
export interface RawFlags {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly set: readonly string[];
  readonly quick: boolean;
}

export interface BenchRequest {
  readonly scenario: Scenario;
  readonly trials: readonly TrialPlan[];
  readonly seed: number;
  readonly postgresUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly out: string;
}

/** Reads the whole request. Throws `input` with one line for each problem. */
export function readRequest(
  names: readonly string[],
  flags: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
): BenchRequest {
  const problems: string[] = [];
  const scenario = findScenario(names, problems);
  const settings = readSettings(scenario, flags, problems);
  const contenders = readContenders(flags.values.contenders ?? scenario.contenders.join(','), problems);
  const repeat = readCount('--repeat', flags.values.repeat ?? '1', { min: 1, max: 1000 }, problems);
  const seed = readCount('--seed', flags.values.seed ?? '42', { min: 0, max: 2 ** 31 - 1 }, problems);
  const out = flags.values.out ?? 'results';
  if (out.trim() === '') problems.push("--out is ''; expected a directory");
  const services = flags.values.services ?? 'embedded';
  if (services !== 'embedded')
    problems.push(
      `--services is '${services}'; expected embedded (or --postgres URL and --redis URL)${suggest(services, ['embedded'])}`,
    );
  const postgresUrl = flags.values.postgres ?? environment.DATABASE_URL;
  const redisUrl = flags.values.redis ?? environment.REDIS_URL;
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
  if (problems.length === 0) problems.push(...contradictions(settingsOf(scenario, settings), contenders));
  if (problems.length > 0) throw new FreshetError('input', problems);
  return {
    scenario,
    trials: planTrials(scenario, { settings: settingsOf(scenario, settings), contenders, repeat, seed }),
    seed,
    postgresUrl,
    redisUrl,
    out,
  };
}

function findScenario(names: readonly string[], problems: string[]): Scenario {
  const known = scenarios.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name))
      problems.push(`scenario '${name}' is not known; expected ${known.join(', ')}${suggest(name, known)}`);
  }
  if (names.length > 1) problems.push(`${names.length} scenarios were named; expected one a run`);
  return scenarios.find(({ name }) => name === names[0]) ?? dashboard;
}

/** `--quick` lies under what was given; a setting given twice, as flag and by --set, is a problem. */
function readSettings(scenario: Scenario, flags: RawFlags, problems: string[]): Record<string, SettingValue> {
  const given = new Map<string, string>();
  for (const name of Object.keys(scenario.settings)) {
    const value = flags.values[name];
    if (value !== undefined) given.set(name, value);
  }
  for (const text of flags.set) {
    const [name = '', value] = text.split(/=(.*)/s);
    if (value === undefined) problems.push(`--set ${text}; expected --set name=value`);
    else if (!Object.hasOwn(scenario.settings, name)) {
      const names = Object.keys(scenario.settings);
      problems.push(
        `--set ${text}: ${scenario.name} has no setting '${name}'; expected one of ${names.join(', ')}${suggest(name, names)}`,
      );
    } else if (given.has(name)) problems.push(`${name} is given twice; expected it once`);
    else given.set(name, value);
  }
  const quick = flags.quick ? Object.entries(scenario.quick).filter(([name]) => !given.has(name)) : [];
  const settings: Record<string, SettingValue> = {};
  for (const [name, text] of [...given, ...quick]) {
    const setting = scenario.settings[name];
    if (setting === undefined) continue;
    const parsed = parseSetting(`--${name}`, setting, text);
    if ('problem' in parsed) problems.push(parsed.problem);
    else settings[name] = parsed.value;
  }
  return settings;
}

function readContenders(text: string, problems: string[]): Contender[] {
  const contenders: Contender[] = [];
  for (const part of text.split(',')) {
    const parsed = parseContender(part);
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

/** Settings that are each right but do not go together. */
function contradictions(settings: Readonly<Record<string, SettingValue>>, contenders: readonly Contender[]): string[] {
  const number = (name: string) => Number(settings[name]);
  const problems: string[] = [];
  if (number('audiences') > number('clients')) {
    problems.push(
      `--audiences ${settings.audiences} with --clients ${settings.clients}; expected at least one client for each audience`,
    );
  }
  if (number('duration') < number('update-interval')) {
    problems.push(
      `--duration ${spellDurationUs(number('duration'))} is shorter than --update-interval ${spellDurationUs(number('update-interval'))}; expected a window that holds at least one change`,
    );
  }
  const intervals = contenders
    .filter(({ transport }) => transport === 'polling')
    .map(({ given }) => Number(given.interval ?? number('poll-interval')));
  const longestUs = Math.max(0, ...intervals);
  if (longestUs > number('duration')) {
    problems.push(
      `--duration ${spellDurationUs(number('duration'))} is shorter than the poll interval ${spellDurationUs(longestUs)}; expected a window in which every client polls`,
    );
  }
  return problems;
}
