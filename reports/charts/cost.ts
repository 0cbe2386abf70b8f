// A run → what one client costs on each contender: bytes, CPU and memory, side by side, each on its own scale from 0.

import { formatBytes, formatDurationUs } from '../../harness/contract/units.ts';
import { type Contender, numberOf, type Run } from '../run.ts';
import { readBytesPerClientMinute } from '../table.ts';
import { type BarPanel, barPanels, barText } from './bar-panels.ts';
import { type Chart, looksOf } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';

const bytesPanel: BarPanel = {
  heading: 'Bytes a minute',
  read: (contender) => readBytesPerClientMinute(contender).value,
  format: formatBytes,
};
const cpuPanel: BarPanel = {
  heading: 'System CPU a second',
  read: (contender) => divide(numberOf(contender, 'system.cpuMsPerSecond'), contender.clients),
  format: (ms) => formatDurationUs(ms * 1_000),
};
/** Of a server from a target file, only that is seen. */
const serverCpuPanel: BarPanel = {
  ...cpuPanel,
  heading: 'Server CPU a second',
  read: (contender) => divide(numberOf(contender, 'server.cpuMsPerSecond'), contender.clients),
};
const memoryPanel: BarPanel = {
  heading: 'Memory',
  read: (contender) => numberOf(contender, 'memory.bytesPerClient'),
  format: formatBytes,
};
/** Memory for each client is a slope that few clients do not show; then the whole is better than nothing. */
const wholeMemoryPanel: BarPanel = {
  heading: 'Server memory, whole',
  read: (contender) => numberOf(contender, 'server.rssBytes'),
  format: formatBytes,
};

/** The chart, or `null` when none of its figures was measured. */
export function costChart(run: Run): Chart | null {
  const measured = (panel: BarPanel) => run.contenders.some((contender) => panel.read(contender) !== null);
  const isForeign = run.record.trials.some(({ settings }) => settings.target !== undefined);
  const panels = [
    bytesPanel,
    isForeign ? serverCpuPanel : cpuPanel,
    measured(memoryPanel) ? memoryPanel : wholeMemoryPanel,
  ].filter(measured);
  if (panels.length === 0) return null;
  const title = titleOf(run, panels.find((panel) => tellsApart(run, panel)) ?? panels[0] ?? bytesPanel);
  const cells = (contender: Contender) => panels.map((panel) => barText(panel, contender));
  return {
    name: 'cost-per-client',
    title,
    subtitle: ['Cost of each client, each panel on its own scale from 0', ...run.conditions].join(' · '),
    alternative: `${title}. ${run.contenders.map((contender) => `${contender.label}: ${panels.map((panel) => `${panel.heading} ${barText(panel, contender)}`).join(', ')}`).join('; ')}.`,
    data: {
      columns: ['contender', ...panels.map((panel) => panel.heading.toLowerCase())],
      rows: run.contenders.map((contender) => [contender.label, ...cells(contender)]),
    },
    specFor: (frame) => barPanels(run.contenders, looksOf(run.contenders), { panels, frame }),
  };
}

function tellsApart(run: Run, panel: BarPanel): boolean {
  const extremes = extremesOf(run.contenders, panel.read);
  return extremes !== null && extremes.count > 1 && !extremes.alike;
}

function titleOf(run: Run, panel: BarPanel): string {
  const extremes = extremesOf(run.contenders, panel.read);
  if (extremes === null) return 'What a client costs';
  const { most, least } = extremes;
  const what: Readonly<Record<string, string>> = {
    [bytesPanel.heading]: 'moved {} a minute for each client',
    [cpuPanel.heading]: 'used {} of CPU a second for each client',
    [serverCpuPanel.heading]: 'used {} of CPU a second for each client',
  };
  const verb = (what[panel.heading] ?? 'held {} of memory').replace('{}', panel.format(most.value));
  if (extremes.count === 1) return capitalise(`${most.label} ${verb}`);
  return extremes.alike
    ? `All contenders ${verb}, or nearly so`
    : capitalise(`${most.label} ${verb}, ${least.label} ${panel.format(least.value)}`);
}

function divide(value: number | null, by: number): number | null {
  return value === null ? null : value / by;
}
