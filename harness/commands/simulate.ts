// `simulate storm`: the reconnect storm of one strategy after another, event by event, in a table.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFigure } from '../../reports/figures.ts';
import { padText, textWidth } from '../../reports/table/text-width.ts';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import type { ServerModel } from '../model/accept-queue.ts';
import { measuredServer } from '../model/measured-server.ts';
import { type Storm, type StormModel, simulateStorm } from '../model/storm.ts';
import { describeStorm, type SimulatedStorm } from '../model/storm-record.ts';
import { backoffOf } from '../plan/backoff.ts';
import { connectTimeoutUs } from '../plan/trial-plan.ts';
import { readRecord } from '../record/store.ts';
import { capacityProblems, type SimulateRequest, type Strategy } from './simulate-request.ts';

/** What `--json` prints and `--out` keeps. */
interface Simulation {
  readonly simulated: 'storm';
  /** Where the server's figures were measured; `null` when they were given. */
  readonly from: string | null;
  readonly connectTimeoutUs: number;
  readonly storms: readonly SimulatedStorm[];
}

const plain = { name: 'exponential+jitter=none', backoff: backoffOf('exponential', 'none') };

/** Returns the exit code. */
export async function runSimulate(request: SimulateRequest, { json }: { json: boolean }): Promise<number> {
  const { server, from } = await readServer(request);
  const simulate = ({ name, backoff }: Strategy) => {
    process.stderr.write(`simulating ${request.clients.toLocaleString('en-US')} clients with ${name}\n`);
    const model: StormModel = { ...request, backoff, server };
    return { model, storm: simulateStorm(model) };
  };
  const plainName = request.strategies.find(({ name }) => name === plain.name || name === 'exponential')?.name;
  let plainPeak = plainName === undefined ? peakAfter(simulate(plain)) : 0;
  const rows: { readonly name: string; readonly model: StormModel; readonly storm: Storm }[] = [];
  for (const strategy of request.strategies) {
    const simulated = simulate(strategy);
    rows.push({ name: strategy.name, ...simulated });
    if (strategy.name === plainName) plainPeak = peakAfter(simulated);
  }
  const simulation: Simulation = {
    simulated: 'storm',
    from,
    connectTimeoutUs,
    storms: rows.map(({ name, model, storm }) => describeStorm(name, model, storm)),
  };
  if (request.out !== null) await writeSimulation(request.out, simulation);
  process.stdout.write(
    json
      ? `${JSON.stringify(simulation)}\n`
      : [
          `Simulated, not measured: ${describeServer(request, server, from)}`,
          '',
          ...alignRows([heads, ...rows.map((row) => describeRow(row, plainPeak))]),
          '',
        ].join('\n'),
  );
  return 0;
}

async function readServer(request: SimulateRequest): Promise<{ server: ServerModel; from: string | null }> {
  const { backlog, acceptsPerSecond, serviceUs, from } = request;
  if (from === null)
    return { server: { backlog, acceptsPerSecond: acceptsPerSecond ?? 0, serviceUs: serviceUs ?? 0 }, from };
  const measured = measuredServer((await readRecord(from)).trials);
  if (measured === null) {
    throw new FreshetError(
      'input',
      `${from} holds no reconnect storm whose clients came back; expected a record of npm run bench -- reconnect-storm, or --accept-rate and --service`,
    );
  }
  const problems = capacityProblems(request.clients, measured.acceptsPerSecond);
  if (problems.length > 0) throw new FreshetError('input', problems);
  return { server: { ...measured, backlog }, from: `${measured.contender} in ${from}` };
}

/** The one place where a simulation's files are made: its charts belong beside it. */
async function writeSimulation(directory: string, simulation: Simulation): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'simulation.json'), `${JSON.stringify(simulation)}\n`);
  } catch (error) {
    throw new FreshetError(
      'environment',
      `cannot write to ${directory}: ${messageOf(error)}; expected a directory with room in it; choose another with --out`,
    );
  }
}

function describeServer(request: SimulateRequest, server: ServerModel, from: string | null): string {
  const { clients, downUs, seed } = request;
  return [
    `${clients.toLocaleString('en-US')} clients cut off at once, the server down for ${formatDurationUs(downUs)}`,
    `then ${formatNumber(server.acceptsPerSecond)} connects a second, ${formatDurationUs(server.serviceUs)} each${from === null ? '' : ` (measured with ${from})`}`,
    `backlog ${server.backlog}, connect time-out ${formatDurationUs(connectTimeoutUs)}, seed ${seed}`,
  ].join('; ');
}

function peakAfter({ model, storm }: { model: StormModel; storm: Storm }): number {
  return storm.attempted.busiestPerSecond(model.downUs, Number.POSITIVE_INFINITY);
}

const heads = [
  'strategy',
  'attempts',
  'a client',
  'peak/s down',
  'peak/s after',
  'lower by',
  'back p50',
  'p95',
  'p99',
  'last',
  'gave up',
];

function describeRow(
  { name, model, storm }: { name: string; model: StormModel; storm: Storm },
  plainPeak: number,
): string[] {
  const attempts = storm.attempted.total;
  const peak = peakAfter({ model, storm });
  const ordered = storm.recoveryUs.toSorted();
  const quantile = (share: number) => {
    const us = ordered[Math.ceil(share * model.clients) - 1] ?? Number.POSITIVE_INFINITY;
    return us === Number.POSITIVE_INFINITY ? 'never' : formatDurationUs(us);
  };
  return [
    name,
    formatNumber(attempts),
    formatNumber(attempts / model.clients),
    formatNumber(storm.attempted.busiestPerSecond(0, model.downUs)),
    formatNumber(peak),
    peak === 0 ? formatFigure(null, 'ratio') : `${formatNumber(plainPeak / peak)}×`,
    ...[0.5, 0.95, 0.99, 1].map(quantile),
    formatNumber(storm.gaveUp),
  ];
}

/** The first column to the left, figures to the right. */
function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => textWidth(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0, column === 0 ? 'right' : 'left'))
      .join('  ')
      .trimEnd(),
  );
}
