// What stands below a verdict, as a terminal, a pull request and a page show it.
import { describe, expect, it } from 'vitest';
import { hostileRecord, invalidRecord, oddRecords, twelveRecord } from '../fixtures/odd.ts';
import { buildRecord } from '../fixtures/record.ts';
import { buildMixedRecord } from '../fixtures/storm.ts';
import { readRun } from '../run.ts';
import { renderSummary } from '../summary.ts';
import { textWidth } from '../table/text-width.ts';
import { renderTerminal } from '../terminal.ts';
import { renderVerdictHtml, renderVerdictMarkdown, renderVerdictTerminal } from './dialects.ts';
import { concludeRun } from './verdict.ts';

const require = ['freshness<3s', 'queries<600', 'every-update', 'recovery<10s'];
const concluded = concludeRun(readRun({ ...buildMixedRecord(), require }));
const hostileNeed = '</script><b>"@team [x](javascript:1) \u202e\u001b[31m < 3s';

describe('a verdict with its table', () => {
  it('reads as its golden file on a terminal, and in a summary', async () => {
    const run = readRun({ ...buildMixedRecord(), require });
    await expect(renderTerminal(run, { color: false })).toMatchFileSnapshot(
      '../fixtures/golden/terminal-required.golden.txt',
    );
    await expect(renderSummary(run)).toMatchFileSnapshot('../fixtures/golden/summary-required.golden.md');
  });

  it('says on the page what it says on a terminal', () => {
    const html = renderVerdictHtml(concluded, () => '');
    for (const { text } of concluded.verdict.breakEvens)
      expect(html.replaceAll('\u00a0', ' ')).toContain(text.replaceAll('<', '&lt;'));
    expect(html).toContain('freshness p99 &lt; 3 s');
    expect(html).not.toMatch(/freshness p99 < /);
  });

  it.each([['twelve contenders', twelveRecord()], ...Object.entries(oddRecords())])(
    'keeps to 80 columns, and to words: %s',
    (_, record) => {
      const conclusion = concludeRun(readRun({ ...record, require }));
      const terminal = renderVerdictTerminal(conclusion, { color: false });
      expect(Math.max(...terminal.split('\n').map(textWidth))).toBeLessThanOrEqual(80);
      for (const text of [terminal, renderVerdictMarkdown(conclusion), renderVerdictHtml(conclusion, () => '')])
        expect(text).not.toMatch(/undefined|NaN|Infinity|null/);
    },
  );

  it('shows nothing of an invalid run', () => {
    const conclusion = concludeRun(readRun({ ...invalidRecord(), require }));
    expect(renderVerdictMarkdown(conclusion)).toBe('');
    expect(renderVerdictHtml(conclusion, () => '')).toBe('');
    expect(renderVerdictTerminal(conclusion, { color: false })).toBe('');
  });

  it('lets no text of a record act', () => {
    const hostile = concludeRun(readRun({ ...hostileRecord(), require }));
    expect(renderVerdictHtml(hostile, () => '')).not.toMatch(/<script|<img|<b>/);
    const summary = renderSummary(readRun({ ...buildRecord(), require: [hostileNeed] }));
    expect(summary).not.toMatch(/<b>|<\/script|@team|(?<!\\)\]\(javascript|(?!\n)\p{Cc}|\p{Cf}/u);
    expect(summary).toContain('there is no verdict');
  });
});
