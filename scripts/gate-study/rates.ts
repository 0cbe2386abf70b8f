// `rates --same FILE --planted NAME=FILE … --json FILE`: pairs of one version, and pairs with a planted regression → false alarms and power,
// as a Markdown table on stdout; the log ratios they came from go to the JSON file, so that anyone can draw from them again.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { usualMetrics } from '../../harness/commands/gate-request.ts';
import { parseSubject, type Subject } from '../../harness/contract/comparison.ts';
import { FreshetError, messageOf } from '../../harness/contract/errors.ts';
import { type RunRecord, runRecordSchemaName, type TrialRecord } from '../../harness/contract/record.ts';
import { judgeGate } from '../../reports/compare/gate.ts';
import { pairsOf, samplePairs } from '../../reports/compare/gate-pairs.ts';
import { readRun } from '../../reports/run.ts';
import type { MeasuredPair } from './measure.ts';
import { consecutiveGates, failsGate, type PairRatios, resampledRate } from './resample.ts';

const gates = 10_000;
const replicates = 200;
const seed = 42;

/** What a file of pairs says. */
interface Study {
  readonly name: string;
  readonly contender: string;
  /** Pairs that were measured; those that cannot be believed say nothing of timings. */
  readonly measured: number;
  /** Log ratios, a line a pair that can be believed. */
  readonly ratios: readonly PairRatios[];
  /** Pairs whose deterministic figures alone would have failed a gate. */
  readonly deterministic: number;
}

export async function writeRates(args: readonly string[]): Promise<void> {
  const { same, planted, json } = readOptions(args);
  const alike = await readStudy('same', same);
  const others = await Promise.all(
    planted.map(async (text) => {
      const [name = '', file = ''] = text.split(/=(.*)/s);
      return readStudy(name, file);
    }),
  );
  process.stdout.write(`${[...describeAlike(alike), '', ...describePlanted(others)].join('\n')}\n`);
  const content = { metrics: usualMetrics, studies: [alike, ...others] };
  if (json !== undefined) await writeFile(json, `${JSON.stringify(content)}\n`);
}

function describeAlike({ contender, measured, ratios, deterministic }: Study): string[] {
  const rate = resampledRate(ratios, usualMetrics, { gates, replicates, bothWays: true, seed });
  const split = consecutiveGates(ratios, usualMetrics);
  const overlapping = consecutiveGates(ratios, usualMetrics, 1);
  return [
    `${contender}, ${measured} pairs of the same version, ${ratios.length} of them without a fatal finding.`,
    `Gates of pairs drawn with replacement: ${percent(rate.share)} false alarms (95 % interval ${percent(rate.lower)} to ${percent(rate.upper)}, ${rate.gates} gates).`,
    `Split into gates of consecutive pairs, each taken both ways: ${split.failed} of ${split.gates} failed; of all that overlap, ${overlapping.failed} of ${overlapping.gates}.`,
    `Deterministic figures: ${deterministic} of ${measured} pairs would have failed.`,
  ];
}

function describePlanted(studies: readonly Study[]): string[] {
  return [
    '| planted | contender | pairs | deterministic figures see it in | timings: gates failed | 95 % interval | the pairs as one gate | median worsening |',
    '|---|---|--:|--:|--:|--:|---|---|',
    ...studies.map(({ name, contender, measured, ratios, deterministic }) => {
      const rate = resampledRate(ratios, usualMetrics, { gates: 2_000, replicates, bothWays: false, seed });
      const whole = failsGate(ratios, usualMetrics) ? 'fails' : 'does not fail';
      const worsening = usualMetrics.map(
        (metric, index) => `${metric} ${medianChange(ratios.flatMap((each) => each[index] ?? []))}`,
      );
      return `| ${name} | ${contender} | ${ratios.length} of ${measured} | ${deterministic} of ${measured} | ${percent(rate.share)} | ${percent(rate.lower)} to ${percent(rate.upper)} | ${whole} | ${worsening.join(', ')} |`;
    }),
  ];
}

async function readStudy(name: string, file: string): Promise<Study> {
  const pairs = (await readText(file))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as MeasuredPair);
  const contender = pairs[0]?.baseline.contender;
  if (contender === undefined) throw new FreshetError('input', `${file} holds no pair; expected what measure wrote`);
  const subjects = usualMetrics.map(subjectOf);
  const ratios = pairs.flatMap(({ baseline, candidate }) =>
    pairsOf(readRun(recordOf(baseline)), readRun(recordOf(candidate)), contender).map((pair) =>
      subjects.map((subject) => samplePairs([pair], subject).worsening[0] ?? null),
    ),
  );
  const deterministic = pairs.filter(({ baseline, candidate }) => {
    const gate = judgeGate(readRun(recordOf(baseline)), readRun(recordOf(candidate)), { subjects: [] });
    return gate.failures.length > 0;
  }).length;
  return { name, contender, measured: pairs.length, ratios, deterministic };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new FreshetError('input', `cannot read ${file}: ${messageOf(error)}; expected what measure wrote`);
  }
}

function subjectOf(text: string): Subject {
  const subject = parseSubject(text);
  if ('problem' in subject) throw new RangeError(subject.problem);
  return subject;
}

function recordOf(trial: TrialRecord): RunRecord {
  return {
    schema: runRecordSchemaName,
    id: 'pair',
    startedAt: '',
    finishedAt: '',
    status: 'complete',
    command: '',
    freshet: '',
    seed,
    environment: { node: '', cpu: '', cores: 0, memoryBytes: 0, kernel: '', git: null, limits: {} },
    services: {},
    trials: [trial],
    missing: [],
  };
}

function medianChange(ratios: readonly number[]): string {
  const sorted = [...ratios].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined ? '–' : `× ${Math.exp(middle).toFixed(2)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 2 : 0)} %`;
}

function readOptions(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { same: { type: 'string' }, planted: { type: 'string', multiple: true }, json: { type: 'string' } },
    });
    if (values.same === undefined) throw new FreshetError('input', '--same is missing; expected a file of pairs');
    return { same: values.same, planted: values.planted ?? [], json: values.json };
  } catch (error) {
    if (error instanceof FreshetError) throw error;
    throw new FreshetError('input', `${messageOf(error)}; expected --same FILE, --planted NAME=FILE, --json FILE`);
  }
}
