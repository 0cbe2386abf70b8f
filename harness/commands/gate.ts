// `gate`: two versions of the servers, measured by turns in one job by this version's harness, and whether the candidate is worse.
// Read `measurePairs` from top to bottom.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Gate, judgeGate } from '../../reports/compare/gate.ts';
import { gateChecks, renderGate, renderGateSummary } from '../../reports/compare/gate-report.ts';
import { benchmarkEntries } from '../../reports/exports/benchmark-json.ts';
import { renderJunit } from '../../reports/exports/junit.ts';
import { readRun } from '../../reports/run.ts';
import { usualRules } from '../../reports/statistics/paired-gate.ts';
import { wallClock } from '../contract/clock.ts';
import { exitCodes, FreshetError } from '../contract/errors.ts';
import type { Limits } from '../contract/limits.ts';
import { type HealthFinding, type RunRecord, runRecordSchemaName } from '../contract/record.ts';
import { wrapDiskErrors } from '../record/disk-errors.ts';
import { describeEnvironment, freshetVersion } from '../record/environment.ts';
import { openStore } from '../record/store.ts';
import type { Guard } from '../services/guard.ts';
import { ensureCapacity } from './bench.ts';
import type { GateRequest } from './gate-request.ts';
import { type Side, sides, startGateRig } from './gate-rig.ts';
import { startUrlRig } from './gate-url-rig.ts';
import { guarded } from './guarded.ts';
import { abortOnSignals } from './interrupt.ts';
import { createProgress, type Progress } from './progress.ts';

interface Measurement {
  readonly request: GateRequest;
  readonly limits: Limits;
  /** They grow by each trial. */
  readonly records: Readonly<Record<Side, RunRecord>>;
  readonly guard: Guard;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Returns the exit code: 1 when the candidate is worse; 4 with --strict when that stays open. */
export async function runGate(request: GateRequest, options: { commandLine: string }): Promise<number> {
  const limits = await ensureCapacity(request.bench.trials);
  const progress = createProgress(process.stderr);
  const signal = abortOnSignals('the pairs measured so far decide nothing');
  try {
    const records = {
      baseline: await beginRecord(request, limits, options),
      candidate: await beginRecord(request, limits, options),
    };
    await guarded({ signal, onEnd: () => progress.step('cleaning up') }, (guard) =>
      measurePairs({ request, limits, records, guard, progress, signal }),
    );
    const gate = judge(request, records);
    const paths = await writeGate(gate, request, records);
    progress.end();
    const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
    process.stdout.write(`${request.json ? JSON.stringify(gate, null, 2) : renderGate(gate, paths, { color })}\n`);
    if (gate.outcome === 'fail') return exitCodes.gate;
    refuseInvalid(records, request);
    return gate.outcome === 'inconclusive' && request.strict ? exitCodes.invalid : 0;
  } finally {
    progress.end();
  }
}

/** Pair by pair; a second stage only where the first left a suspicion. */
async function measurePairs(measurement: Measurement): Promise<void> {
  const { request, records, limits, guard, progress, signal } = measurement;
  const start = request.targets === null ? startGateRig : startUrlRig;
  const rig = await start(request, { limits, guard, signal, step: progress.step });
  for (const side of sides) {
    records[side].environment.git = rig.commits[side] ?? request[side];
    records[side].services = rig.services;
  }
  for (const plan of request.bench.trials) {
    if (plan.repetition > usualRules.pairs && !needsMore(request, records)) break;
    const pair = await rig.measurePair(plan);
    for (const side of sides) records[side].trials.push(pair[side]);
  }
  await rig.stop();
}

/** Asked at the end of the first stage alone: the second runs whole, or what it shows would choose its own length. */
function needsMore(request: GateRequest, records: Measurement['records']): boolean {
  const isBegun = records.baseline.trials.some(({ repetition }) => repetition > usualRules.pairs);
  return isBegun || judge(request, records).findings.some((finding) => finding.needsMore);
}

function judge(
  { subjects, isNamed, deterministicOnly }: GateRequest,
  { baseline, candidate }: Measurement['records'],
): Gate {
  return judgeGate(readRun(baseline), readRun(candidate), { subjects: deterministicOnly ? [] : subjects, isNamed });
}

async function beginRecord(
  { bench }: GateRequest,
  limits: Limits,
  options: { commandLine: string },
): Promise<RunRecord> {
  const startedAt = wallClock().toISOString();
  return {
    schema: runRecordSchemaName,
    id: 'gate',
    startedAt,
    finishedAt: startedAt,
    status: 'complete',
    command: options.commandLine,
    freshet: await freshetVersion(),
    seed: bench.seed,
    environment: await describeEnvironment(limits),
    services: {},
    trials: [],
    missing: [],
  };
}

/** Throws `invalid` when a version has no trial left that could have failed it. A late generator voids timings, and counts stand. */
export function refuseInvalid(
  records: Readonly<Record<(typeof sides)[number], Pick<RunRecord, 'trials'>>>,
  { deterministicOnly }: Pick<GateRequest, 'deterministicOnly'>,
): void {
  const isFatal = ({ severity, voids }: HealthFinding) =>
    severity === 'fatal' && !(deterministicOnly && voids !== undefined);
  for (const side of sides) {
    const { trials } = records[side];
    const codes = trials.flatMap(({ health }) => health.filter(isFatal));
    if (trials.every(({ health }) => health.some(isFatal)))
      throw new FreshetError(
        'invalid',
        `no trial of the ${side} can be trusted (${[...new Set(codes.map(({ code }) => code))].join(', ')}); expected figures that agree; look at its record`,
      );
  }
}

function hasFatal({ health }: RunRecord['trials'][number]): boolean {
  return health.some(({ severity }) => severity === 'fatal');
}

/** Both records, to be looked at with `report` and `compare`, and what CI reads. */
async function writeGate(gate: Gate, { bench }: GateRequest, records: Measurement['records']): Promise<string[]> {
  const startedAt = wallClock();
  const paths: string[] = [];
  for (const side of sides) {
    const store = await openStore({ root: bench.out, startedAt, scenario: `gate-${side}`, warn: () => {} });
    const record = records[side];
    record.id = store.directory.split('/').at(-1) ?? '';
    record.finishedAt = startedAt.toISOString();
    paths.push(await store.write({ ...record, status: record.trials.some(hasFatal) ? 'invalid' : 'complete' }));
  }
  const directory = join(bench.out, `${startedAt.toISOString().slice(0, 19).replaceAll(':', '-')}-gate`);
  const files = {
    'gate.json': `${JSON.stringify(gate, null, 2)}\n`,
    'summary.md': renderGateSummary(gate),
    'junit.xml': renderJunit('freshet gate', gateChecks(gate)),
    'benchmark.json': `${JSON.stringify(benchmarkEntries(readRun(records.candidate)), null, 2)}\n`,
  };
  return wrapDiskErrors(directory, async () => {
    await mkdir(directory, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    return [...paths, ...Object.keys(files).map((name) => join(directory, name))];
  });
}
