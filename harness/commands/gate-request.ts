// What was asked of the gate → a request that can be carried out, or every problem of it at once.
import type { GateSubject } from '../../reports/compare/gate.ts';
import { usualRules } from '../../reports/statistics/paired-gate.ts';
import { parseSubject, spellSubject } from '../contract/comparison.ts';
import { FreshetError } from '../contract/errors.ts';
import { canHave, type MetricDefinition, metricOf } from '../contract/metrics.ts';
import { suggest } from '../contract/settings.ts';
import { kindsOf } from '../plan/population.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { ForeignTarget } from '../targets/foreign-system.ts';
import { type BenchRequest, type RawFlags, readRequest, servicesMeaning } from './request.ts';

export interface GateFlags {
  readonly baseline?: string;
  readonly candidate?: string;
  /** What is measured of both. */
  readonly scenario?: string;
  readonly metric?: readonly string[];
  readonly deterministic?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
  /** Both versions are URLs: the file that says how to speak to them. */
  readonly targetFile?: string;
  readonly allowHost?: readonly string[];
}

/** The two servers of a gate by URL. */
export interface GateTargets {
  readonly baseline: ForeignTarget;
  readonly candidate: ForeignTarget;
}

export interface GateRequest {
  readonly bench: BenchRequest;
  /** A git ref, a directory or a URL each. */
  readonly baseline: string;
  readonly candidate: string;
  /** Servers that run already; `null` where versions are started. */
  readonly targets: GateTargets | null;
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
const usualValues: Conditions & Readonly<Record<'update-interval', string>> = {
  contenders: 'polling,sse,websocket',
  clients: '500',
  duration: '5s',
  'poll-interval': '2s',
  'update-interval': '250ms',
};
export const usualMetrics = ['freshnessUs.p50', 'freshnessUs.p99', 'server.cpuMsPerSecond', 'system.cpuMsPerSecond'];
const usualSet = { control: '1s', 'connect-rate': '1000' };

type Conditions = Readonly<Record<'contenders' | 'clients' | 'duration' | 'poll-interval', string>>;

interface GatedScenario {
  readonly values: Conditions;
  readonly set: Readonly<Record<string, string>>;
  readonly metrics: readonly string[];
}

/** Those whose figures two versions can share: nothing happens to the system in them. */
const gatedScenarios: Readonly<Record<string, GatedScenario>> = {
  dashboard: { values: usualValues, set: usualSet, metrics: usualMetrics },
  // Actions that seldom meet another of their dashboard: how many are told as one is chance, and bytes follow it.
  chatty: {
    values: { ...conditionsOf(usualValues), clients: '100' },
    set: { ...usualSet, audiences: '20', 'action-interval': '5s' },
    metrics: ['action.seenByAllUs.p50', 'action.ackUs.p50', 'server.cpuMsPerSecond', 'system.cpuMsPerSecond'],
  },
};

function conditionsOf({ 'update-interval': _, ...conditions }: typeof usualValues): Conditions {
  return conditions;
}

/** Options with a value that may be given once. */
export const gateOptions: Readonly<Record<string, string>> = {
  '--baseline <version>': 'a git ref, a directory with servers/main.ts, or the URL of a server that runs',
  '--candidate <version>': 'the same (.)',
  '--scenario <name>': `${Object.keys(gatedScenarios).join(' or ')} (dashboard); its own conditions in place of those below`,
  '--contenders <list>': `what to measure, separated by commas (${usualValues.contenders})`,
  '--clients <n>': `virtual clients (${usualValues.clients})`,
  '--duration <time>': `measured window of each trial (${usualValues.duration})`,
  '--poll-interval <time>': `time between two polls of a client (${usualValues['poll-interval']})`,
  '--update-interval <time>': `time between two changes of a dashboard (${usualValues['update-interval']})`,
  '--seed <n>': 'seed of everything random (42)',
  '--services <driver>': servicesMeaning,
  '--postgres <url>': 'use this Postgres instead (or DATABASE_URL)',
  '--redis <url>': 'use this Redis instead (or REDIS_URL)',
  '--target-file <file>': 'for URLs: how to speak to both (docs/your-own-server.md)',
  '--out <dir>': 'where records and the judgement go (results)',
};

/** Judged of servers that run already, as far as they can be had of their transport. */
const usualOfTargets = ['freshnessUs.p50', 'freshnessUs.p99', 'requestUs.p50', 'server.cpuMsPerSecond'];

/** What is wrong with the versions and the file that belongs to them; nothing is read for it. */
export function versionProblems({ baseline, candidate, targetFile }: GateFlags): string[] {
  if (baseline === undefined)
    return ['--baseline is missing; expected a git ref, a directory or a URL, such as --baseline main'];
  if (isUrl(baseline) !== isUrl(candidate ?? '.'))
    return [
      `--baseline is '${baseline}' and --candidate '${candidate ?? '.'}'; expected two URLs, or none: servers that run already have no twin that is started`,
    ];
  if (isUrl(baseline) && targetFile === undefined)
    return [
      `--baseline is '${baseline}'; expected --target-file with it, which says how to speak to such a server, such as examples/freshet/sse.ts`,
    ];
  if (!isUrl(baseline) && targetFile !== undefined)
    return ['--target-file is for two URLs; expected --baseline and --candidate to be such'];
  return [];
}

export function isUrl(version: string): boolean {
  return /^(https?|wss?):\/\//.test(version);
}

/** Reads the whole request. Throws `input` with one line for each problem; `found` are those of the command line. */
export function readGateRequest(
  flags: GateFlags,
  raw: RawFlags,
  {
    environment,
    found,
    targets = null,
  }: {
    environment: Readonly<Record<string, string | undefined>>;
    found: readonly string[];
    targets?: GateTargets | null;
  },
): GateRequest {
  const problems = [...found, ...versionProblems(flags)];
  const scenario = flags.scenario ?? 'dashboard';
  const gated = gatedScenarios[scenario];
  if (gated === undefined)
    problems.push(
      `--scenario is '${scenario}'; expected ${Object.keys(gatedScenarios).join(' or ')}: in the others something happens to the system${suggest(scenario, Object.keys(gatedScenarios))}`,
    );
  const chosen = gated ?? { values: usualValues, set: usualSet, metrics: usualMetrics };
  const usual = targets === null ? chosen.metrics : usualOfTargets;
  if (flags.deterministic === true && flags.metric !== undefined)
    problems.push('--metric names a timing and --deterministic judges none; expected one of the two');
  let subjects = (flags.metric ?? usual).flatMap((text) => readMetric(text, scenario, problems));
  const repeat = flags.deterministic === true ? 1 : 2 * usualRules.pairs;
  const { contenders, ...conditions } = chosen.values;
  const values = {
    ...conditions,
    ...(targets === null && { contenders }),
    ...raw.values,
    repeat: String(repeat),
  };
  const missing = Object.entries(chosen.set).filter(([name]) => !raw.set.some((text) => text.startsWith(`${name}=`)));
  const set = [...raw.set, ...missing.map(([name, value]) => `${name}=${value}`)];
  let bench: BenchRequest | null = null;
  try {
    bench = readRequest(
      [gated === undefined ? 'dashboard' : scenario],
      { ...raw, values, set },
      environment,
      targets === null ? [] : [targets.baseline],
    );
  } catch (error) {
    if (!(error instanceof FreshetError) || error.kind !== 'input') throw error;
    problems.push(...error.problems);
  }
  if (bench !== null && targets !== null && flags.metric === undefined) {
    const { trials } = bench;
    subjects = subjects.filter((subject) => ownerProblems([subject], trials).length === 0);
  }
  if (bench !== null) problems.push(...ownerProblems(subjects, bench.trials));
  if (bench === null || problems.length > 0) throw new FreshetError('input', problems);
  return {
    bench,
    baseline: flags.baseline ?? '',
    candidate: flags.candidate ?? '.',
    targets,
    subjects,
    isNamed: flags.metric !== undefined,
    deterministicOnly: flags.deterministic === true,
    strict: flags.strict === true,
    json: flags.json === true,
  };
}

function readMetric(text: string, scenario: string, problems: string[]): GateSubject[] {
  const subject = parseSubject(text);
  if ('problem' in subject) problems.push(`--metric '${text}': ${subject.problem}`);
  else if (metricOf(subject.metric).better === 'neither')
    problems.push(`--metric '${text}': ${spellSubject(subject)} is neither better high nor low; expected one that is`);
  else if (isOfOthers(metricOf(subject.metric), scenario))
    problems.push(
      `--metric '${text}': ${subject.metric} is of trials in which something happens, and the gate measures ${scenario}, in which ${scenario === 'chatty' ? 'clients only watch and act' : 'nothing does'}; expected another, such as freshnessUs.p50`,
    );
  else return [subject];
  return [];
}

/** A figure of trials that this scenario is none of. */
function isOfOthers({ needsFault, needs }: MetricDefinition, scenario: string): boolean {
  return needsFault !== undefined || (needs !== undefined && !(needs === 'acting' && scenario === 'chatty'));
}

/** The metrics that no contender can have. */
function ownerProblems(subjects: readonly GateSubject[], trials: readonly TrialPlan[]): string[] {
  const names = [...new Set(trials.map(({ contender }) => contender.name))];
  return subjects
    .filter(({ metric }) =>
      trials.every((plan) => {
        const { contender, fault } = plan;
        return !canHave(metric, { transport: contender.transport, hasFault: fault !== null, kinds: kindsOf(plan) });
      }),
    )
    .map(
      (subject) =>
        `--metric '${spellSubject(subject)}': none of ${names.join(', ')} has ${subject.metric}; expected a contender of ${metricOf(subject.metric).transports?.join(' or ')} in --contenders`,
    );
}
