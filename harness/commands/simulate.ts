// `simulate storm`: reconnect storms event by event, in a table: imagined ones, a strategy after another, or those of a run record once more,
// beside what was measured.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FreshetError } from '../contract/errors.ts';
import type { TrialRecord } from '../contract/record.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import { type MeasuredStorm, measuredStorms, turnsAway } from '../model/measured-storms.ts';
import { type Storm, type StormModel, simulateStorm } from '../model/storm.ts';
import { describeStorm, type SimulatedStorm } from '../model/storm-record.ts';
import { backoffOf } from '../plan/backoff.ts';
import { connectTimeoutUs } from '../plan/trial-plan.ts';
import { wrapDiskErrors } from '../record/disk-errors.ts';
import { readRecord } from '../record/store.ts';
import {
  capacityProblems,
  type ImaginedRequest,
  type RepeatedRequest,
  type SimulateRequest,
} from './simulate-request.ts';
import { compareTable, type SimulatedRow, stormTable } from './simulate-table.ts';

/** What `--json` prints and `--out` keeps. */
interface Simulation {
  readonly simulated: 'storm';
  /** The record whose storms these are; `null` when they were imagined. */
  readonly from: string | null;
  readonly connectTimeoutUs: number;
  readonly storms: readonly SimulatedStorm[];
}

interface Planned {
  /** As the table names it. */
  readonly name: string;
  readonly contender: string;
  readonly transport: TrialRecord['transport'];
  readonly model: StormModel;
  readonly measured: MeasuredStorm | null;
}

/** Returns the exit code. */
export async function runSimulate(request: SimulateRequest, { json }: { json: boolean }): Promise<number> {
  const planned = request.kind === 'imagined' ? planImagined(request) : await planRepeated(request);
  const rows = planned.map(simulate);
  const simulation: Simulation = {
    simulated: 'storm',
    from: request.kind === 'repeated' ? request.from : null,
    connectTimeoutUs,
    storms: rows.map((row) => describeStorm(row, row.model, row.storm)),
  };
  const paths = request.out === null ? [] : await writeSimulation(request.out, simulation, rows);
  process.stdout.write(json ? `${JSON.stringify(simulation)}\n` : describe(request, rows, paths));
  return 0;
}

function planImagined(request: ImaginedRequest): Planned[] {
  const { clients, downUs, seed, strategies } = request;
  const { acceptsPerSecond, completesPerSecond, serviceUs, backlog } = request;
  const server = { acceptsPerSecond, completesPerSecond, serviceUs, backlog };
  return strategies.map(({ name, backoff }) => {
    const model = { clients, downUs, seed, server, backoff };
    return { name, contender: `websocket+backoff=${name}`, transport: 'websocket', model, measured: null };
  });
}

async function planRepeated({ from, clients, downUs, backlog, seed }: RepeatedRequest): Promise<Planned[]> {
  const record = await readRecord(from);
  for (const { contender } of record.trials.filter(turnsAway))
    process.stderr.write(`left out: ${contender}, whose admission limit cannot be simulated\n`);
  const storms = measuredStorms(record);
  if (storms.length === 0) {
    throw new FreshetError(
      'input',
      `${from} holds no storm of a killed server or cut connections whose clients came back; expected a record of npm run bench -- reconnect-storm, or --accept-rate and --service in its place`,
    );
  }
  const planned = storms.map((measured): Planned => {
    const { trial, model } = measured;
    const server = { ...model.server, backlog: backlog ?? model.server.backlog };
    const asked = {
      ...model,
      server,
      clients: clients ?? model.clients,
      downUs: downUs ?? model.downUs,
      seed: seed ?? model.seed,
    };
    // The outage differs by some ms from run to run, and is measured: only what was asked for otherwise makes it another storm.
    const isSame = [clients, downUs, backlog, seed].every((value) => value === null);
    return { name: trial.contender, ...trial, model: asked, measured: isSame ? measured : null };
  });
  const problems = planned.flatMap(({ model }) => capacityProblems(model.clients, model.server));
  if (problems.length > 0) throw new FreshetError('input', [...new Set(problems)]);
  return planned;
}

