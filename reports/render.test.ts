import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runRecord } from '../harness/contract/record.ts';
import { oddRecords } from './fixtures/odd.ts';
import { buildRecord } from './fixtures/record.ts';
import { buildMixedRecord } from './fixtures/storm.ts';
import { renderAll, renderReport } from './render.ts';
import { readRun } from './run.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'freshet-render-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const charts = ['freshness', 'database-queries', 'stale-screens', 'cost-per-client', 'timeline', 'pool-waits'];

describe('rendering a run', () => {
  it('writes the report, the summary and each chart twice, and leaves nothing else behind', async () => {
    const target = join(directory, 'whole');
    const paths = await renderAll([buildRecord()], target);
    const expected = [
      'report.html',
      'summary.md',
      ...charts.flatMap((name) => [`charts/${name}.svg`, `charts/${name}.png`]),
    ].sort();
    expect(paths.map((path) => relative(target, path)).sort()).toEqual(expected);
    const found = (await readdir(target, { recursive: true })).filter((name) => name !== 'charts').sort();
    expect(found).toEqual(expected);
  });

  it('draws the storm beside the charts of the comparison', async () => {
    const paths = await renderAll([buildMixedRecord()], join(directory, 'mixed'));
    const pictures = paths.filter((path) => path.endsWith('.svg')).map((path) => relative(directory, path));
    expect(pictures).toEqual([...charts, 'reconnect-storm'].map((name) => `mixed/charts/${name}.svg`));
  });

  it('puts several runs on one page, each with pictures of its own', async () => {
    const small = buildRecord({ clients: 20, contenders: ['sse'] });
    const paths = await renderAll([small, small], join(directory, 'several'));
    const pictures = paths.filter((path) => path.endsWith('.svg')).map((path) => relative(directory, path));
    expect(pictures).toEqual(
      ['run-1-', 'run-2-'].flatMap((run) => charts.map((name) => `several/charts/${run}${name}.svg`)),
    );
    expect(await readFile(paths[0] ?? '', 'utf8')).toContain('<article id="run-2"');
  });

  it('draws a record of an older version, and names what it does not hold', async () => {
    const text = await readFile(new URL('./fixtures/old/0.1.0.golden.json', import.meta.url), 'utf8');
    const html = await renderReport([readRun(runRecord.parse(JSON.parse(text)))]);
    expect(html).toContain(
      'Not drawn, since the record does not hold it: stale screens over time, waits for a database connection over time',
    );
    expect(html).toContain('15,000/min');
  });

  it('says the same of the same record, and replaces what was there', async () => {
    const target = join(directory, 'twice');
    const [report = ''] = await renderAll([buildRecord({ clients: 20, contenders: ['sse'] })], target);
    const first = await readFile(report, 'utf8');
    await renderAll([buildRecord({ clients: 20, contenders: ['sse'] })], target);
    expect(await readFile(report, 'utf8')).toBe(first);
  });

  it.each(Object.entries(oddRecords()))('survives %s with a report below 1.5 MB', async (_, record) => {
    const html = await renderReport([readRun(record)]);
    expect(html.length).toBeLessThan(1_500_000);
    expect(html).not.toMatch(/>(?:undefined|NaN|null)</);
  });
});
