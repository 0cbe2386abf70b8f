import { Resvg } from '@resvg/resvg-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { chartsOf } from '../charts/all.ts';
import { hostileRecord, twelveRecord } from '../fixtures/odd.ts';
import { buildRecord } from '../fixtures/record.ts';
import { readRun } from '../run.ts';
import { type Fonts, loadFonts } from './fonts.ts';
import { drawPngs } from './png.ts';
import { drawStandalone } from './svg.ts';

let fonts: Fonts;
beforeAll(async () => {
  fonts = await loadFonts();
});

async function drawAll(record = buildRecord()): Promise<string[]> {
  const svgs: string[] = [];
  for (const chart of chartsOf(readRun(record))) svgs.push(await drawStandalone(chart, 'light', fonts));
  return svgs;
}

/** Pixels of a PNG darker than any line or curve: those of ink and grey text. */
function darkPixels(png: Uint8Array | undefined): number {
  const source = `data:image/png;base64,${Buffer.from(png ?? []).toString('base64')}`;
  const image = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="800" height="450"><image width="800" height="450" xlink:href="${source}"/></svg>`;
  const { pixels } = new Resvg(image, { font: { loadSystemFonts: false } }).render();
  let dark = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    if (Math.max(pixels[at] ?? 255, pixels[at + 1] ?? 255, pixels[at + 2] ?? 255) < 130 && (pixels[at + 3] ?? 0) > 200)
      dark++;
  }
  return dark;
}

describe('the fonts', () => {
  it('measure text by Inter’s own widths', () => {
    expect(fonts.measure('iiii', 12, 400)).toBeLessThan(fonts.measure('MMMM', 12, 400) / 2.5);
    expect(fonts.measure('polling', 24, 600)).toBeCloseTo(2 * fonts.measure('polling', 12, 600), 6);
    expect(fonts.measure('polling', 12, 600)).toBeGreaterThan(fonts.measure('polling', 12, 400));
  });

  it('know which characters they lack', () => {
    expect(fonts.covers('·'.codePointAt(0) ?? 0)).toBe(true);
    expect(fonts.covers('語'.codePointAt(0) ?? 0)).toBe(false);
  });
});

describe('a PNG', () => {
  it('really contains its text, in every weight', async () => {
    const [svg = ''] = await drawAll(buildRecord({ contenders: ['sse', 'polling'], clients: 20 }));
    const without = (weight: string) =>
      svg.replace(new RegExp(`<text[^>]*font-weight="${weight}"[^>]*>(?:(?!</text>).)*</text>`, 'gs'), '');
    const [whole, ...stripped] = await drawPngs([svg, without('400'), without('600')], fonts);
    for (const png of stripped) expect(darkPixels(whole)).toBeGreaterThan(darkPixels(png) + 300);
  });

  it('shows a stand-in for a character that the font lacks', async () => {
    const wrap = (text: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30"><text x="5" y="20" font-family="Inter">${text}</text></svg>`;
    const [drawn, blank] = await drawPngs([wrap('語'), wrap('')], fonts);
    expect(drawn?.length).toBeGreaterThan(blank?.length ?? 0);
  });
});

describe('an SVG', () => {
  it('has one description, plain colours and no text of a record as markup', async () => {
    for (const svg of await drawAll(hostileRecord())) {
      expect(svg.match(/aria-label=/g)).toHaveLength(1);
      expect(svg).not.toContain('var(--');
      expect(svg).not.toMatch(/<(?:script|img|foreignObject)|\son\w+=|(?!\n)\p{Cc}|\p{Cf}/u);
    }
  });

  it('holds every end label without overlap, also with twelve contenders', async () => {
    const [svg = ''] = await drawAll(twelveRecord());
    const labels = [
      ...svg.matchAll(
        /<text text-anchor="start" transform="translate\(([\d.]+),([\d.]+)\)"[^>]*font-weight="600"[^>]*>(polling|long-polling|sse|websocket)[^<]*</g,
      ),
    ];
    const ys = labels.map((match) => Number(match[2])).sort((a, b) => a - b);
    expect(ys).toHaveLength(12);
    for (let index = 1; index < ys.length; index++) expect((ys[index] ?? 0) - (ys[index - 1] ?? 0)).toBeGreaterThan(14);
  });
});
