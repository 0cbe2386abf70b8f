// Figures over the scales of a sweep → a Vega-Lite specification: panels beside each other in pairs, on a phone below each other.
import type { Sweep } from '../run.ts';
import type { ScaledFigure } from '../scaling/figures.ts';
import { type Frame, fitLabel, hitName, type Look, labelHeightPx, type Spec, widestOf } from './chart.ts';
import { spreadLabels } from './labels.ts';

/** One figure of all contenders over the scales. */
export interface ScaledPanel {
  readonly heading: string;
  readonly lines: readonly { readonly figure: ScaledFigure; readonly look: Look }[];
  readonly format: (value: number | null) => string;
}

const panelHeightPx = 118;
const axisPx = 52;
const spacingPx = 28;

interface Layout {
  readonly sweep: Sweep;
  readonly panel: ScaledPanel;
  readonly frame: Frame;
  readonly width: number;
  readonly labelWidth: number;
  readonly index: number;
}

/** The panels. */
export function scaledPanels(sweep: Sweep, panels: readonly ScaledPanel[], frame: Frame): Spec {
  const inRow = frame.narrow ? 1 : 2;
  const room = Math.floor((frame.width - spacingPx * (inRow - 1)) / inRow);
  const ends = panels.flatMap((panel) => panel.lines.map((_, line) => endText(panel, line)));
  const labelWidth = Math.min(widestOf(ends, frame, 600) + 12, room * 0.48);
  const specs = panels.map((panel, index) =>
    panelSpec({ sweep, panel, frame, width: Math.floor(room - axisPx - labelWidth), labelWidth, index }),
  );
  const rows = Array.from({ length: Math.ceil(specs.length / inRow) }, (_, row) => ({
    hconcat: specs.slice(row * inRow, (row + 1) * inRow),
    spacing: spacingPx,
  }));
  return { vconcat: rows, spacing: spacingPx };
}

function endText({ lines, format }: ScaledPanel, line: number): string {
  const figure = lines[line]?.figure;
  const last = figure === undefined ? undefined : pointsOf(figure).at(-1);
  return `${figure?.contender.name ?? ''} ${format(last?.value ?? null)}`;
}

function panelSpec(layout: Layout): Spec {
  const { panel, frame, width, index } = layout;
  const encoding = encodingOf(layout);
  return {
    width,
    height: panelHeightPx,
    layer: [
      ...panel.lines.flatMap(({ figure, look }): Spec[] => {
        const { mark: color } = frame.theme.series(look.transport, look.variant);
        const data = { values: pointsOf(figure) };
        return [
          { data, mark: { type: 'line', color, strokeWidth: 2, strokeDash: [...look.dash] }, encoding },
          { data, mark: { type: 'point', filled: true, size: 40, opacity: 1, color }, encoding },
        ];
      }),
      headingLayer(layout),
      ...endLabels(layout),
      ...(frame.interactive ? [hitLayer(layout, index)] : []),
    ],
  };
}

function topOf({ lines }: ScaledPanel): number {
  return Math.max(...lines.flatMap(({ figure }) => pointsOf(figure).map(({ value }) => value))) || 1;
}

function encodingOf({ sweep, panel, width }: Layout): { readonly [key: string]: Spec } {
  const top = topOf(panel);
  const ticks = [0, top / 2, top];
  const loads = sweep.scales.map(({ load }) => load);
  const most = Math.max(...loads);
  // Labels of neighbours that would touch give way to the heavier load.
  const shown = loads.filter((load, at) => ((loads[at + 1] ?? Number.POSITIVE_INFINITY) - load) / most > 34 / width);
  return {
    x: {
      field: 'load',
      type: 'quantitative',
      scale: { domain: [0, most], nice: false },
      axis: {
        values: shown,
        title: null,
        grid: false,
        labelExpr: expressionOf(shown, (at) => sweep.axis.valueText(at)),
      },
    },
    y: {
      field: 'value',
      type: 'quantitative',
      scale: { domain: [0, top], nice: false },
      axis: {
        values: ticks,
        title: null,
        grid: true,
        minExtent: axisPx - 6,
        labelExpr: expressionOf(ticks, (tick) => (tick === 0 ? '0' : panel.format(tick))),
      },
    },
  };
}

/** Vega expression that writes each tick as people read it. */
function expressionOf(ticks: readonly number[], say: (tick: number) => string): string {
  return ticks.reduceRight((rest, tick) => `datum.value === ${tick} ? '${say(tick)}' : ${rest}`, "''");
}

function headingLayer({ panel, frame }: Layout): Spec {
  return {
    data: { values: [{}] },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'bottom',
      fontWeight: 600,
      color: frame.theme.grey.ink,
      text: panel.heading,
    },
    encoding: { x: { value: 0 }, y: { value: -10 } },
  };
}

function endLabels({ panel, frame, width, labelWidth }: Layout): Spec[] {
  const ends = panel.lines.flatMap(({ figure, look }, line) => {
    const last = pointsOf(figure).at(-1);
    return last === undefined ? [] : [{ look, value: last.value, text: endText(panel, line) }];
  });
  const top = topOf(panel);
  const places = spreadLabels(
    ends.map(({ value }) => panelHeightPx * (1 - value / top)),
    { top: 0, bottom: panelHeightPx, distance: labelHeightPx },
  );
  return ends.map(({ look, text }, index) => ({
    data: { values: [{ text: fitLabel(text, labelWidth - 8, frame) }] },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      fontWeight: 600,
      color: frame.theme.series(look.transport, look.variant).text,
    },
    encoding: { x: { value: width + 8 }, y: { value: places[index] ?? 0 }, text: { field: 'text' } },
  }));
}

function hitLayer(layout: Layout, index: number): Spec {
  const { panel, sweep } = layout;
  const values = panel.lines.flatMap(({ figure }) =>
    pointsOf(figure).map(({ load, value }) => ({
      load,
      value,
      tip: `${figure.contender.name}, ${sweep.axis.say(load)}: ${panel.heading} ${panel.format(value)}`,
    })),
  );
  return {
    name: `${hitName}${index}`,
    data: { values },
    mark: { type: 'point', filled: true, size: 300, opacity: 0, aria: true },
    encoding: { ...encodingOf(layout), description: { field: 'tip' } },
  };
}

/** What was measured, the lightest load first. */
export function pointsOf({ readings }: ScaledFigure): { readonly load: number; readonly value: number }[] {
  return [...readings].flatMap(([load, { value }]) => (value === null ? [] : [{ load, value }]));
}
