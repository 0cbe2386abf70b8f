// Rows, and columns that read a cell of each → a table with numbered footnotes. Dialects in table/ only lay it out.
import { type MetricName, metricOf } from '../harness/contract/metrics.ts';
import type { Transport } from '../harness/contract/record.ts';
import { formatCell, unmeasuredMark } from './figures.ts';
import { type DistributionFigure, type Figure, quantileOf, reasonOf } from './merge.ts';
import type { Contender, Run } from './run.ts';

/** A column's heading, in two short lines for narrow dialects and in one for wide ones. */
interface Column {
  readonly above: string;
  readonly below: string;
  readonly heading: string;
  /** One sentence, for a tooltip. */
  readonly meaning: string;
}

export interface Cell {
  readonly text: string;
  /** Number of the footnote that belongs to it. */
  readonly note: number | null;
}

interface Row {
  readonly label: string;
  readonly transport: Transport;
  readonly cells: readonly Cell[];
}

export interface Table {
  /** One phrase for those who cannot see where it stands. */
  readonly caption: string;
  /** Heading of the rows' labels. */
  readonly rowHeading: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Numbered from 1. */
  readonly footnotes: readonly string[];
  /** What goes for the whole table, or what it lacks. */
  readonly remarks: readonly string[];
}

/** A number, or why there is none; `caveat` is a footnote to a number that is there. */
export interface Reading {
  readonly value: number | null;
  readonly reason: string;
  readonly caveat?: string;
}

/** A column and how a contender (or whatever has a row) gives its cell. */
export interface ColumnSource<Subject> extends Column {
  readonly unit: string;
  readonly read: (subject: Subject) => Reading;
}

/** What was planned but not run; it stands below the last table. */
export function missingRemarks({ record: { missing } }: Run): string[] {
  return missing.length > 0 ? [`Not run: ${missing.join(', ')}`] : [];
}

/** Reads every cell, and numbers the footnotes as they come. */
export function fillTable<Subject>(
  rows: readonly (Pick<Row, 'label' | 'transport'> & { readonly subject: Subject })[],
  columns: readonly ColumnSource<Subject>[],
  words: Pick<Table, 'caption' | 'rowHeading' | 'remarks'>,
): Table {
  const footnotes: string[] = [];
  const filled = rows.map(({ label, transport, subject }) => ({
    label,
    transport,
    cells: columns.map((column) => cellOf(column.read(subject), column.unit, footnotes)),
  }));
  return { ...words, columns, rows: filled, footnotes };
}

/** Bytes in and out at a client's socket a minute. */
export function readBytesPerClientMinute(contender: Contender): Reading {
  const received = readScalar(contender, 'wire.bytesInPerClientMinute');
  const sent = readScalar(contender, 'wire.bytesOutPerClientMinute');
  if (received.value === null || sent.value === null) {
    return { value: null, reason: received.value === null ? received.reason : sent.reason };
  }
  return { ...received, value: received.value + sent.value };
}

/** A scalar metric of a contender. */
export function readScalar(contender: Contender, name: MetricName): Reading {
  const figure = contender.figures[name];
  if (figure === undefined || figure.kind !== 'scalar') return { value: null, reason: reasonOf(undefined) };
  const caveats = [marginText(contender, name), uncertaintyText(figure), repetitionText(figure)];
  return { value: figure.value, reason: reasonOf(figure), ...caveatOf(caveats) };
}

/** Half of its 95 % interval, where one trial measured it and its record has that; `null` otherwise. */
export function marginOf({ trials }: Contender, name: MetricName): number | null {
  const value = trials.length === 1 ? trials[0].metrics[name] : undefined;
  return value !== undefined && 'margin' in value ? (value.margin ?? null) : null;
}

function marginText(contender: Contender, name: MetricName): string {
  const margin = marginOf(contender, name);
  return margin === null ? '' : `± ${formatCell(margin, metricOf(name).unit)} (95 % interval)`;
}

/** How far the clocks of agents leave a figure open. */
export function uncertaintyText({ uncertainty, unit }: Figure): string {
  return uncertainty === null ? '' : `± ${formatCell(uncertainty, unit)} (clocks of agents)`;
}

/** The value at `quantile` of a distribution metric of a contender. */
export function readQuantile(contender: Contender, name: MetricName, quantile: number): Reading {
  const figure = contender.figures[name];
  if (figure === undefined || figure.kind === 'scalar') return { value: null, reason: reasonOf(figure) };
  return {
    value: quantileOf(figure, quantile),
    reason: reasonOf(figure, quantile, `p${quantile * 100}`),
    ...caveatOf([uncertaintyText(figure), unseenText(figure) || repetitionText(figure)]),
  };
}

function unseenText({ censored, count }: DistributionFigure): string {
  if (censored === 0) return '';
  return `${censored.toLocaleString('en-US')} of ${count.toLocaleString('en-US')} observations were not seen by the end of the drain`;
}

/** In how many of the repetitions a figure was measured, when not in all. */
export function repetitionText({ measured, repetitions, reasons }: Figure): string {
  if (measured === repetitions || measured === 0) return '';
  return `measured in ${measured} of ${repetitions} repetitions (${reasons.join('; ')})`;
}

/** What must be said of a number, as one footnote; none where all parts are empty. */
export function caveatOf(parts: readonly string[]): { caveat?: string } {
  const said = parts.filter((part) => part !== '');
  return said.length === 0 ? {} : { caveat: said.join('; ') };
}

function cellOf({ value, reason, caveat }: Reading, unit: string, footnotes: string[]): Cell {
  if (value === null) return { text: unmeasuredMark, note: noteOf(reason, footnotes) };
  return { text: formatCell(value, unit), note: caveat === undefined ? null : noteOf(caveat, footnotes) };
}

/** The number of a footnote; the same text is written once. */
function noteOf(text: string, footnotes: string[]): number {
  const known = footnotes.indexOf(text);
  return known >= 0 ? known + 1 : footnotes.push(text);
}
