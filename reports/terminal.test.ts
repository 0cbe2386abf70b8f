import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../harness/contract/record.ts';
import { comparisonTablesOf } from './comparison-table.ts';
import { interruptedRecord, oddRecords } from './fixtures/odd.ts';
import { notBackRecord, unmeasuredStormRecord } from './fixtures/odd-storm.ts';
import { buildMixedRecord, buildStormRecord } from './fixtures/storm.ts';
import { readRun } from './run.ts';
import { stormSystemTableOf, stormTableOf } from './storm-table.ts';
import { renderMarkdownTable } from './table/markdown.ts';
import { textWidth } from './table/text-width.ts';
import { renderTerminalTables } from './terminal.ts';

const plain = (record: RunRecord) => renderTerminalTables(readRun(record), { color: false });

describe('the tables of a run', () => {
  it.each([
    ['mixed', buildMixedRecord()],
    ['storm-not-back', notBackRecord()],
    ['storm-unmeasured', unmeasuredStormRecord()],
  ])('read as their golden file: %s', async (name, record) => {
    await expect(plain(record)).toMatchFileSnapshot(`fixtures/golden/terminal-${name}.golden.txt`);
  });

  it.each(Object.entries(oddRecords()))('keep to 80 columns: %s', (_, record) => {
    expect(Math.max(...plain(record).split('\n').map(textWidth))).toBeLessThanOrEqual(80);
  });

  it('mix no trial of a storm into the comparison', () => {
    const [mixed, storms] = [readRun(buildMixedRecord()), readRun(buildStormRecord())];
    expect(comparisonTablesOf(mixed)[0]?.rows.map(({ label }) => label)).toEqual([
      'polling',
      'polling+cache=1s',
      'long-polling',
      'sse',
      'websocket',
    ]);
    expect(stormTableOf(mixed)).toEqual(stormTableOf(storms));
    expect(plain(buildStormRecord())).not.toContain('contender');
  });

  it('name what was not run once, below the last of them', () => {
    const { trials } = buildStormRecord();
    const interrupted = interruptedRecord();
    const text = plain({ ...interrupted, trials: [...interrupted.trials, ...trials] });
    expect(text.match(/Not run/g)).toHaveLength(1);
    expect(text.trimEnd().endsWith('Not run: sse #1, websocket #1')).toBe(true);
  });
});

describe('the tables of the storms', () => {
  it('say why each figure is missing, in what the system felt too', () => {
    const run = readRun(unmeasuredStormRecord());
    for (const table of [stormTableOf(run), stormSystemTableOf(run)]) {
      expect(table.rows[0]?.cells.every(({ text, note }) => text === '–' && note === 1)).toBe(true);
      expect(table.footnotes).toEqual(['the counters could not be read', 'not in the run record']);
    }
  });

  it('say of those who are not back whether they gave up', () => {
    expect(renderMarkdownTable(stormTableOf(readRun(notBackRecord())))).toContain(
      'not back by the end; 3 of them gave up',
    );
    const once = notBackRecord();
    const thrice = [1, 2, 3].flatMap((repetition) => once.trials.map((trial) => ({ ...trial, repetition })));
    expect(renderMarkdownTable(stormTableOf(readRun({ ...once, trials: thrice })))).toContain(
      'not back by the end; 9 of them gave up',
    );
  });
});
