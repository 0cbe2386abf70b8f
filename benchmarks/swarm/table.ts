// What clients cost → aligned tables for a terminal.
import { formatNumber } from '../../harness/contract/units.ts';
import type { Figure } from '../broadcast/table.ts';
import type { ClientCost, LoopCost, SwarmCosts } from './costs.ts';

const headings = [
  [
    '',
    'client',
    'clients',
    'connect',
    '',
    'times',
    'message or',
    '',
    'times',
    'resident',
    'times',
    'heap',
    'kernel KB,',
  ],
  ['', '', '', 'CPU µs', 'min–max', 'ours', 'poll CPU µs', 'min–max', 'ours', 'KB', 'ours', 'KB', 'both ends'],
];
const loopHeadings = [
  ['closed', 'client', 'connections', 'requests a', '', 'times'],
  ['loop', '', '', 'CPU second', 'min–max', 'ours'],
];

/** Tables and how to read them, a line break after each line. */
export function renderCosts({ costs, loops }: SwarmCosts): string {
  const parts = [
    ...(costs.length > 0 ? [align([...headings, ...costs.map(cells)])] : []),
    ...(loops.length > 0 ? [align([...loopHeadings, ...loops.map(loopCells)])] : []),
  ];
  return `${parts.join('\n')}\n${explanation}`;
}

const explanation = `Per client, of the generator's process alone: CPU is user and system; memory is what the process gained when all were
connected, garbage collected before and after. Ours is a whole shard as in a trial, its ledger and histograms written;
around the libraries is only what reads version and stamp and records one histogram. Medians over rounds.
`;

function cells(cost: ClientCost): string[] {
  const { connectUs, receiveUs, toOurs } = cost;
  return [
    cost.transport,
    cost.client,
    cost.clients.toLocaleString('en-US'),
    spell(connectUs),
    spread(connectUs),
    spellRatio(toOurs.connect),
    spell(receiveUs),
    spread(receiveUs),
    spellRatio(toOurs.receive),
    kilobytes(cost.residentBytes),
    spellRatio(toOurs.resident),
    kilobytes(cost.heapBytes),
    kilobytes(cost.kernelBytes),
  ];
}

function loopCells({ client, connections, requestsPerCpuSecond, toOurs }: LoopCost): string[] {
  return [
    'polling',
    client,
    String(connections),
    spell(requestsPerCpuSecond),
    spread(requestsPerCpuSecond),
    spellRatio(toOurs),
  ];
}

function spell(figure: Figure | null): string {
  return figure === null ? '–' : formatNumber(figure.median);
}

function spread(figure: Figure | null): string {
  return figure === null || figure.count === 1 ? '–' : `${formatNumber(figure.min)}–${formatNumber(figure.max)}`;
}

function spellRatio(ratio: number | null): string {
  return ratio === null ? '–' : ratio.toFixed(2);
}

function kilobytes(figure: Figure | null): string {
  return figure === null ? '–' : (figure.median / 1000).toFixed(1);
}

/** The first two columns are words, all others figures. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('');
}
