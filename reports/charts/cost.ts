// A run → what one client costs on each contender: bytes, CPU and memory, side by side, each on its own scale from 0.

import { formatBytes, formatDurationUs } from '../../harness/contract/units.ts';
import { formatFigure } from '../figures.ts';
import { type Contender, numberOf, type Run } from '../run.ts';
import { readBytesPerClientMinute } from '../table.ts';
import { type Chart, type Frame, fitLabel, hitName, type Look, looksOf, type Spec, widestOf } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';

interface Panel {
  readonly heading: string;
  readonly read: (contender: Contender) => number | null;
  readonly format: (value: number) => string;
}

const bytesPanel: Panel = {
  heading: 'Bytes a minute',
  read: (contender) => readBytesPerClientMinute(contender).value,
  format: formatBytes,
};
const cpuPanel: Panel = {
  heading: 'System CPU a second',
  read: (contender) => divide(numberOf(contender, 'system.cpuMsPerSecond'), contender.clients),
  format: (ms) => formatDurationUs(ms * 1_000),
};
const memoryPanel: Panel = {
  heading: 'Memory',
  read: (contender) => numberOf(contender, 'memory.bytesPerClient'),
  format: formatBytes,
};
/** Memory for each client is a slope that few clients do not show; then the whole is better than nothing. */
const wholeMemoryPanel: Panel = {
  heading: 'Server memory, whole',
  read: (contender) => numberOf(contender, 'server.rssBytes'),
  format: formatBytes,
};

/** The chart, or `null` when none of its figures was measured. */
export function costChart(run: Run): Chart | null {
  const measured = (panel: Panel) => run.contenders.some((contender) => panel.read(contender) !== null);
  const panels = [bytesPanel, cpuPanel, measured(memoryPanel) ? memoryPanel : wholeMemoryPanel].filter(measured);
  if (panels.length === 0) return null;
  const title = titleOf(run, panels.find((panel) => tellsApart(run, panel)) ?? panels[0] ?? bytesPanel);
  const cells = (contender: Contender) => panels.map((panel) => textOf(panel, contender));
  return {
    name: 'cost-per-client',
    title,
    subtitle: ['Cost of each client, each panel on its own scale from 0', ...run.conditions].join(' · '),
    alternative: `${title}. ${run.contenders.map((contender) => `${contender.label}: ${panels.map((panel) => `${panel.heading} ${textOf(panel, contender)}`).join(', ')}`).join('; ')}.`,
    data: {
      columns: ['contender', ...panels.map((panel) => panel.heading.toLowerCase())],
      rows: run.contenders.map((contender) => [contender.label, ...cells(contender)]),
    },
    specFor: (frame) => specOf(run.contenders, panels, frame),
  };
}

function tellsApart(run: Run, panel: Panel): boolean {
  const extremes = extremesOf(run.contenders, panel.read);
  return extremes !== null && extremes.count > 1 && !extremes.alike;
}

function titleOf(run: Run, panel: Panel): string {
  const extremes = extremesOf(run.contenders, panel.read);
  if (extremes === null) return 'What a client costs';
  const { most, least } = extremes;
  const what: Readonly<Record<string, string>> = {
    [bytesPanel.heading]: 'moved {} a minute for each client',
    [cpuPanel.heading]: 'used {} of CPU a second for each client',
  };
  const verb = (what[panel.heading] ?? 'held {} of memory').replace('{}', panel.format(most.value));
  if (extremes.count === 1) return capitalise(`${most.label} ${verb}`);
  return extremes.alike
    ? `All contenders ${verb}, or nearly so`
    : capitalise(`${most.label} ${verb}, ${least.label} ${panel.format(least.value)}`);
}

function specOf(contenders: readonly Contender[], panels: readonly Panel[], frame: Frame): Spec {
  const looks = looksOf(contenders);
  const left =
    Math.min(
      widestOf(
        contenders.map(({ label }) => label),
        frame,
        600,
      ),
      frame.width * (frame.narrow ? 0.36 : 0.3),
    ) + 12;
  const spacing = 26;
  const room = frame.narrow ? frame.width - left : (frame.width - left - spacing * (panels.length - 1)) / panels.length;
  const specs = panels.map((panel, index) =>
    panelSpec(contenders, looks, { panel, frame, index, left, room: Math.floor(room) }),
  );
  return frame.narrow ? { vconcat: specs, spacing: 30 } : { hconcat: specs, spacing };
}

