// Figures as thresholds spell them (`updates.missed`, `storm.recoveryUs.p99`) → the columns of a table, headed as the catalogue says.
import { parseSubject, type Subject, spellQuantile } from '../harness/contract/comparison.ts';
import { metricOf } from '../harness/contract/metrics.ts';
import type { RunRecord } from '../harness/contract/record.ts';
import type { Contender } from './run.ts';
import { type ColumnSource, readBytesPerClientMinute, readQuantile, readScalar } from './table.ts';

export type ContenderColumn = ColumnSource<Contender>;

const [systemCpu, serverCpu] = columnsNamed(['system.cpuMsPerSecond', 'server.cpuMsPerSecond']) as [
  ContenderColumn,
  ContenderColumn,
];

/** What contenders are compared by where their scenario names nothing else. */
export const usualColumns: readonly ContenderColumn[] = [
  ...columnsNamed(['freshnessUs.p50', 'freshnessUs.p99', 'db.queriesPerMinute']),
  {
    ...headingOf('bytes/client/min'),
    meaning: 'Bytes in and out at a client’s socket, headers and frames included',
    unit: 'bytes/min',
    read: readBytesPerClientMinute,
  },
  systemCpu,
  ...columnsNamed(['server.rssBytes']),
];

/** The same of servers from target files: only they themselves can be seen, nothing that they stand on. */
const usualColumnsOfTargets = usualColumns.map((column) => (column === systemCpu ? serverCpu : column));

/** What a scenario's contenders are compared by; the same names give the same columns. */
export function columnsOf({ scenarios, trials }: RunRecord, scenario: string): readonly ContenderColumn[] {
  const names = columnNames({ scenarios }, scenario);
  if (names !== null) return columnsNamed(names);
  return trials.some(({ settings }) => settings.target !== undefined) ? usualColumnsOfTargets : usualColumns;
}

/** The figures that a scenario names, or `null`. */
export function columnNames({ scenarios }: Pick<RunRecord, 'scenarios'>, scenario: string): readonly string[] | null {
  const named =
    scenarios !== undefined && Object.hasOwn(scenarios, scenario) ? scenarios[scenario]?.columns : undefined;
  return named === undefined || named.length === 0 ? null : named;
}

function columnsNamed(names: readonly string[]): ContenderColumn[] {
  return names.flatMap((name) => {
    const subject = parseSubject(name);
    // A valid record names no other.
    return 'problem' in subject ? [] : [columnOf(subject)];
  });
}

function columnOf({ metric, quantile }: Subject): ContenderColumn {
  const { label, meaning, unit } = metricOf(metric);
  if (quantile === null)
    return { ...headingOf(label), meaning, unit, read: (contender) => readScalar(contender, metric) };
  const word = spellQuantile(quantile);
  return {
    above: label,
    below: word,
    heading: `${label} ${word}`,
    meaning: `${meaning}: ${quantile === 1 ? 'the highest' : `${quantile * 100} % are no higher`}`,
    unit,
    read: (contender) => readQuantile(contender, metric, quantile),
  };
}

/** A heading, and the same in the two lines of which the longer one is shortest. */
function headingOf(heading: string): Pick<ContenderColumn, 'above' | 'below' | 'heading'> {
  const breaks = [...heading].flatMap((character, at) =>
    character === '/' ? [at, at + 1] : character === ' ' ? [at] : [],
  );
  const lines = breaks.map((at) => ({ above: heading.slice(0, at), below: heading.slice(at).trimStart() }));
  const longer = ({ above, below }: { above: string; below: string }) => Math.max(above.length, below.length);
  const [best = { above: '', below: heading }] = lines.toSorted((a, b) => longer(a) - longer(b));
  return { ...best, heading };
}
