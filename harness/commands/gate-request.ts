// What was asked of the gate → a request that can be carried out, or every problem of it at once.
import type { GateSubject } from '../../reports/compare/gate.ts';
import { usualRules } from '../../reports/statistics/paired-gate.ts';
import { parseSubject, spellSubject } from '../contract/comparison.ts';
import { FreshetError } from '../contract/errors.ts';
import { canHave, metricOf } from '../contract/metrics.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { type BenchRequest, type RawFlags, readRequest, servicesMeaning } from './request.ts';

export interface GateFlags {
  readonly baseline?: string;
  readonly candidate?: string;
  readonly metric?: readonly string[];
  readonly deterministic?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export interface GateRequest {
  readonly bench: BenchRequest;
  /** A git ref or a directory each. */
  readonly baseline: string;
  readonly candidate: string;
  /** The timings that are judged, best few: each makes the others' hurdle higher. */
  readonly subjects: readonly GateSubject[];
  /** They were asked for one by one. */
  readonly isNamed: boolean;
  /** One pair, and no timings. */
  readonly deterministicOnly: boolean;
  readonly strict: boolean;
  readonly json: boolean;
}

/** Short trials with many changes: what a pair lacks in length, the number of pairs makes up for. */
const usualValues = {
  contenders: 'polling,sse,websocket',
  clients: '500',
  duration: '5s',
  'poll-interval': '2s',
  'update-interval': '250ms',
};
export const usualMetrics = ['freshnessUs.p50', 'freshnessUs.p99', 'server.cpuMsPerSecond', 'system.cpuMsPerSecond'];
const usualSet = { control: '1s', 'connect-rate': '1000' };

/** Options with a value that may be given once. */
export const gateOptions: Readonly<Record<string, string>> = {
  '--baseline <version>': 'a git ref, or a directory with servers/main.ts',
  '--candidate <version>': 'the same (.)',
  '--contenders <list>': `what to measure, separated by commas (${usualValues.contenders})`,
  '--clients <n>': `virtual clients (${usualValues.clients})`,
  '--duration <time>': `measured window of each trial (${usualValues.duration})`,
  '--poll-interval <time>': `time between two polls of a client (${usualValues['poll-interval']})`,
  '--update-interval <time>': `time between two changes of a dashboard (${usualValues['update-interval']})`,
  '--seed <n>': 'seed of everything random (42)',
  '--services <driver>': servicesMeaning,
  '--postgres <url>': 'use this Postgres instead (or DATABASE_URL)',
  '--redis <url>': 'use this Redis instead (or REDIS_URL)',
  '--out <dir>': 'where records and the judgement go (results)',
};

/** Reads the whole request. Throws `input` with one line for each problem; `found` are those of the command line. */
export function readGateRequest(
  flags: GateFlags,
  raw: RawFlags,
  { environment, found }: { environment: Readonly<Record<string, string | undefined>>; found: readonly string[] },
): GateRequest {
  const problems = [...found];
  if (flags.baseline === undefined)
    problems.push('--baseline is missing; expected a git ref or a directory, such as --baseline main');
  const subjects = (flags.metric ?? usualMetrics).flatMap((text) => readMetric(text, problems));
  const repeat = flags.deterministic === true ? 1 : 2 * usualRules.pairs;
  const values = { ...usualValues, ...raw.values, repeat: String(repeat) };
  const missing = Object.entries(usualSet).filter(([name]) => !raw.set.some((text) => text.startsWith(`${name}=`)));
  const set = [...raw.set, ...missing.map(([name, value]) => `${name}=${value}`)];
  let bench: BenchRequest | null = null;
  try {
    bench = readRequest(['dashboard'], { ...raw, values, set }, environment);
  } catch (error) {
    if (!(error instanceof FreshetError) || error.kind !== 'input') throw error;
    problems.push(...error.problems);
  }
  if (bench !== null) problems.push(...ownerProblems(subjects, bench.trials));
  if (bench === null || problems.length > 0) throw new FreshetError('input', problems);
  return {
    bench,
    baseline: flags.baseline ?? '',
    candidate: flags.candidate ?? '.',
    subjects,
    isNamed: flags.metric !== undefined,
    deterministicOnly: flags.deterministic === true,
    strict: flags.strict === true,
    json: flags.json === true,
  };
}

function readMetric(text: string, problems: string[]): GateSubject[] {
  const subject = parseSubject(text);
  if ('problem' in subject) problems.push(`--metric '${text}': ${subject.problem}`);
  else if (metricOf(subject.metric).better === 'neither')
    problems.push(`--metric '${text}': ${spellSubject(subject)} is neither better high nor low; expected one that is`);
  else if (metricOf(subject.metric).needsFault ?? metricOf(subject.metric).needs)
    problems.push(
      `--metric '${text}': ${subject.metric} is of trials in which something happens, and the gate measures dashboard, in which nothing does; expected another, such as freshnessUs.p50`,
    );
  else return [subject];
  return [];
}

/** The metrics that no contender can have. */
function ownerProblems(subjects: readonly GateSubject[], trials: readonly TrialPlan[]): string[] {
  const names = [...new Set(trials.map(({ contender }) => contender.name))];
  return subjects
    .filter(({ metric }) =>
      trials.every(({ contender: { transport }, fault }) => !canHave(metric, { transport, hasFault: fault !== null })),
    )
    .map(
      (subject) =>
        `--metric '${spellSubject(subject)}': none of ${names.join(', ')} has ${subject.metric}; expected a contender of ${metricOf(subject.metric).transports?.join(' or ')} in --contenders`,
    );
}
