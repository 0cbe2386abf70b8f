// Standalone SVG → PNG at twice its size, drawn by resvg with Inter only, so that it looks the same on every machine.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import type { Fonts } from './fonts.ts';

const scale = 2;

/** Draws SVG texts to PNG files, in order. resvg reads fonts from files only, so they exist for as long as this takes. */
export async function drawPngs(svgs: readonly string[], fonts: Fonts): Promise<Uint8Array[]> {
  const directory = await mkdtemp(join(tmpdir(), 'freshet-fonts-'));
  try {
    const fontFiles = fonts.faces.map(({ weight }) => join(directory, `inter-${weight}.ttf`));
    await Promise.all(fonts.faces.map(({ ttf }, index) => writeFile(fontFiles[index] ?? '', ttf)));
    return svgs.map((svg) => drawPng(drawableText(svg, fonts), fontFiles));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function drawPng(svg: string, fontFiles: string[]): Uint8Array {
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: 'Inter' };
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: scale } }).render().asPng();
}

/** resvg drops a character that no font has without a word; a visible stand-in says that something was there. */
function drawableText(svg: string, fonts: Fonts): string {
  const standIn = fonts.covers(0xfffd) ? '\ufffd' : '?';
  return svg.replace(/\P{ASCII}/gu, (character) => (fonts.covers(character.codePointAt(0) ?? 0) ? character : standIn));
}
