import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../harness/contract/record.ts';
import { comparisonTablesOf } from './comparison-table.ts';
import {
  censoredRecord,
  hostileRecord,
  interruptedRecord,
  oddRecords,
  twelveRecord,
  unmeasuredRecord,
} from './fixtures/odd.ts';
import { buildRecord } from './fixtures/record.ts';
import { type Run, readRun } from './run.ts';
import { renderMarkdownTable } from './table/markdown.ts';
import { renderTerminalTable } from './table/terminal.ts';
import { textWidth } from './table/text-width.ts';

const plain = (record: RunRecord, width?: number) =>
  renderTerminalTable(tableOf(readRun(record)), { color: false, ...(width === undefined ? {} : { width }) });
const tableOf = (run: Run) => {
  const [table, ...others] = comparisonTablesOf(run);
  if (table === undefined || others.length > 0) throw new Error(`expected one table, found ${others.length + 1}`);
  return table;
};
const widest = (text: string) => Math.max(...text.split('\n').map(textWidth));

describe('the comparison table', () => {
  // After a wanted change: npx vitest run reports --update
  it.each([
    ['default', buildRecord()],
    ['unmeasured', unmeasuredRecord()],
    ['censored', censoredRecord()],
    ['interrupted', interruptedRecord()],
    ['twelve', twelveRecord()],
    ['repeated', buildRecord({ repetitions: 3, clients: 40 })],
  ])('reads as its golden file: %s', async (name, record) => {
    await expect(plain(record)).toMatchFileSnapshot(`fixtures/golden/table-${name}.golden.txt`);
    await expect(renderMarkdownTable(tableOf(readRun(record)))).toMatchFileSnapshot(
      `fixtures/golden/table-${name}.golden.md`,
    );
  });

  it('shows what was not measured as – with its reason, never as 0', () => {
    const { rows, footnotes } = tableOf(readRun(unmeasuredRecord()));
    expect(rows[0]?.cells.map(({ text }) => text)).toEqual(['–', '–', '–', '–', '–', '–']);
    expect(footnotes).toEqual(['pg_stat_statements is not installed', 'not in the run record']);
  });

  it('says when a figure is missing from some of the repetitions', () => {
    const record = buildRecord({ contenders: ['sse'], repetitions: 2 });
    const [first, second] = record.trials;
    if (first === undefined || second === undefined) throw new Error('expected two trials');
    const gap = {
      ...second,
      metrics: { ...second.metrics, 'db.queriesPerMinute': { unit: '1/min', value: null, reason: 'reset' } },
    };
    expect(tableOf(readRun({ ...record, trials: [first, gap] })).footnotes).toEqual([
      'measured in 1 of 2 repetitions (reset)',
    ]);
  });

  it('shows the figures that a scenario names, headed as the catalogue says, and still fits', () => {
    const record = buildRecord({ contenders: ['websocket', 'websocket+local+nodes=2+balancer=round-robin'] });
    const [single, double] = record.trials;
    if (single === undefined || double === undefined) throw new Error('expected two trials');
    const missed = { unit: 'count', value: 5_240, expected: 5_240, expectedBecause: 'half of the clients' };
    const nodes = { 'updates.missed': missed, 'nodes.skew': { unit: 'ratio', value: 1.05 } };
    const trials = [single, { ...double, metrics: { ...double.metrics, ...nodes } }];
    const columns = ['freshnessUs.p99', 'updates.missed', 'nodes.skew', 'nginx.cpuMsPerSecond'];
    const named = { ...record, trials, scenarios: { dashboard: { question: 'Who hears of a change?', columns } } };
    const table = tableOf(readRun(named));
    expect(table.columns.map(({ heading }) => heading)).toEqual([
      'freshness p99',
      'missed updates',
      'busiest node',
      'nginx CPU ms/s',
    ]);
    expect(table.rows[1]?.cells.map(({ text }) => text).slice(1)).toEqual(['5,240', '105 %', '–']);
    expect(table.footnotes).toEqual(['not in the run record']);
    expect(plain(named).split('\n').slice(0, 2).join('|')).toMatch(
      /freshness +missed +busiest +nginx\|.*p99 +updates +node +CPU ms\/s$/,
    );
    expect(widest(plain(named))).toBeLessThanOrEqual(80);
  });

  it('gives scenarios that name other figures a table of their own', () => {
    const record = buildRecord({ contenders: ['sse'] });
    const trials = [...record.trials, ...record.trials.map((trial) => ({ ...trial, scenario: 'other' }))];
    const question = 'What else?';
    const alike = { ...record, trials, scenarios: { other: { question } } };
    const apart = { ...record, trials, scenarios: { other: { question, columns: ['staleShare'] } } };
    const shown = (some: RunRecord) =>
      comparisonTablesOf(readRun(some)).map(({ rows, columns }) => [rows.map(({ label }) => label), columns.length]);
    expect(shown(alike)).toEqual([[['dashboard: sse', 'other: sse'], 6]]);
    expect(shown(apart)).toEqual([
      [['dashboard: sse'], 6],
      [['other: sse'], 1],
    ]);
  });

  it('names what was planned but not run', () => {
    expect(plain(interruptedRecord())).toContain('Not run: sse #1, websocket #1');
  });

  it('has colours only when asked', () => {
    const table = tableOf(readRun(buildRecord()));
    const coloured = renderTerminalTable(table, { color: true });
    expect(coloured).toContain('\u001b[');
    expect(coloured.replace(/\p{Cc}\[[0-9;]*m/gu, '')).toBe(renderTerminalTable(table, { color: false }));
  });
});

describe('the width of the terminal', () => {
  it.each(Object.entries(oddRecords()))('is kept at 80 columns: %s', (_, record) => {
    expect(widest(plain(record))).toBeLessThanOrEqual(80);
    expect(plain(record)).not.toContain('\u001b');
  });

  it('is kept whatever the figures and spellings', () => {
    const one = buildRecord({ contenders: ['sse', 'polling'], clients: 5 });
    const label = fc.string({ unit: 'grapheme', maxLength: 200 });
    const value = fc.double({ min: 0, max: 1e15, noNaN: true });
    return fc.assert(
      fc.property(label, value, value, fc.integer({ min: 40, max: 200 }), (contender, queries, rss, width) => {
        const trials = one.trials.map((trial) => ({
          ...trial,
          contender,
          metrics: {
            ...trial.metrics,
            'db.queriesPerMinute': { unit: '1/min', value: queries },
            'server.rssBytes': { unit: 'bytes', value: rss },
          },
        }));
        expect(widest(plain({ ...one, trials }, width))).toBeLessThanOrEqual(width);
      }),
      { numRuns: 150 },
    );
  });
});

it('keeps hostile text within one row of markdown', () => {
  const lines = renderMarkdownTable(tableOf(readRun(hostileRecord()))).split('\n');
  const cells = (line: string) => line.split(/(?<!\\)\|/).length;
  expect(lines.slice(0, 4).map(cells)).toEqual([9, 9, 9, 9]);
});
