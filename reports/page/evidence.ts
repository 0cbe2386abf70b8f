// A run → what lets a reader judge its figures: theory beside measurement, witnesses, findings, every figure. As HTML.
import { type MetricName, metricNames, metricOf } from '../../harness/contract/metrics.ts';
import { formatNumber } from '../../harness/contract/units.ts';
import { counted } from '../conditions.ts';
import { escapeHtml } from '../escape.ts';
import { formatDeviation, formatWithUnit, unmeasuredMark } from '../figures.ts';
import { centreOf, type Figure, quantileOf, reasonOf } from '../merge.ts';
import { type Contender, isEmpty, type Run, trialName } from '../run.ts';
import { type DataCell, renderDataTable } from './data-table.ts';

/** Each figure that arithmetic predicts, beside what was measured. */
export function renderTheory(run: Run): string {
  const rows = [...run.contenders, ...run.storms].flatMap((contender) =>
    metricNames.flatMap((name) => {
      const figure = contender.figures[name];
      return figure === undefined || figure.expected === null
        ? []
        : [theoryRow(contender, name, figure, figure.expected)];
    }),
  );
  if (rows.length === 0) return '<p class="sub">Arithmetic predicts none of the figures of this run.</p>';
  return renderDataTable({
    caption: 'What arithmetic predicts, and what was measured',
    columns: [
      { heading: 'contender' },
      { heading: 'figure' },
      { heading: 'theory', numeric: true },
      { heading: 'measured', numeric: true },
      { heading: 'deviation', numeric: true },
      { heading: 'because' },
    ],
    rows,
  });
}

function theoryRow(contender: Contender, name: MetricName, figure: Figure, expected: number): DataCell[] {
  const unit = metricOf(name).unit;
  const value = centreOf(figure);
  return [
    contender.label,
    metricCell(name, figure.kind === 'distribution' ? ' p50' : ''),
    formatWithUnit(expected, unit),
    formatWithUnit(value, unit),
    value === null ? unmeasuredMark : formatDeviation(value, expected, unit),
    figure.because ?? '',
  ];
}

/** The same counts by parties that do not know of each other. */
export function renderWitnesses(run: Run): string {
  const counts = run.record.trials.flatMap((trial) =>
    trial.witnesses.map((count) => ({ ...count, where: trialName(run.record, trial) })),
  );
  if (counts.length === 0) return '<p class="sub">This run recorded no counts to compare.</p>';
  const judged = counts.map((count) => ({
    ...count,
    verdict: verdictOf([count.clients, count.servers, count.database]),
  }));
  const differing = judged.filter(({ verdict }) => verdict === 'differ').length;
  const compared = judged.filter(({ verdict }) => verdict !== 'alone').length;
  const verdict =
    differing === 0
      ? `All ${counted(compared, 'count')} that two or more took agree to the last one.`
      : `${differing} of ${counted(compared, 'count')} differ.`;
  const table = renderDataTable({
    caption: 'Counts by clients, servers and database',
    columns: [
      { heading: 'trial' },
      { heading: 'count' },
      { heading: 'clients', numeric: true },
      { heading: 'servers', numeric: true },
      { heading: 'database', numeric: true },
      { heading: 'agreement' },
    ],
    rows: judged.map((count) => [
      count.where,
      count.what,
      ...[count.clients, count.servers, count.database].map(countText),
      count.verdict,
    ]),
  });
  return `<p>${verdict}</p><details${differing > 0 ? ' open' : ''}><summary>The counts</summary>${table}</details>`;
}

function verdictOf(counts: readonly (number | null)[]): 'agree' | 'differ' | 'alone' {
  const known = counts.filter((count) => count !== null);
  if (known.length < 2) return 'alone';
  return new Set(known).size === 1 ? 'agree' : 'differ';
}

function countText(count: number | null): string {
  return count === null ? unmeasuredMark : formatNumber(count);
}

/** What speaks against the figures, the fatal first. */
export function renderFindings(run: Run): string {
  if (isEmpty(run)) return '<p>Nothing was measured, so there was nothing to check.</p>';
  if (run.findings.length === 0) return '<p>No check found a reason to distrust these figures.</p>';
  const ordered = [...run.findings].sort((a, b) => Number(b.severity === 'fatal') - Number(a.severity === 'fatal'));
  const items = ordered.map(
    ({ severity, code, where, message }) =>
      `<li><span class="severity ${severity}">${severity}</span><strong>${escapeHtml(code)}</strong> <span class="sub">${escapeHtml(where)}</span><p><bdi>${escapeHtml(message)}</bdi></p></li>`,
  );
  return `<ul class="findings">${items.join('')}</ul>`;
}

/** The whole catalogue as far as these contenders hold it. */
export function renderEveryFigure(contenders: readonly Contender[]): string {
  const names = metricNames.filter((name) => contenders.some(({ figures }) => figures[name] !== undefined));
  const table = renderDataTable({
    caption: 'Every figure',
    columns: [{ heading: 'figure' }, ...contenders.map(({ label }) => ({ heading: label, numeric: true }))],
    rows: names.map((name) => [
      metricCell(name, ''),
      ...contenders.map(({ figures }) => figureCell(name, figures[name])),
    ]),
  });
  return `<details><summary>Every figure (medians of distributions, with p99)</summary>${table}</details>`;
}

function metricCell(name: MetricName, suffix: string): DataCell {
  return {
    html: `<span class="name" title="${escapeHtml(metricOf(name).meaning)}">${escapeHtml(name)}${suffix}</span>`,
  };
}

function figureCell(name: MetricName, figure: Figure | undefined): DataCell {
  const { unit } = metricOf(name);
  if (figure === undefined) return unmeasuredMark;
  const open = figure.uncertainty === null ? '' : ` ± ${formatWithUnit(figure.uncertainty, unit)}`;
  const centre = centreOf(figure);
  const value = `<span title="${escapeHtml(reasonOf(figure))}">${unmeasuredMark}</span>`;
  if (figure.kind === 'scalar') return centre === null ? { html: value } : `${formatWithUnit(centre, unit)}${open}`;
  const p99 = quantileOf(figure, 0.99);
  // The clocks of agents may tell the long times and not the short ones.
  if (centre === null) return { html: p99 === null ? value : `${value} (p99 ${formatWithUnit(p99, unit)})${open}` };
  return `${formatWithUnit(centre, unit)} (p99 ${formatWithUnit(p99, unit)})${open}`;
}
