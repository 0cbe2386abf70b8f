// A verdict → what stands below its sentences: who meets what, what would change the answer, and what was not measured;
// as markdown, HTML and lines for a terminal.
import type { Verdict } from '../../harness/contract/record.ts';
import { escapeHtml, escapeMarkdown } from '../escape.ts';
import { keepUnits } from '../figures.ts';
import { renderHtmlTable } from '../table/html.ts';
import { renderMarkdownTable } from '../table/markdown.ts';
import { renderTerminalTable, type TerminalStyle } from '../table/terminal.ts';
import { wrapText } from '../table/text-width.ts';
import { requirementTableOf } from './requirement-table.ts';
import type { Conclusion } from './verdict.ts';

/** Empty for a verdict that is withheld: what cannot be believed has no break-even either. */
export function renderVerdictMarkdown({ verdict, candidates }: Conclusion): string {
  if (verdict.kind === 'withheld') return '';
  const items = verdict.breakEvens.map(({ basis, text }) => `- ${basis}: ${escapeMarkdown(text)}\n`);
  return [
    ...(candidates.length === 0 ? [] : [renderMarkdownTable(requirementTableOf(candidates))]),
    ...(items.length === 0 ? [] : [`**${headingOf(verdict)}:**\n\n${items.join('')}`]),
    `_${escapeMarkdown(gapsText(verdict))}_\n`,
  ].join('\n');
}

/** The same for the page, without its section; `key` gives what stands before a row's label. */
export function renderVerdictHtml({ verdict, candidates }: Conclusion, key: (row: number) => string): string {
  if (verdict.kind === 'withheld') return '';
  const items = verdict.breakEvens.map(
    ({ basis, text }) => `<li><span class="sub">${basis}:</span> ${escapeHtml(keepUnits(text))}</li>`,
  );
  return [
    candidates.length === 0 ? '' : renderHtmlTable(requirementTableOf(candidates), key),
    items.length === 0
      ? ''
      : `<h3 class="machine">${headingOf(verdict)}</h3><ul class="break-evens">${items.join('')}</ul>`,
    `<p class="sub">${escapeHtml(gapsText(verdict))}</p>`,
  ].join('');
}

/** The same for a terminal, a line break after each line. */
export function renderVerdictTerminal({ verdict, candidates }: Conclusion, style: TerminalStyle): string {
  if (verdict.kind === 'withheld') return '';
  const width = style.width ?? 80;
  const items = verdict.breakEvens.flatMap(({ basis, text }) =>
    wrapProse(`${basis}: ${text}`, width - 2).map((line, row) => `${row === 0 ? '- ' : '  '}${line}\n`),
  );
  const gaps = wrapProse(gapsText(verdict), width).map((line) => `${line}\n`);
  return [
    candidates.length === 0 ? '' : renderTerminalTable(requirementTableOf(candidates), style),
    items.length === 0 ? '' : `${headingOf(verdict)}:\n${items.join('')}`,
    gaps.join(''),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Lines that part no number from its unit. */
function wrapProse(text: string, width: number): string[] {
  return wrapText(keepUnits(text), width).map((line) => line.replaceAll('\u00a0', ' '));
}

function headingOf({ kind }: Verdict): string {
  return kind === 'trade-offs' ? 'What the choice turns on' : 'What would change the answer';
}

function gapsText({ notMeasured }: Verdict): string {
  return `Not measured: ${notMeasured.join('; ')}.`;
}