interface PanelLayout {
  readonly panel: Panel;
  readonly frame: Frame;
  readonly index: number;
  readonly left: number;
  readonly room: number;
}

function panelSpec(contenders: readonly Contender[], looks: readonly Look[], layout: PanelLayout): Spec {
  const { panel, frame, index, left, room } = layout;
  const rowHeight = 28;
  const right =
    widestOf(
      contenders.map((contender) => textOf(panel, contender)),
      frame,
      600,
    ) + 8;
  const max = Math.max(...contenders.map((contender) => panel.read(contender) ?? 0)) || 1;
  const bars = Math.max(20, room - right);
  const values = contenders.map((contender, row) => {
    const look = looks[row] ?? { transport: contender.transport, variant: 0, dash: [] };
    const colour = frame.theme.series(look.transport, look.variant);
    const length = ((panel.read(contender) ?? 0) / max) * bars;
    const text = textOf(panel, contender);
    const y = row * rowHeight + rowHeight / 2;
    return {
      label: fitLabel(contender.label, left - 12, frame),
      y,
      top: y - 8,
      bottom: y + 8,
      length,
      textX: length + 6,
      text,
      mark: colour.mark,
      ink: colour.text,
      tip: `${contender.label}: ${panel.heading.toLowerCase()} ${text}`,
    };
  });
  const named = frame.narrow || index === 0;
  return {
    width: room,
    height: contenders.length * rowHeight,
    data: { values },
    layer: [
      ...barLayers(frame),
      headingLayer(panel.heading, frame),
      ...(named ? [labelLayer] : []),
      ...(frame.interactive ? [hitLayer(index)] : []),
    ],
  };
}

const at = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null }) as const;

function barLayers({ theme }: Frame): Spec[] {
  return [
    {
      mark: { type: 'rule', color: theme.grey.axis },
      encoding: { x: { value: 0 }, y: { value: 0 }, y2: { value: 'height' } },
    },
    {
      mark: { type: 'rect', cornerRadiusEnd: 2, opacity: 0.9 },
      encoding: {
        x: at('length'),
        x2: { value: 0 },
        y: at('top'),
        y2: { field: 'bottom' },
        color: { field: 'mark', type: 'nominal', scale: null },
      },
    },
    {
      mark: { type: 'text', align: 'left', baseline: 'middle', fontWeight: 600, color: theme.grey.ink },
      encoding: { x: at('textX'), y: at('y'), text: { field: 'text' } },
    },
  ];
}

function headingLayer(heading: string, { theme }: Frame): Spec {
  return {
    data: { values: [{}] },
    mark: { type: 'text', align: 'left', baseline: 'bottom', fontWeight: 600, color: theme.grey.ink, text: heading },
    encoding: { x: { value: 0 }, y: { value: -8 } },
  };
}

const labelLayer: Spec = {
  mark: { type: 'text', align: 'right', baseline: 'middle', fontWeight: 600 },
  encoding: {
    x: { value: -10 },
    y: at('y'),
    text: { field: 'label' },
    color: { field: 'ink', type: 'nominal', scale: null },
  },
};

function hitLayer(index: number): Spec {
  return {
    name: `${hitName}${index}`,
    mark: { type: 'point', filled: true, size: 500, opacity: 0, aria: true },
    encoding: {
      x: at('length'),
      y: at('y'),
      color: { field: 'mark', type: 'nominal', scale: null },
      description: { field: 'tip' },
    },
  };
}

function textOf(panel: Panel, contender: Contender): string {
  const value = panel.read(contender);
  return value === null ? formatFigure(null, '') : panel.format(value);
}

function divide(value: number | null, by: number): number | null {
  return value === null ? null : value / by;
}
