// Run record and directory → report.html, summary.md, charts/*.svg and *.png in it. Takes up to 300 MB for some seconds: run it
// when the measuring is over, and best in a process of its own.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunRecord } from '../harness/contract/record.ts';
import { chartsOf, comparisonChartsOf, stormChartsOf, sweepChartsOf } from './charts/all.ts';
import type { Chart } from './charts/chart.ts';
import { pageTheme } from './charts/theme.ts';
import { type Fonts, loadFonts } from './draw/fonts.ts';
import { drawPngs } from './draw/png.ts';
import { drawInline, drawStandalone } from './draw/svg.ts';
import { loadAssets } from './page/assets.ts';
import type { PageChart } from './page/figure.ts';
import type { DrawnRun } from './page/run-report.ts';
import { renderPage } from './page.ts';
import { type Run, readRun } from './run.ts';
import { renderSummary } from './summary.ts';

type Runs = readonly [Run, ...Run[]];

/** Width of the page's column, and of a phone's, in pixels. */
const wideWidthPx = 780;
const narrowWidthPx = 336;

/**
 * Renders all reports of valid records, several on one page, and returns the paths written. Files replace older ones whole or not
 * at all.
 */
export async function renderAll(records: readonly [RunRecord, ...RunRecord[]], directory: string): Promise<string[]> {
  const [first, ...others] = records;
  const runs: Runs = [readRun(first), ...others.map(readRun)];
  const charts = runs.flatMap((run, index) =>
    chartsOf(run).map((chart) => (others.length === 0 ? chart : { ...chart, name: `run-${index + 1}-${chart.name}` })),
  );
  return withScratch(directory, async (scratch) => [
    await writeWhole(join(directory, 'report.html'), await renderReport(runs), scratch),
    await writeWhole(join(directory, 'summary.md'), runs.map(renderSummary).join('\n'), scratch),
    ...(await writeCharts(charts, join(directory, 'charts'), scratch)),
  ]);
}

/** Draws charts that belong to no run, as SVG and PNG; returns the paths written. */
export function renderCharts(charts: readonly Chart[], directory: string): Promise<string[]> {
  return withScratch(directory, (scratch) => writeCharts(charts, directory, scratch));
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
export async function renderReport([first, ...others]: Runs): Promise<string> {
  const fonts = await loadFonts();
  const drawn: [DrawnRun, ...DrawnRun[]] = [await drawRun(first, fonts)];
  for (const run of others) drawn.push(await drawRun(run, fonts));
  return renderPage(drawn, await loadAssets(fonts));
}

/** One chart after the other: memory is what this takes most. */
async function drawRun(run: Run, fonts: Fonts): Promise<DrawnRun> {
  const drawAll = async (charts: readonly Chart[]) => {
    const drawn: PageChart[] = [];
    for (const chart of charts) drawn.push(await drawForPage(chart, fonts));
    return drawn;
  };
  return {
    run,
    comparison: await drawAll(comparisonChartsOf(run)),
    sweep: await drawAll(sweepChartsOf(run)),
    storms: await drawAll(stormChartsOf(run)),
  };
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
