// What was borne → lines for a terminal of 80 columns.
import { padText, textWidth, wrapText } from '../../reports/table/text-width.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import type { CeilingResult, CeilingStep, ContenderCeiling } from '../model/ceiling.ts';

const width = 80;
const heads = ['contender', 'a second', 'dashboards', 'gave out first', 'connections'];

/** One line of progress: `64 connections: 1,280/s, p99 51 ms, cores: server 0.4, Postgres 1.2, generator 0.1`. */
export function describeStep({ load, perSecond, p99Us, cores, failed }: CeilingStep): string {
  const parts = {
    server: cores.servers,
    Postgres: cores.postgres,
    relay: cores.relay,
    generator: cores.generator,
    all: cores.machine,
  };
  const used = Object.entries(parts).flatMap(([part, share]) =>
    share === null ? [] : [`${part} ${formatNumber(Math.round(share * 100) / 100)}`],
  );
  const late = p99Us === null ? '' : `, p99 ${formatDurationUs(p99Us)}`;
  return `${load}: ${formatNumber(perSecond)}/s${late}; cores: ${used.join(', ')}${failed === null ? '' : ` (not borne: ${failed})`}`;
}

/** The table, what gave out and why, and what the numbers stand for. Ends in a line break. */
export function describeCeilings(result: CeilingResult): string {
  const rows = [heads, ...result.contenders.map(rowOf)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => textWidth(row[column] ?? ''))));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0, column === 0 ? 'right' : 'left'))
      .join('  ')
      .trimEnd(),
  );
  const reasons = result.contenders.map(reasonOf);
  return `${['', ...lines, '', ...[...reasons, ...remarksOf(result)].flatMap((text) => wrapText(text, width)), ''].join('\n')}`;
}

function rowOf({ contender, unit, ceiling, mostConnections }: ContenderCeiling): string[] {
  const most = mostConnections === null ? '–' : formatNumber(mostConnections);
  if (ceiling === null) return [contender, '–', '–', 'the lowest load', most];
  const atLeast = ceiling.isLowerBound ? '≥ ' : '';
  return [
    contender,
    `${atLeast}${formatNumber(ceiling.perSecond)} ${unit}`,
    `${atLeast}${formatNumber(ceiling.dashboards)}`,
    ceiling.gaveOut,
    most,
  ];
}

function reasonOf({ contender, ceiling, steps }: ContenderCeiling): string {
  const failed = steps.find((step) => step.failed !== null);
  const ended = failed === undefined ? '' : `; ${failed.load}: ${failed.failed}`;
  return `${contender}: ${ceiling === null ? 'bore not even the lowest load' : ceiling.because}${ended}.`;
}

function remarksOf({ boundUs, pollIntervalUs, updateIntervalUs, cores }: CeilingResult): string[] {
  return [
    '',
    `Dashboards: of polling, polls a second × a poll every ${formatDurationUs(pollIntervalUs)}; of the others, messages a second × ${formatDurationUs(Math.min(boundUs, updateIntervalUs))}, since all watch the same dashboard, and a change (every ${formatDurationUs(updateIntervalUs)}) must be on every screen within ${formatDurationUs(boundUs)}.`,
    'Connections: as many as one server process may hold here; fewer than the dashboards means several processes.',
    `Generator, servers and Postgres share ${cores} cores: ≥ stands where the generator, or the highest load tried, set the limit.`,
  ];
}
