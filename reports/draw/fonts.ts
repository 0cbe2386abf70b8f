// Inter from its package → WOFF2 for pages, TTF for resvg, and the widths of text for layout without a browser.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { decompress } from 'wawoff2';
import { type Advances, readAdvances } from './advances.ts';

export type FontWeight = 400 | 500 | 600;

interface Font {
  readonly weight: FontWeight;
  readonly woff2: Uint8Array;
  readonly ttf: Uint8Array;
  readonly advances: Advances;
}

export interface Fonts {
  readonly faces: readonly Font[];
  /** Width of a line of text in pixels. */
  measure(text: string, sizePx: number, weight: FontWeight): number;
  /** True when the font can draw the character; resvg drops others without a word. */
  covers(codePoint: number): boolean;
}

/** What stands behind Inter where a standalone SVG is opened without it. */
export const fontFamily = 'Inter, "Helvetica Neue", Arial, sans-serif';

const weights: readonly FontWeight[] = [400, 500, 600];
const resolve = createRequire(import.meta.url).resolve;
let loading: Promise<Fonts> | undefined;

/** The fonts, read once a process. */
export function loadFonts(): Promise<Fonts> {
  loading ??= readFonts();
  return loading;
}

async function readFonts(): Promise<Fonts> {
  const faces: Font[] = [];
  // One after the other: the decompressor hands out a view of its own memory, which its next call overwrites.
  for (const weight of weights) faces.push(await readFace(weight));
  const advancesOf = (weight: FontWeight) => faces.find((face) => face.weight === weight)?.advances;
  return {
    faces,
    measure: (text, sizePx, weight) => {
      const advances = advancesOf(weight);
      return advances === undefined ? 0 : (widthInUnits(text, advances) / advances.unitsPerEm) * sizePx;
    },
    covers: (codePoint) => faces.every((face) => face.advances.of(codePoint) !== null),
  };
}

async function readFace(weight: FontWeight): Promise<Font> {
  const woff2 = await readFile(resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`));
  const ttf = Uint8Array.from(await decompress(woff2));
  return { weight, woff2, ttf, advances: readAdvances(ttf) };
}

/** A character that the font lacks is taken as one em wide: the reader's fallback font is unknown. */
function widthInUnits(text: string, advances: Advances): number {
  let units = 0;
  for (const character of text) units += advances.of(character.codePointAt(0) ?? 0) ?? advances.unitsPerEm;
  return units;
}
