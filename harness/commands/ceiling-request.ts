// What a ceiling was asked → a request that can be carried out, or every problem of it at once.
import { dashboard } from '../../scenarios/dashboard.ts';
import { FreshetError } from '../contract/errors.ts';
import { parseSetting, type Setting } from '../contract/settings.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { OwnDriver } from '../services/service.ts';
import { type RawFlags, readRequest, servicesMeaning } from './request.ts';

export interface CeilingRequest {
  /** A trial of each contender, whose window is that of one step. */
  readonly plans: readonly TrialPlan[];
  readonly boundUs: number;
  readonly pollIntervalUs: number;
  readonly updateIntervalUs: number;
  readonly postgresUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly services: OwnDriver;
  readonly out: string | null;
}

const within: Setting = {
  kind: 'duration',
  default: '500ms',
  min: '1ms',
  max: '1m',
  meaning: 'how long an answer, or a change on its way to a screen, may take at the 99th percentile',
};

/** The flags of the command, with what they mean. */
export const ceilingOptions: Readonly<Record<string, string>> = {
  '--contenders <list>': `what to drive, separated by commas (${dashboard.contenders.join(',')})`,
  '--within <time>': `${within.meaning} (${within.default})`,
  '--poll-interval <time>': 'how often each dashboard would poll (2s)',
  '--update-interval <time>': 'how often each dashboard would change (5s)',
  '--clients <n>': 'virtual clients to whom changes are pushed, ever more often (1000)',
  '--duration <time>': 'how long each step is measured (2s)',
  '--seed <n>': 'seed of everything random (42)',
  '--services <driver>': servicesMeaning,
  '--postgres <url>': 'use this Postgres instead (or DATABASE_URL)',
  '--redis <url>': 'use this Redis instead (or REDIS_URL)',
  '--out <dir>': 'keep the result here, as ceiling.json',
};

/** Of a step, not of the dashboards that it is counted in. */
const stepDefaults = {
  clients: '1000',
  duration: '2s',
  'connect-rate': '1000',
  'poll-interval': '1s',
  'update-interval': '100ms',
} as const;

/** Reads the whole request. Throws `input` with one line for each problem. */
export function readCeilingRequest(
  flags: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
): CeilingRequest {
  const { within: bound, out, ...values } = flags.values;
  const problems: string[] = [];
  const parsed = parseSetting('--within', within, bound ?? String(within.default));
  if ('problem' in parsed) problems.push(parsed.problem);
  if (out?.trim() === '') problems.push("--out is ''; expected a directory");
  // The dashboards' intervals only turn answers and changes into dashboards: a step need not be as long as one.
  const intervals = ['poll-interval', 'update-interval'] as const;
  const [pollIntervalUs, updateIntervalUs] = intervals.map((name) => {
    const read = parseSetting(`--${name}`, dashboard.settings[name], values[name] ?? dashboard.settings[name].default);
    if ('problem' in read) problems.push(read.problem);
    return 'problem' in read ? 1 : Number(read.value);
  });
  const { 'poll-interval': _poll, 'update-interval': _update, ...given } = values;
  const own = { ...stepDefaults, ...given };
  let request: ReturnType<typeof readRequest> | null = null;
  try {
    request = readRequest(['dashboard'], { ...flags, set: ['control=200ms'], values: own }, environment);
  } catch (error) {
    if (!(error instanceof FreshetError) || error.kind !== 'input') throw error;
    problems.push(...error.problems);
  }
  problems.push(...(request?.trials ?? []).flatMap(nodeProblems));
  if (problems.length > 0 || request === null || 'problem' in parsed) throw new FreshetError('input', problems);
  return {
    plans: request.trials,
    boundUs: Number(parsed.value),
    pollIntervalUs: pollIntervalUs ?? 1,
    updateIntervalUs: updateIntervalUs ?? 1,
    postgresUrl: request.postgresUrl,
    redisUrl: request.redisUrl,
    services: request.services,
    out: out ?? null,
  };
}

/** A closed loop knows one address. */
function nodeProblems({ contender, nodes }: TrialPlan): string[] {
  const isStream = contender.transport === 'sse' || contender.transport === 'websocket';
  return isStream || nodes === 1
    ? []
    : [`${contender.name} has ${nodes} nodes; expected one, since its closed loop drives one server`];
}
