// A comparison → a table for each contender: a row a figure that changed or that people ask for first.
import type { MetricName } from '../../harness/contract/metrics.ts';
import { formatWithUnit } from '../figures.ts';
import type { Table } from '../table.ts';
import type { Change } from './change.ts';
import type { Comparison, ContenderComparison } from './comparison.ts';
import { formatChange, formatInterval, isGated, judgementOf, nameChange } from './words.ts';

/** Shown whether or not they changed. */
const always: ReadonlySet<MetricName> = new Set([
  'db.queriesPerMinute',
  'freshnessUs',
  'wire.bytesInPerClientMinute',
  'system.cpuMsPerSecond',
  'server.rssBytes',
  'storm.recoveryUs',
]);

/** The tables, in the baseline's order of contenders. */
export function comparisonTables({ contenders }: Comparison): Table[] {
  return contenders.map(tableOfContender);
}

function tableOfContender({ label, transport, changes }: ContenderComparison): Table {
  const shown = changes.filter(isShown);
  const hasIntervals = shown.some(({ interval }) => interval !== null);
  const quiet = changes.filter((change) => !isShown(change) && isGated(change)).length;
  return {
    caption: `${label}: baseline and candidate`,
    rowHeading: label,
    columns: [
      column('baseline', 'The figure of the baseline, its repetitions merged'),
      column('candidate', 'The same of the candidate'),
      column('change', 'The candidate’s against the baseline’s; pt are percentage points'),
      ...(hasIntervals ? [column('90 % interval', 'From the spread between repetitions')] : []),
      column('', 'Whether the figure fails the comparison'),
    ],
    rows: shown.map((change) => ({
      label: nameChange(change),
      transport,
      cells: [
        formatWithUnit(change.baseline, change.unit),
        formatWithUnit(change.candidate, change.unit),
        formatChange(change),
        ...(hasIntervals ? [formatInterval(change)] : []),
        judgementOf(change),
      ].map((text) => ({ text, note: null })),
    })),
    footnotes: [],
    remarks: quiet > 0 ? [`${quiet} more ● within their limits`] : [],
  };
}

/** What failed, what moved, and what everyone looks for. */
function isShown({ metric, outcome, isFailure, reason }: Change): boolean {
  if (isFailure || always.has(metric)) return reason === null || isFailure;
  return outcome === 'worse' || outcome === 'better';
}

function column(heading: string, meaning: string): Table['columns'][number] {
  return { above: '', below: heading, heading, meaning };
}
