// A run and its drawn charts → report.html: one file that needs nothing else, complete without JavaScript.
import type { Chart } from './charts/chart.ts';
import { looksOf } from './charts/chart.ts';
import { pageTheme } from './charts/theme.ts';
import { escapeHtml } from './escape.ts';
import { keepUnits } from './figures.ts';
import { type Headline, headlineOf } from './headline.ts';
import type { Assets } from './page/assets.ts';
import { renderDataTable } from './page/data-table.ts';
import { minuteOf, renderEnvironment } from './page/environment.ts';
import { renderEveryFigure, renderFindings, renderTheory, renderWitnesses } from './page/evidence.ts';
import { isEmpty, type Run } from './run.ts';
import { stormSystemTableOf, stormTableOf } from './storm-table.ts';
import { renderHtmlTable } from './table/html.ts';
import { tableOf } from './table.ts';
import { renderVerdictHtml } from './verdict/dialects.ts';
import { type Conclusion, concludeRun } from './verdict/verdict.ts';

/** A chart and its two drawings, for a desk and for a phone. */
export interface PageChart {
  readonly chart: Chart;
  readonly wideSvg: string;
  readonly narrowSvg: string;
}

/** The charts of the comparison, and those of the storms. */
export interface PageCharts {
  readonly comparison: readonly PageChart[];
  readonly storms: readonly PageChart[];
}

/** The page. */
export function renderPage(run: Run, charts: PageCharts, assets: Assets): string {
  const conclusion = concludeRun(run);
  const headline = headlineOf(run, conclusion);
  const sections = [
    renderHeader(run, headline),
    renderVerdict(run, conclusion),
    ...renderComparison(run, charts.comparison),
    renderStorms(run, charts.storms),
    section('Theory against measurement', renderTheory(run)),
    section('Witnesses', renderWitnesses(run)),
    section('Findings', renderFindings(run)),
    section('Repeat it', renderEnvironment(run)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${assets.policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(`Freshet: ${headline.sentences[0] ?? ''}`)}</title>
<style>${assets.style}</style>
</head>
<body>
<main>
${sections.filter((html) => html !== '').join('\n')}
</main>
<div id="tip" role="status"></div>
<script>${assets.script}</script>
</body>
</html>
`;
}

function renderHeader(run: Run, headline: Headline): string {
  const [first = '', ...others] = headline.sentences;
  const caveats = headline.caveats.map((caveat) => `<li>${escapeHtml(caveat)}</li>`).join('');
  const state = headline.kind === 'finding' ? '' : ` class="warning${isEmpty(run) ? ' empty' : ''}"`;
  return `<header${state}>
<div class="top"><span>Freshet · ${escapeHtml(minuteOf(run.record.startedAt))}</span><button type="button" id="theme" hidden>Light or dark</button></div>
<h1>${escapeHtml(keepUnits(first))}</h1>
${others.map((sentence) => `<p class="lead">${escapeHtml(keepUnits(sentence))}</p>`).join('')}
<p class="conditions">${escapeHtml(headline.conditions.join(' · '))}</p>
${caveats === '' ? '' : `<ul class="caveats">${caveats}</ul>`}
</header>`;
}

/** Who meets what, and what would change the answer. */
function renderVerdict(run: Run, conclusion: Conclusion): string {
  const { verdict, candidates } = conclusion;
  const names = run.contenders.map(({ name }) => name);
  const body = renderVerdictHtml(conclusion, (row) =>
    lineKey(run, names.indexOf(candidates[row]?.contender.name ?? '')),
  );
  return body === '' ? '' : section(verdict.kind === 'trade-offs' ? 'Trade-offs' : 'Requirements', body);
}

function renderComparison(run: Run, charts: readonly PageChart[]): string[] {
  if (run.contenders.length === 0 && !isEmpty(run)) return [];
  const table = renderHtmlTable(tableOf(run), (row) => lineKey(run, row));
  return [
    section('Comparison', table + renderEveryFigure(run.contenders)),
    charts.length === 0 ? '' : section('Charts', charts.map(renderChart).join('')),
  ];
}

function renderStorms(run: Run, charts: readonly PageChart[]): string {
  if (run.storms.length === 0) return '';
  // Where there are only storms, the header says what they hold for.
  const conditions =
    run.contenders.length > 0 ? `<p class="conditions">${escapeHtml(run.stormConditions.join(' · '))}</p>` : '';
  return section(
    'Reconnect storm',
    `${conditions}${renderHtmlTable(stormTableOf(run))}${charts.map(renderChart).join('')}<h3 class="machine">What the system felt</h3>${renderHtmlTable(stormSystemTableOf(run))}${renderEveryFigure(run.storms)}`,
  );
}

function section(heading: string, body: string): string {
  const id = heading.toLowerCase().replaceAll(' ', '-');
  return `<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>${body}</section>`;
}

function renderChart({ chart, wideSvg, narrowSvg }: PageChart): string {
  const data = renderDataTable({
    caption: `Data of the chart: ${chart.title}`,
    columns: chart.data.columns.map((heading, index) => ({ heading, numeric: index > 0 })),
    rows: chart.data.rows,
  });
  return `<figure>
<figcaption><h3>${escapeHtml(keepUnits(chart.title))}</h3><p>${escapeHtml(chart.subtitle)}</p></figcaption>
<div class="plot wide">${wideSvg}</div><div class="plot narrow">${narrowSvg}</div>
<details><summary>Data of this chart</summary>${data}</details>
</figure>`;
}

/** A short line in the contender's colour and pattern, as the charts draw it. */
function lineKey(run: Run, row: number): string {
  const look = looksOf(run.contenders)[row];
  if (look === undefined) return '';
  const { mark } = pageTheme().series(look.transport, look.variant);
  const dash = look.variant === 0 ? '' : ` stroke-dasharray="${look.dash.join(' ')}"`;
  return `<svg class="key" aria-hidden="true" viewBox="0 0 20 10"><path d="M0 5h20" stroke="${mark}" stroke-width="3"${dash}/></svg>`;
}
