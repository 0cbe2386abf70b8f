// A run → summary.md for pull requests and job summaries, which show tables and Mermaid but no embedded pictures.
import { comparisonTablesOf } from './comparison-table.ts';
import { escapeMarkdown, fenceMarkdown, quoteMermaid } from './escape.ts';
import { type Headline, headlineOf } from './headline.ts';
import { shorten } from './inert.ts';
import { isEmpty, numberOf, type Run } from './run.ts';
import { scaledTablesOf } from './scaling/figures.ts';
import { stormSystemTableOf, stormTableOf } from './storm-table.ts';
import { renderMarkdownTable } from './table/markdown.ts';
import { renderVerdictMarkdown } from './verdict/dialects.ts';
import { concludeRun } from './verdict/verdict.ts';

/** A pull request's comment holds 65,536 characters; the rest is in the report. */
const mostFindings = 20;
const messageLimit = 400;

/** The summary, ending in a line break. */
export function renderSummary(run: Run): string {
  const conclusion = concludeRun(run);
  const parts = [
    renderHeadline(headlineOf(run, conclusion)),
    renderVerdictMarkdown(conclusion),
    // A run that did nothing still shows what it would have compared.
    run.contenders.length > 0 || isEmpty(run) ? comparisonTablesOf(run).map(renderMarkdownTable).join('\n') : '',
    renderDiagram(run),
    renderScales(run),
    renderStorms(run),
    renderFindings(run),
    renderCommand(run),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function renderHeadline({ kind, sentences, conditions, caveats }: Headline): string {
  const text = sentences.map(escapeMarkdown).join(' ');
  const lines = [
    '## Freshet\n',
    kind === 'finding' ? `**${text}**\n` : `> [!WARNING]\n> ${text}\n`,
    `${escapeMarkdown(conditions.join(' · '))}\n`,
    ...caveats.map((caveat) => `_${escapeMarkdown(caveat)}_\n`),
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function renderScales(run: Run): string {
  if (run.sweep === null) return '';
  const tables = scaledTablesOf(run).map((table) => `${table.caption}:\n\n${renderMarkdownTable(table)}`);
  return ['### At other scales\n', ...tables].join('\n');
}

function renderStorms(run: Run): string {
  if (run.storms.length === 0) return '';
  return [
    '### Reconnect storm\n',
    ...(run.contenders.length > 0 ? [`${escapeMarkdown(run.stormConditions.join(' · '))}\n`] : []),
    renderMarkdownTable(stormTableOf(run)),
    'What the system felt, and what became of the updates of the gap:\n',
    renderMarkdownTable(stormSystemTableOf(run)),
  ].join('\n');
}

/** Mermaid knows no logarithmic axis, so small values are seen as small and read in the table. */
function renderDiagram(run: Run): string {
  const measured = run.contenders.flatMap((contender) => {
    const queries = numberOf(contender, 'db.queriesPerMinute');
    return queries === null ? [] : [{ label: shorten(contender.label, 40), queries }];
  });
  if (measured.length === 0) return '';
  const top = Math.max(1, Math.ceil(Math.max(...measured.map(({ queries }) => queries))));
  const diagram = [
    'xychart-beta',
    `  title ${quoteMermaid('Database queries a minute')}`,
    `  x-axis [${measured.map(({ label }) => quoteMermaid(label)).join(', ')}]`,
    `  y-axis ${quoteMermaid('queries/min')} 0 --> ${top}`,
    `  bar [${measured.map(({ queries }) => Number(queries.toFixed(2))).join(', ')}]`,
  ];
  return fenceMarkdown(diagram.join('\n'), 'mermaid');
}

function renderFindings(run: Run): string {
  if (isEmpty(run)) return '**Findings:** nothing was measured, so there was nothing to check.\n';
  if (run.findings.length === 0) return '**Findings:** none speaks against these figures.\n';
  const ordered = [...run.findings].sort((a, b) => Number(b.severity === 'fatal') - Number(a.severity === 'fatal'));
  const items = ordered
    .slice(0, mostFindings)
    .map(
      ({ severity, code, where, message }) =>
        `- ${severity} \`${code}\` ${escapeMarkdown(shorten(where, 80))}: ${escapeMarkdown(shorten(message, messageLimit))}\n`,
    );
  const more = ordered.length - items.length;
  return `**Findings:**\n\n${items.join('')}${more > 0 ? `- and ${more} more\n` : ''}`;
}

function renderCommand({ record }: Run): string {
  return `**Repeat it:**\n\n${fenceMarkdown(shorten(record.command, 2_000), 'sh')}`;
}
