// Run record and directory → report.html, summary.md, charts/*.svg and *.png in it. Takes up to 300 MB for some seconds: run it
// when the measuring is over, and best in a process of its own.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunRecord } from '../harness/contract/record.ts';
import { chartsOf, comparisonChartsOf, stormChartsOf } from './charts/all.ts';
import type { Chart } from './charts/chart.ts';
import { pageTheme } from './charts/theme.ts';
import { type Fonts, loadFonts } from './draw/fonts.ts';
import { drawPngs } from './draw/png.ts';
import { drawInline, drawStandalone } from './draw/svg.ts';
import { loadAssets } from './page/assets.ts';
import { type PageChart, renderPage } from './page.ts';
import { type Run, readRun } from './run.ts';
import { renderSummary } from './summary.ts';

/** Width of the page's column, and of a phone's, in pixels. */
const wideWidthPx = 780;
const narrowWidthPx = 336;

/** Renders all reports of a valid record and returns the paths written. Files replace older ones whole or not at all. */
export async function renderAll(record: RunRecord, directory: string): Promise<string[]> {
  const run = readRun(record);
  return withScratch(directory, async (scratch) => [
    await writeWhole(join(directory, 'report.html'), await renderReport(run), scratch),
    await writeWhole(join(directory, 'summary.md'), renderSummary(run), scratch),
    ...(await writeCharts(chartsOf(run), join(directory, 'charts'), scratch)),
  ]);
}

async function writeCharts(charts: readonly Chart[], directory: string, scratch: string): Promise<string[]> {
  const fonts = await loadFonts();
  const svgs: string[] = [];
  for (const chart of charts) svgs.push(await drawStandalone(chart, 'light', fonts));
  const pngs = await drawPngs(svgs, fonts);
  const paths: string[] = [];
  for (const [index, { name }] of charts.entries()) {
    paths.push(await writeWhole(join(directory, `${name}.svg`), svgs[index] ?? '', scratch));
    paths.push(await writeWhole(join(directory, `${name}.png`), pngs[index] ?? new Uint8Array(), scratch));
  }
  return paths;
}

/** A place for half-written files, the same in which the record's store has its own: one place to clear after a kill. */
async function withScratch<T>(directory: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = join(directory, '.part');
  try {
    await mkdir(scratch, { recursive: true });
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The text of report.html. */
export async function renderReport(run: Run): Promise<string> {
  const fonts = await loadFonts();
  const drawAll = async (charts: readonly Chart[]) => {
    const drawn: PageChart[] = [];
    for (const chart of charts) drawn.push(await drawForPage(chart, fonts));
    return drawn;
  };
  const comparison = await drawAll(comparisonChartsOf(run));
  const storms = await drawAll(stormChartsOf(run));
  return renderPage(run, { comparison, storms }, await loadAssets(fonts));
}

async function drawForPage(chart: Chart, fonts: Fonts): Promise<PageChart> {
  const frame = { theme: pageTheme(), interactive: true, measure: fonts.measure };
  return {
    chart,
    wideSvg: await drawInline(chart, { ...frame, width: wideWidthPx, narrow: false }, fonts),
    narrowSvg: await drawInline(chart, { ...frame, width: narrowWidthPx, narrow: true }, fonts),
  };
}

/** A reader, or a crash, never meets half a file. */
async function writeWhole(path: string, content: string | Uint8Array, scratch: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(scratch, randomUUID());
  await writeFile(temporary, content);
  await rename(temporary, path);
  return path;
}
