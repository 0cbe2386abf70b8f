// Rounds and trials of `bench:broadcast` → medians with their spread, ratios to the floor of the same run, and an aligned table.
import { formatNumber } from '../../harness/contract/units.ts';
import type { Row } from './rows.ts';
import type { Round, TrialFigures } from './trial.ts';

/** The middle of several measurements, the extremes, and their number. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** One line of the table; `null` is what cannot be measured here, or does not apply. */
export interface Line {
  readonly name: string;
  readonly clients: number;
  readonly serverUs: Figure | null;
  /** `serverUs` by that of the floor with as many clients. */
  readonly toFloor: number | null;
  readonly writes: Figure | null;
  readonly relayUs: Figure | null;
  readonly redisUs: Figure | null;
  readonly postgresUs: Figure | null;
  readonly rssBytesPerConnection: Figure | null;
  readonly kernelBytesPerConnection: Figure | null;
}

export interface Measured {
  readonly row: Row;
  readonly clients: number;
  readonly trials: readonly TrialFigures[];
}

export function linesOf(measured: readonly Measured[]): Line[] {
  const serverUs = ({ trials }: Measured) =>
    figureOf(trials.flatMap(({ rounds }) => rounds.map((round) => round.serverUs)));
  return measured.map((each) => {
    const { row, clients, trials } = each;
    const own = serverUs(each);
    const floor = measured.find((other) => other.row.floor === row.against && other.clients === clients);
    const floorUs = floor === undefined ? undefined : serverUs(floor)?.median;
    const ofRounds = (key: keyof Round) => figureOf(trials.flatMap(({ rounds }) => rounds.map((round) => round[key])));
    return {
      name: row.name,
      clients,
      serverUs: own,
      toFloor: own === null || floorUs === undefined ? null : own.median / floorUs,
      writes: ofRounds('writes'),
      relayUs: ofRounds('relayUs'),
      redisUs: ofRounds('redisUs'),
      postgresUs: ofRounds('postgresUs'),
      rssBytesPerConnection: figureOf(trials.map((trial) => trial.rssBytesPerConnection)),
      kernelBytesPerConnection: figureOf(trials.map((trial) => trial.kernelBytesPerConnection)),
    };
  });
}

/** Of an even number the mean of the middle two; `null` when one is missing, or there is none. */
export function figureOf(values: readonly (number | null)[]): Figure | null {
  const sorted = values
    .filter((value) => value !== null && Number.isFinite(value))
    .sort((a, b) => Number(a) - Number(b)) as number[];
  const [min, max, upper] = [sorted[0], sorted.at(-1), sorted[Math.floor(sorted.length / 2)]];
  if (sorted.length < values.length || min === undefined || max === undefined || upper === undefined) return null;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? upper;
  return { median: (lower + upper) / 2, min, max, count: sorted.length };
}

const headings = [
  ['', 'server'],
  ['clients', ''],
  ['server µs', 'a message'],
  ['', 'min–max'],
  ['times', 'floor'],
  ['writes', 'a message'],
  ['relay µs', 'a change'],
  ['Redis µs', 'a change'],
  ['Postgres µs', 'a change'],
  ['RSS KB a', 'connection'],
  ['kernel KB,', 'both ends'],
] as const;

/** The table as text, a line break after each line. Of polls, a message is an answer, and Postgres is counted by the answer too. */
export function renderLines(lines: readonly Line[]): string {
  const body = lines.map((line) => [
    line.name,
    line.clients.toLocaleString('en-US'),
    spell(line.serverUs?.median),
    line.serverUs === null ? '–' : `${spell(line.serverUs.min)}–${spell(line.serverUs.max)}`,
    line.toFloor === null ? '–' : line.toFloor.toFixed(2),
    line.writes === null ? '–' : line.writes.median.toFixed(2),
    spell(line.relayUs?.median),
    spell(line.redisUs?.median),
    spell(line.postgresUs?.median),
    spellKilobytes(line.rssBytesPerConnection),
    spellKilobytes(line.kernelBytesPerConnection),
  ]);
  const table = [headings.map(([above]) => above), headings.map(([, below]) => below), ...body];
  const widths = headings.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  return table
    .map((cells) =>
      cells
        .map((cell, column) => pad(cell, widths[column] ?? 0, column))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function spell(value: number | undefined): string {
  return value === undefined ? '–' : formatNumber(value);
}

function spellKilobytes(figure: Figure | null): string {
  return figure === null ? '–' : (figure.median / 1000).toFixed(1);
}
