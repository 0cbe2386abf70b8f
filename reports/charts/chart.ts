// What a chart is: words and data from the run alone, and a Vega-Lite specification for a given frame.
import type { Transport } from '../../harness/contract/record.ts';
import type { FontWeight } from '../draw/fonts.ts';
import { shorten } from '../inert.ts';
import type { Contender, Run } from '../run.ts';
import { dashOf, type Theme } from './theme.ts';

/** Vega-Lite as plain JSON; the tests hold it against Vega-Lite's own schema. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Spec = { readonly [key: string]: Json };

/** Where and how a chart is drawn. */
export interface Frame {
  /** Of the whole picture, labels included, in pixels. */
  readonly width: number;
  readonly theme: Theme;
  /** A phone: labels above their rows, panels below each other. */
  readonly narrow: boolean;
  /** With invisible marks that carry the texts of tooltips. */
  readonly interactive: boolean;
  measure(text: string, sizePx: number, weight: FontWeight): number;
}

export interface Chart {
  /** File name without its ending. */
  readonly name: string;
  /** The finding. */
  readonly title: string;
  /** What is drawn, and under which conditions. */
  readonly subtitle: string;
  /** What a reader who cannot see it should know. */
  readonly alternative: string;
  /** What it draws; the first column names the rows. */
  readonly data: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };
  specFor(frame: Frame): Spec;
}

/** A chart of a run, or `null` when the run holds nothing to draw. */
export type ChartMaker = (run: Run) => Chart | null;

/** One contender's looks, the same in every chart. */
export interface Look {
  readonly transport: Transport;
  /** 0 for the first contender of its transport, 1 for the second, … */
  readonly variant: number;
  readonly dash: readonly number[];
}

export const textSizePx = 12;
export const labelHeightPx = 16;

/** The looks of a run's contenders, in their order. */
export function looksOf(contenders: readonly Contender[]): Look[] {
  const seen = new Map<Transport, number>();
  return contenders.map(({ transport }) => {
    const variant = seen.get(transport) ?? 0;
    seen.set(transport, variant + 1);
    return { transport, variant, dash: dashOf(variant) };
  });
}

/** What a subtitle says where several repetitions were made and a chart shows the first. */
export function repeatedNote({ contenders }: Run): string {
  return contenders.some(({ trials }) => trials.length > 1) ? ', first repetition' : '';
}

/** Name of the marks that carry tooltips; the page's script finds them by it. */
export const hitName = 'hit';

/** The label, shortened in its middle until it fits. */
export function fitLabel(label: string, widthPx: number, frame: Frame, weight: FontWeight = 600): string {
  let limit = 80;
  let text = shorten(label, limit);
  while (limit > 4 && frame.measure(text, textSizePx, weight) > widthPx) {
    limit = Math.min(limit, [...text].length) - 1;
    text = shorten(label, limit);
  }
  return text;
}

/** The widest of some texts, in pixels. */
export function widestOf(texts: readonly string[], frame: Frame, weight: FontWeight): number {
  return Math.max(0, ...texts.map((text) => frame.measure(text, textSizePx, weight)));
}
