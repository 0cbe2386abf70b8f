// A panel's header: the strategy, its figures where they fit beside it or below, and above the first panel the legend.
import { type Frame, fitLabel, type Spec, textSizePx } from './chart.ts';

const lineHeightPx = 17;
const swatchPx = 11;
const separator = ' · ';

export interface LegendItem {
  readonly text: string;
  readonly mark: 'filled' | 'hollow' | 'shade' | 'line' | 'none';
}

/** Layers above a panel of `width`; `legend` only above the first. */
export function headerLayers(
  label: string,
  figures: readonly string[],
  { frame, width, legend }: { readonly frame: Frame; readonly width: number; readonly legend: readonly LegendItem[] },
): Spec[] {
  const { ink, sub } = frame.theme.grey;
  const lines = wrapFigures(figures, width, frame);
  const [only = ''] = lines;
  const beside =
    lines.length === 1 && frame.measure(label, textSizePx, 600) + frame.measure(only, textSizePx, 400) + 16 <= width;
  const y = (line: number) => -6 - line * lineHeightPx;
  const labelLine = beside ? 0 : lines.length;
  return [
    textLayer(fitLabel(label, width, frame), { x: 0, y: y(labelLine), align: 'left', weight: 600, colour: ink }),
    ...lines.map((line, index) =>
      textLayer(line, {
        x: beside ? width : 0,
        y: y(lines.length - 1 - index),
        align: beside ? 'right' : 'left',
        weight: 400,
        colour: sub,
      }),
    ),
    ...legendLayers(legend, { frame, width, bottom: y(labelLine + 1) - 8 }),
  ];
}

/** As few lines as hold all figures, broken between them. */
function wrapFigures(figures: readonly string[], width: number, frame: Frame): string[] {
  const lines: string[] = [];
  for (const figure of figures) {
    const longer = `${lines.at(-1) ?? ''}${separator}${figure}`;
    if (lines.length > 0 && frame.measure(longer, textSizePx, 400) <= width) lines[lines.length - 1] = longer;
    else lines.push(figure);
  }
  return lines;
}

function legendLayers(
  legend: readonly LegendItem[],
  { frame, width, bottom }: { frame: Frame; width: number; bottom: number },
): Spec[] {
  const rows: { item: LegendItem; x: number }[][] = [[]];
  let x = 0;
  for (const item of legend) {
    const needed = textOffset(item) + frame.measure(item.text, textSizePx, 400);
    if (x > 0 && x + needed > width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)?.push({ item, x });
    x += needed + 20;
  }
  return rows.flatMap((row, index) => {
    const y = bottom - (rows.length - 1 - index) * (lineHeightPx + 2);
    return row.flatMap(({ item, x: left }) => [
      ...swatchLayers(item, { x: left, y, frame }),
      textLayer(fitLabel(item.text, width - left - textOffset(item), frame, 400), {
        x: left + textOffset(item),
        y,
        align: 'left',
        weight: 400,
        colour: frame.theme.grey.sub,
      }),
    ]);
  });
}

function textOffset({ mark }: LegendItem): number {
  return mark === 'none' ? 0 : swatchPx + 6;
}

function swatchLayers({ mark }: LegendItem, { x, y, frame }: { x: number; y: number; frame: Frame }): Spec[] {
  if (mark === 'none') return [];
  const { grey, storm } = frame.theme;
  const box = { x: { value: x }, x2: { value: x + swatchPx }, y: { value: y - swatchPx - 1 }, y2: { value: y - 1 } };
  if (mark === 'line') {
    const middle = y - swatchPx / 2 - 1;
    return [
      {
        data: { values: [{}] },
        mark: { type: 'rule', color: grey.ink, strokeWidth: 1.5 },
        encoding: { ...box, y: { value: middle }, y2: { value: middle } },
      },
    ];
  }
  const looks = {
    filled: { color: storm.accepted },
    hollow: { color: storm.attempted, fillOpacity: hollowOpacity, stroke: storm.attempted, strokeWidth: 1 },
    shade: { color: storm.outage, stroke: grey.axis, strokeWidth: 0.5 },
  }[mark];
  return [{ data: { values: [{}] }, mark: { type: 'rect', ...looks }, encoding: box }];
}

/** Of what was attempted: paler than what was accepted, also without colour. */
export const hollowOpacity = 0.55;

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly align: 'left' | 'right' | 'center';
  readonly weight: 400 | 600;
  readonly colour: string;
}

/** One text at a place in pixels, its baseline at the bottom. */
export function textLayer(words: string, { x, y, align, weight, colour }: Placed): Spec {
  return {
    data: { values: [{ words }] },
    mark: { type: 'text', align, baseline: 'bottom', fontWeight: weight, color: colour },
    encoding: { x: { value: x }, y: { value: y }, text: { field: 'words' } },
  };
}