function simulate(planned: Planned): SimulatedRow & Planned {
  const { name, model } = planned;
  process.stderr.write(`simulating ${formatCount(model.clients)} clients with ${name}\n`);
  return { ...planned, storm: simulateStorm(model) };
}

/** Without jitter, all come at once: what the others are compared with. */
function plainPeak(rows: readonly (SimulatedRow & Planned)[]): number {
  const backoff = backoffOf('exponential', 'none');
  const isPlain = ({ model }: Planned) => JSON.stringify(model.backoff) === JSON.stringify(backoff);
  const [first] = rows;
  if (first === undefined) return 0;
  const row = rows.find(isPlain) ?? { model: first.model, storm: simulateStorm({ ...first.model, backoff }) };
  return peakAfter(row);
}

function peakAfter({ model, storm }: { readonly model: StormModel; readonly storm: Storm }): number {
  return storm.attempted.busiestPerSecond(model.downUs, Number.POSITIVE_INFINITY);
}

function describe(
  request: SimulateRequest,
  rows: readonly (SimulatedRow & Planned)[],
  paths: readonly string[],
): string {
  const compared = rows.flatMap(({ measured, ...row }) =>
    measured === null ? [] : [{ ...row, trial: measured.trial }],
  );
  const where = paths.map((path) => `Written: ${path}`);
  return [
    `Simulated, not measured: ${describeModels(request, rows)}`,
    '',
    ...stormTable(rows, plainPeak(rows)),
    '',
    ...(compared.length > 0 ? ['Beside what was measured:', '', ...compareTable(compared), ''] : []),
    ...(where.length > 0 ? [...where, ''] : []),
  ].join('\n');
}

/** What was the same for all of them, and what was not as a range. */
function describeModels(request: SimulateRequest, rows: readonly Planned[]): string {
  const range = (pick: (model: StormModel) => number, format: (value: number) => string) => {
    const values = rows.map(({ model }) => pick(model));
    const [least, most] = [format(Math.min(...values)), format(Math.max(...values))];
    return least === most ? least : `${least} to ${most}`;
  };
  const from = request.kind === 'imagined' ? '' : ` (as measured in ${request.from})`;
  const accepts = ({ server }: StormModel) => server.acceptsPerSecond;
  const completes = ({ server }: StormModel) => server.completesPerSecond;
  const isQueueFree = rows.every(({ model }) => accepts(model) === Number.POSITIVE_INFINITY);
  const isOneRate = isQueueFree || rows.every(({ model }) => accepts(model) === completes(model));
  const pace = isOneRate
    ? `${range(completes, formatNumber)} connects`
    : `${range(accepts, formatNumber)} connects accepted and ${range(completes, formatNumber)} completed`;
  return [
    `${range(({ clients }) => clients, formatCount)} clients cut off at once, the server down for ${range(({ downUs }) => downUs, formatDurationUs)}`,
    `then ${pace} a second, ${range(({ server }) => server.serviceUs, formatDurationUs)} each${from}`,
    isQueueFree ? 'its accept queue never full' : `backlog ${range(({ server }) => server.backlog, formatCount)}`,
    `connect time-out ${formatDurationUs(connectTimeoutUs)}, seed ${range(({ seed }) => seed, String)}`,
  ].join('; ');
}

function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** The one place where a simulation's files are made. */
async function writeSimulation(directory: string, simulation: Simulation, rows: readonly Planned[]): Promise<string[]> {
  return wrapDiskErrors(directory, async () => {
    await mkdir(directory, { recursive: true });
    const path = join(directory, 'simulation.json');
    await writeFile(path, `${JSON.stringify(simulation)}\n`);
    const { drawSimulation } = await import('./simulate-charts.ts');
    const measured = rows.flatMap((row) => (row.measured === null ? [] : [row.measured.trial]));
    return [path, ...(await drawSimulation(simulation.storms, measured, directory))];
  });
}
