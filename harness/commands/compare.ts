// `compare`: two records of like runs → what changed, what that means, and an exit code for CI.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checksOf } from '../../reports/compare/checks.ts';
import { compareRuns, failuresOf } from '../../reports/compare/comparison.ts';
import { compareConditions } from '../../reports/compare/likeness.ts';
import { usualLimits } from '../../reports/compare/rules.ts';
import { renderComparisonSummary } from '../../reports/compare/summary.ts';
import { renderComparison } from '../../reports/compare/terminal.ts';
import { benchmarkEntries } from '../../reports/exports/benchmark-json.ts';
import { renderJunit } from '../../reports/exports/junit.ts';
import { type Run, readRun } from '../../reports/run.ts';
import { judgeThresholds } from '../../reports/thresholds.ts';
import { exitCodes, FreshetError } from '../contract/errors.ts';
import { parseThresholds } from '../contract/threshold.ts';
import { wrapDiskErrors } from '../record/disk-errors.ts';
import { readRecord } from '../record/store.ts';

export interface CompareFlags {
  readonly threshold: readonly string[];
  /** By how many percent a deterministic figure may worsen, as typed. */
  readonly limit?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Returns the exit code; `found` are problems of the command line. Throws `input` for records that are unlike, `invalid` for one whose figures cannot be trusted. */
export async function runCompare(
  [baselinePath, candidatePath]: readonly [string, string],
  flags: CompareFlags,
  found: readonly string[] = [],
): Promise<number> {
  if (flags.out?.trim() === '') throw new FreshetError('input', [...found, "--out is ''; expected a directory"]);
  const [baseline, candidate] = [await readComparable(baselinePath), await readComparable(candidatePath)];
  const { differences, remarks } = compareConditions(baseline.record, candidate.record);
  const names = [...new Set(candidate.record.trials.map(({ contender }) => contender))];
  const { thresholds, problems } = parseThresholds(flags.threshold, names);
  const deterministic = readLimit(flags.limit, problems);
  problems.push(...found, ...differences.map((line) => `unlike runs: ${line}`));
  if (differences.length > 0)
    problems.push('expected two runs of the same command; repeat the baseline’s: see "command" in its record');
  if (problems.length > 0) throw new FreshetError('input', problems);
  const comparison = compareRuns(baseline, candidate, { limits: { ...usualLimits, deterministic }, remarks });
  const judged = judgeThresholds(candidate, thresholds);
  const failed = failuresOf(comparison).length > 0 || judged.some(({ isKept }) => !isKept);
  const result = { schema: 'freshet.compare/1', failed, ...comparison, thresholds: judged };
  const paths =
    flags.out === undefined
      ? []
      : await writeFiles(flags.out, {
          'compare.json': `${JSON.stringify(result, null, 2)}\n`,
          'summary.md': renderComparisonSummary(comparison, judged),
          'junit.xml': renderJunit('freshet compare', checksOf(comparison, judged)),
          'benchmark.json': `${JSON.stringify(benchmarkEntries(candidate), null, 2)}\n`,
        });
  const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  const text = flags.json
    ? JSON.stringify(result, null, 2)
    : renderComparison(comparison, { thresholds: judged, paths, style: { color } });
  process.stdout.write(`${text}\n`);
  return failed ? exitCodes.gate : 0;
}

async function readComparable(path: string): Promise<Run> {
  const record = await readRecord(path);
  if (record.trials.length === 0)
    throw new FreshetError('input', `${path} holds no finished trial; expected at least one to compare`);
  const run = readRun(record);
  if (run.valid) return run;
  const codes = run.findings.filter(({ severity }) => severity === 'fatal').map(({ code }) => code);
  throw new FreshetError(
    'invalid',
    `${path} is invalid (${[...new Set(codes)].join(', ')}); expected a run whose figures can be trusted; measure it again`,
  );
}

function readLimit(text: string | undefined, problems: string[]): number {
  if (text === undefined) return usualLimits.deterministic;
  const percent = /^(\d+(?:\.\d+)?)%?$/.exec(text.trim())?.[1];
  if (percent === undefined || Number(percent) > 100)
    problems.push(`--limit is '${text}'; expected a share from 0% to 100%, such as 2%`);
  return Number(percent) / 100;
}

async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  return wrapDiskErrors(directory, async () => {
    await mkdir(directory, { recursive: true });
    const paths: string[] = [];
    for (const [name, text] of Object.entries(files)) {
      const path = join(directory, name);
      await writeFile(path, text);
      paths.push(path);
    }
    return paths;
  });
}
