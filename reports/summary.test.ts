import { describe, expect, it } from 'vitest';
import { hostileRecord, invalidRecord, oddRecords } from './fixtures/odd.ts';
import { notBackRecord } from './fixtures/odd-storm.ts';
import { buildRecord } from './fixtures/record.ts';
import { buildMixedRecord } from './fixtures/storm.ts';
import { readRun } from './run.ts';
import { renderSummary } from './summary.ts';

describe('summary.md', () => {
  it.each([
    ['default', buildRecord()],
    ['invalid', invalidRecord()],
    ['mixed', buildMixedRecord()],
    ['storm-not-back', notBackRecord()],
  ])('reads as its golden file: %s', async (name, record) => {
    await expect(renderSummary(readRun(record))).toMatchFileSnapshot(`fixtures/golden/summary-${name}.golden.md`);
  });

  it('renders a hostile record inert: no markup, link, mention, reference or broken fence', () => {
    const summary = renderSummary(readRun(hostileRecord()));
    const [prose = '', ...fenced] = summary.split(/^`{3,}\w+$/m);
    expect(prose).not.toMatch(/<\w|<\/|@team|#1\b|:\/\/|(?<!\\)\]\(|(?!\n)\p{Cc}|\p{Cf}/u);
    expect(fenced).toHaveLength(1);
    expect(summary.trimEnd().endsWith('````')).toBe(true);
  });

  it.each(Object.entries(oddRecords()))('stays well within what a comment may hold: %s', (_, record) => {
    const summary = renderSummary(readRun(record));
    expect(summary.length).toBeLessThan(20_000);
    expect(summary).not.toMatch(/undefined|NaN|Infinity/);
  });
});
