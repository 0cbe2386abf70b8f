// A run → the one comparison table: a row a contender, in record order. Dialects in table/ only lay it out.
import type { MetricName } from '../harness/contract/metrics.ts';
import type { Transport } from '../harness/contract/record.ts';
import { formatFigure, unmeasuredMark } from './figures.ts';
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
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Numbered from 1. */
  readonly footnotes: readonly string[];
  /** What the whole table lacks. */
  readonly remark: string | null;
}

/** A number, or why there is none; `caveat` is a footnote to a number that is there. */
interface Reading {
  readonly value: number | null;
  readonly reason: string;
  readonly caveat?: string;
}

interface ColumnSource extends Column {
  readonly unit: string;
  readonly read: (contender: Contender) => Reading;
}

const sources: readonly ColumnSource[] = [
  {
    above: 'freshness',
    below: 'p50',
    heading: 'freshness p50',
    meaning: 'Half of all changes were on a client’s screen within this time',
    unit: 'us',
    read: (contender) => readQuantile(contender, 0.5),
  },
  {
    above: 'freshness',
    below: 'p99',
    heading: 'freshness p99',
    meaning: '99 % of all changes were on a client’s screen within this time',
    unit: 'us',
    read: (contender) => readQuantile(contender, 0.99),
  },
  {
    above: 'DB queries',
    below: '/min',
    heading: 'DB queries/min',
    meaning: 'Queries that the servers sent to Postgres, counted by Postgres',
    unit: '1/min',
    read: (contender) => readScalar(contender, 'db.queriesPerMinute'),
  },
  {
    above: 'bytes/',
    below: 'client/min',
    heading: 'bytes/client/min',
    meaning: 'Bytes in and out at a client’s socket, headers and frames included',
    unit: 'bytes/min',
    read: readBytesPerClientMinute,
  },
  {
    above: 'system',
    below: 'CPU ms/s',
    heading: 'system CPU ms/s',
    meaning: 'CPU of servers, relay, Redis and Postgres together, above their idle control',
    unit: 'ms/s',
    read: (contender) => readScalar(contender, 'system.cpuMsPerSecond'),
  },
  {
    above: 'server',
    below: 'memory',
    heading: 'server memory',
    meaning: 'Resident memory of the server processes at the end of the window',
    unit: 'bytes',
    read: (contender) => readScalar(contender, 'server.rssBytes'),
  },
];

/** The comparison of a run's contenders. */
export function tableOf(run: Run): Table {
  const footnotes: string[] = [];
  const rows = run.contenders.map((contender) => ({
    label: contender.label,
    transport: contender.transport,
    cells: sources.map((source) => cellOf(source, contender, footnotes)),
  }));
  const { missing } = run.record;
  return { columns: sources, rows, footnotes, remark: missing.length > 0 ? `Not run: ${missing.join(', ')}` : null };
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
  return { value: figure.value, reason: reasonOf(figure), ...caveatOf(figure) };
}

function readQuantile(contender: Contender, quantile: number): Reading {
  const figure = contender.figures.freshnessUs;
  if (figure === undefined || figure.kind === 'scalar') return { value: null, reason: reasonOf(figure) };
  return {
    value: quantileOf(figure, quantile),
    reason: reasonOf(figure, `p${quantile * 100}`),
    ...fullCaveatOf(figure),
  };
}

function fullCaveatOf(figure: DistributionFigure): { caveat?: string } {
  if (figure.censored === 0) return caveatOf(figure);
  return {
    caveat: `${figure.censored.toLocaleString('en-US')} of ${figure.count.toLocaleString('en-US')} observations were not seen by the end of the drain`,
  };
}

function caveatOf(figure: Figure): { caveat?: string } {
  if (figure.measured === figure.repetitions || figure.measured === 0) return {};
  return {
    caveat: `measured in ${figure.measured} of ${figure.repetitions} repetitions (${figure.reasons.join('; ')})`,
  };
}

function cellOf(source: ColumnSource, contender: Contender, footnotes: string[]): Cell {
  const { value, reason, caveat } = source.read(contender);
  if (value === null) return { text: unmeasuredMark, note: noteOf(reason, footnotes) };
  return { text: formatFigure(value, source.unit), note: caveat === undefined ? null : noteOf(caveat, footnotes) };
}

/** The number of a footnote; the same text is written once. */
function noteOf(text: string, footnotes: string[]): number {
  const known = footnotes.indexOf(text);
  return known >= 0 ? known + 1 : footnotes.push(text);
}
