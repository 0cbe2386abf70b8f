// Figures of contenders → a panel of bars a figure, a row a contender, each panel on its own scale from 0, with its numbers as text.
import { unmeasuredMark } from '../figures.ts';
import type { Contender } from '../run.ts';
import { type Frame, fitLabel, hitName, type Look, type Spec, widestOf } from './chart.ts';

export interface BarPanel {
  readonly heading: string;
  readonly read: (contender: Contender) => number | null;
  readonly format: (value: number) => string;
}

const mostInRow = 3;

/** The panels, beside each other in rows of three; on a phone below each other. */
export function barPanels(
  contenders: readonly Contender[],
  looks: readonly Look[],
  { panels, frame }: { readonly panels: readonly BarPanel[]; readonly frame: Frame },
): Spec {
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
  const inRow = frame.narrow ? 1 : Math.min(panels.length, mostInRow);
  const room = Math.floor((frame.width - left - spacing * (inRow - 1)) / inRow);
  const specs = panels.map((panel, index) =>
    panelSpec(contenders, looks, { panel, frame, index, left, room, named: index % inRow === 0 }),
  );
  if (panels.length <= inRow) return { hconcat: specs, spacing };
  return { vconcat: rowsOf(specs, inRow).map((hconcat) => ({ hconcat, spacing })), spacing: 30 };
}

function rowsOf(specs: readonly Spec[], inRow: number): Spec[][] {
  const count = Math.ceil(specs.length / inRow);
  return Array.from({ length: count }, (_, row) => specs.slice(row * inRow, (row + 1) * inRow));
}

interface PanelLayout {
  readonly panel: BarPanel;
  readonly frame: Frame;
  readonly index: number;
  readonly left: number;
  readonly room: number;
  /** With the contenders' names at its left. */
  readonly named: boolean;
}

function panelSpec(contenders: readonly Contender[], looks: readonly Look[], layout: PanelLayout): Spec {
  const { panel, frame, index, left, room, named } = layout;
  const rowHeight = 28;
  const right =
    widestOf(
      contenders.map((contender) => barText(panel, contender)),
      frame,
      600,
    ) + 8;
  const max = Math.max(...contenders.map((contender) => panel.read(contender) ?? 0)) || 1;
  const bars = Math.max(20, room - right);
  const values = contenders.map((contender, row) => {
    const look = looks[row] ?? { transport: contender.transport, variant: 0, dash: [] };
    const colour = frame.theme.series(look.transport, look.variant);
    const length = ((panel.read(contender) ?? 0) / max) * bars;
    const text = barText(panel, contender);
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

/** A contender's number in words; `–` where it was not measured. */
export function barText(panel: BarPanel, contender: Contender): string {
  const value = panel.read(contender);
  return value === null ? unmeasuredMark : panel.format(value);
}
