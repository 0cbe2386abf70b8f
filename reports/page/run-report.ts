// A run and its drawn charts → its part of the page: headline and sections in the order in which a reader asks.
import { absentCharts } from '../charts/all.ts';
import { comparisonsOf, comparisonTablesOf } from '../comparison-table.ts';
import { escapeHtml } from '../escape.ts';
import { keepUnits } from '../figures.ts';
import { type Headline, headlineOf } from '../headline.ts';
import { isEmpty, type Run } from '../run.ts';
import { namedFigures, scaledTablesOf } from '../scaling/figures.ts';
import { lineTableOf } from '../scaling/tables.ts';
import { stormSystemTableOf, stormTableOf } from '../storm-table.ts';
import { renderHtmlTable } from '../table/html.ts';
import { renderVerdictHtml } from '../verdict/dialects.ts';
import { type Conclusion, concludeRun } from '../verdict/verdict.ts';
import { minuteOf, renderEnvironment } from './environment.ts';
import { renderEveryFigure, renderFindings, renderTheory, renderWitnesses } from './evidence.ts';
import { type PageChart, renderFigure } from './figure.ts';
import { seriesKey } from './series-key.ts';

/** A run, the charts of its comparison, of its other scales, and of its storms. */
export interface DrawnRun {
  readonly run: Run;
  readonly comparison: readonly PageChart[];
  readonly sweep: readonly PageChart[];
  readonly storms: readonly PageChart[];
}

interface Section {
  readonly heading: string;
  /** HTML; a section without is left out. */
  readonly body: string;
}

/** The report of the only run of a page, or of its `number`-th, which its ids begin with. */
export function renderRunReport(drawn: DrawnRun, number: number | null): string {
  const { run } = drawn;
  const id = number === null ? '' : `${runId(number)}-`;
  const conclusion = concludeRun(run);
  const sections = sectionsOf(drawn, conclusion)
    .filter(({ body }) => body !== '')
    .map(({ heading, body }) => ({ heading, body, id: `${id}${heading.toLowerCase().replaceAll(' ', '-')}` }));
  const links = sections.map((section) => `<li><a href="#${section.id}">${section.heading}</a></li>`).join('');
  return [
    renderHeader(run, headlineOf(run, conclusion)),
    `<nav aria-label="Contents${number === null ? '' : ` of run ${number}`}"><ul>${links}</ul></nav>`,
    // A landmark's name must be its own; where several runs have the same sections, their headings lead there.
    ...sections.map(
      (section) =>
        `<section${number === null ? ` aria-labelledby="${section.id}"` : ''}><h2 id="${section.id}">${section.heading}</h2>${section.body}</section>`,
    ),
  ].join('\n');
}

/** Where the `number`-th run of several begins. */
export function runId(number: number): string {
  return `run-${number}`;
}

function sectionsOf({ run, comparison, sweep, storms }: DrawnRun, conclusion: Conclusion): Section[] {
  const table = { heading: 'Comparison', body: renderComparison(run) };
  const verdict = renderVerdict(run, conclusion);
  return [
    // Who meets what belongs to the verdict; without requirements there are figures first, and then what they turn on.
    ...(conclusion.verdict.kind === 'trade-offs'
      ? [table, { heading: 'Trade-offs', body: verdict }]
      : [{ heading: 'Requirements', body: verdict }, table]),
    { heading: 'Charts', body: renderCharts(run, comparison) },
    { heading: 'At other scales', body: renderScales(run, sweep) },
    { heading: 'Reconnect storm', body: renderStorms(run, storms) },
    { heading: 'Findings', body: renderFindings(run) },
    { heading: 'Theory against measurement', body: renderTheory(run) },
    { heading: 'Witnesses', body: renderWitnesses(run) },
    { heading: 'Repeat it', body: renderEnvironment(run) },
  ];
}

function renderHeader(run: Run, headline: Headline): string {
  const [first = '', ...others] = headline.sentences;
  const caveats = headline.caveats.map((caveat) => `<li>${escapeHtml(caveat)}</li>`).join('');
  const state = headline.kind === 'finding' ? '' : ` class="warning${isEmpty(run) ? ' empty' : ''}"`;
  return `<header${state}>
<p class="top">Freshet · ${escapeHtml(minuteOf(run.record.startedAt))}</p>
<h1>${escapeHtml(keepUnits(first))}</h1>
${others.map((sentence) => `<p class="lead">${escapeHtml(keepUnits(sentence))}</p>`).join('')}
<p class="conditions">${escapeHtml(keepUnits(headline.conditions.join(' · ')))}</p>
${caveats === '' ? '' : `<ul class="caveats">${caveats}</ul>`}
</header>`;
}

/** Who meets what, and what would change the answer. */
function renderVerdict(run: Run, conclusion: Conclusion): string {
  return renderVerdictHtml(conclusion, (row) => {
    const candidate = conclusion.candidates[row];
    return candidate === undefined ? '' : seriesKey(run, run.contenders.indexOf(candidate.contender));
  });
}

function renderComparison(run: Run): string {
  if (run.contenders.length === 0 && !isEmpty(run)) return '';
  const comparisons = comparisonsOf(run);
  const tables = comparisonTablesOf(run).map((table, index) => {
    const { contenders, scenarios } = comparisons[index] ?? { contenders: [], scenarios: [] };
    const questions = scenarios.flatMap(({ name, question }) =>
      question === null ? [] : [`<p class="sub"><strong>${escapeHtml(name)}</strong>: ${escapeHtml(question)}</p>`],
    );
    const keyOf = (row: number) => {
      const contender = contenders[row];
      return contender === undefined ? '' : seriesKey(run, run.contenders.indexOf(contender));
    };
    return questions.join('') + renderHtmlTable(table, keyOf);
  });
  return tables.join('') + renderEveryFigure(run.contenders);
}

function renderCharts(run: Run, charts: readonly PageChart[]): string {
  if (charts.length === 0) return '';
  const absent = absentCharts(run);
  const note =
    absent.length === 0
      ? ''
      : `<p class="remark">Not drawn, since the record does not hold it: ${absent.join(', ')}.</p>`;
  return charts.map(renderFigure).join('') + note;
}

function renderScales(run: Run, charts: readonly PageChart[]): string {
  const { sweep } = run;
  if (sweep === null) return '';
  const tables = scaledTablesOf(run).map(
    (table) => `<h3 class="machine">${escapeHtml(table.caption)}</h3>${renderHtmlTable(table)}`,
  );
  const lines =
    namedFigures(run) !== null
      ? ''
      : `<details><summary>The lines that the costs follow</summary>${renderHtmlTable(lineTableOf(sweep))}</details>`;
  return charts.map(renderFigure).join('') + tables.join('') + lines;
}

function renderStorms(run: Run, charts: readonly PageChart[]): string {
  if (run.storms.length === 0) return '';
  // Where there are only storms, the header says what they hold for.
  const conditions =
    run.contenders.length > 0
      ? `<p class="conditions">${escapeHtml(keepUnits(run.stormConditions.join(' · ')))}</p>`
      : '';
  return `${conditions}${renderHtmlTable(stormTableOf(run))}${charts.map(renderFigure).join('')}<h3 class="machine">What the system felt</h3>${renderHtmlTable(stormSystemTableOf(run))}${renderEveryFigure(run.storms)}`;
}
