// A chart and a frame → SVG text. Vega lays out text by Inter's own widths, so it needs no browser and no canvas.
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { type Chart, type Frame, type Json, type Spec, textSizePx } from '../charts/chart.ts';
import { plainTheme, type Scheme, type Theme } from '../charts/theme.ts';
import { escapeHtml } from '../escape.ts';
import { keepUnits } from '../figures.ts';
import { type Fonts, type FontWeight, fontFamily } from './fonts.ts';

/** Exported by Vega so that it can be replaced, but missing in its types. */
const { textMetrics } = vega as unknown as {
  textMetrics: { width: (item: { fontSize?: number; fontWeight?: unknown }, text: unknown) => number };
};

const titleSizePx = 18;
const subtitleSizePx = 12.5;
const marginPx = 24;
/** Of a picture that stands alone. */
const standaloneWidthPx = 800;

/** The SVG for a place in the page, which writes title and subtitle itself. */
export async function drawInline(chart: Chart, frame: Frame, fonts: Fonts): Promise<string> {
  const svg = await drawSpec({ ...chart.specFor(frame), ...base(frame.theme, 0), background: null }, fonts);
  return describe(leanForPage(svg), chart);
}

/** The SVG for a file of its own: with title, subtitle and background. */
export async function drawStandalone(chart: Chart, scheme: Scheme, fonts: Fonts): Promise<string> {
  const theme = plainTheme(scheme);
  const width = standaloneWidthPx - 2 * marginPx;
  const frame = { width, theme, narrow: false, interactive: false, measure: fonts.measure };
  return describe(withoutRoles(await drawSpec(standaloneSpec(chart, frame), fonts)), chart);
}

/** The full specification of the standalone picture, for those who want to draw it themselves. */
export function standaloneSpec(chart: Chart, frame: Frame): Spec {
  return {
    ...chart.specFor(frame),
    ...base(frame.theme, marginPx),
    background: frame.theme.grey.paper,
    title: titleOf(chart, frame),
  };
}

async function drawSpec(spec: Spec, fonts: Fonts): Promise<string> {
  textMetrics.width = (item, text) =>
    fonts.measure(String(text ?? ''), item.fontSize ?? textSizePx, weightOf(item.fontWeight));
  const { spec: compiled } = compile(spec as unknown as TopLevelSpec, { logger: vega.logger(vega.Error) });
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: vega.Error });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Drops what Vega tells screen readers of single marks; tags only, so that no text of a record changes. */
function withoutRoles(svg: string): string {
  return svg.replace(/<[^>]*>/g, (tag) => tag.replace(/ (?:role|aria-[a-z]+)="[^"]*"/g, ''));
}

/**
 * What the page does not need, or says once for all its pictures, makes half of Vega's text: roles and fonts of single marks, digits
 * that no screen shows. What tooltips say stays, as `data-tip`. Tags only.
 */
function leanForPage(svg: string): string {
  return svg.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/ (?:role|aria-roledescription|font-family)="[^"]*"/g, '')
      .replace(' aria-label=', ' data-tip=')
      .replace(/ (?:d|transform)="[^"]*"/g, (attribute) => attribute.replace(/(\.\d)\d+/g, '$1')),
  );
}

/** One picture with one description, instead of Vega's role and label on every mark. */
function describe(svg: string, chart: Chart): string {
  return svg
    .replace('<svg ', `<svg role="img" aria-label="${escapeHtml(chart.alternative)}" `)
    .replace(/ xmlns:xlink="[^"]*"/, '');
}

function titleOf(chart: Chart, frame: Frame): Json {
  return {
    text: balance(keepUnits(chart.title), titleSizePx, frame),
    subtitle: wrapAt(chart.subtitle, ' · ', (line) => frame.measure(line, subtitleSizePx, 400) <= frame.width),
    anchor: 'start',
    frame: 'bounds',
    offset: 22,
    fontSize: titleSizePx,
    fontWeight: 600,
    color: frame.theme.grey.ink,
    subtitleColor: frame.theme.grey.sub,
    subtitleFontSize: subtitleSizePx,
    subtitleFontWeight: 400,
    subtitleLineHeight: 18,
    lineHeight: 24,
    subtitlePadding: 6,
  };
}

/** As few lines as fit, of about the same length, so that no last word stands alone. */
function balance(text: string, sizePx: number, frame: Frame): string[] {
  const wrapTo = (widthPx: number) => wrapAt(text, ' ', (line) => frame.measure(line, sizePx, 600) <= widthPx);
  let lines = wrapTo(frame.width);
  const fewest = lines.length;
  for (let share = 0.97; share > 0.4 && fewest > 1; share -= 0.03) {
    const narrower = wrapTo(frame.width * share);
    if (narrower.length > fewest) break;
    lines = narrower;
  }
  return lines;
}

/** Lines that fit, broken at `separator`, which stays only within lines. */
function wrapAt(text: string, separator: string, fits: (line: string) => boolean): string[] {
  const lines: string[] = [];
  for (const part of text.split(separator)) {
    const longer = `${lines.at(-1) ?? ''}${separator}${part}`;
    if (lines.length > 0 && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

function base({ grey }: Theme, padding: number): Spec {
  const text = { labelColor: grey.sub, labelFontSize: 11, labelFont: fontFamily, titleColor: grey.sub };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    padding,
    config: {
      aria: false,
      font: fontFamily,
      text: { fontSize: textSizePx, font: fontFamily },
      view: { stroke: null },
      axis: {
        ...text,
        aria: false,
        gridColor: grey.grid,
        domainColor: grey.axis,
        tickColor: grey.axis,
        tickSize: 4,
        labelPadding: 6,
        labelFlush: false,
      },
      axisY: { domain: false, ticks: false },
      axisX: { grid: false },
      title: { font: fontFamily, subtitleFont: fontFamily },
    },
  };
}

function weightOf(weight: unknown): FontWeight {
  if (weight === 'bold') return 600;
  return weight === 500 || weight === 600 ? weight : 400;
}
