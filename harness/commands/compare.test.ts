// The compare command from files to exit code.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildRecord } from '../../reports/fixtures/record.ts';
import type { RunRecord } from '../contract/record.ts';
import { runCompare } from './compare.ts';

let root: string;
let said: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'freshet-compare-'));
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

async function save(name: string, change: (record: RunRecord) => void = () => {}): Promise<string> {
  const record = buildRecord({ contenders: ['polling', 'websocket'] });
  change(record);
  await writeFile(join(root, name), JSON.stringify(record));
  return join(root, name);
}

const doubleQueries = (record: RunRecord) => {
  for (const trial of record.trials) trial.metrics['db.queriesPerMinute'] = { unit: '1/min', value: 40_000 };
};

describe('compare', () => {
  it('ends with 0 when nothing got worse, 1 when something did', async () => {
    const [before, after] = [await save('a.json'), await save('b.json', doubleQueries)];
    expect(await runCompare([before, before], { threshold: [] })).toBe(0);
    expect(said).toContain('The candidate is no worse');
    expect(await runCompare([before, after], { threshold: [] })).toBe(1);
    expect(said).toContain('The candidate is worse in 2 figures: polling: db.queriesPerMinute');
    expect(await runCompare([after, before], { threshold: [] })).toBe(0);
  });

  it('takes another limit, and thresholds of the candidate', async () => {
    const before = await save('a.json');
    const after = await save('b.json', ({ trials: [first] }) => {
      if (first !== undefined) first.metrics['db.queriesPerMinute'] = { unit: '1/min', value: 15_600 };
    });
    expect(await runCompare([before, after], { threshold: [] })).toBe(1);
    expect(await runCompare([before, after], { threshold: [], limit: '5%' })).toBe(0);
    expect(await runCompare([before, before], { threshold: ['polling.db.queriesPerMinute < 600'] })).toBe(1);
    expect(said).toContain('BROKEN  polling.db.queriesPerMinute < 600: 15,003/min');
  });

  it('writes what other tools read, and prints the same as JSON', async () => {
    const [before, after] = [await save('a.json'), await save('b.json', doubleQueries)];
    const out = join(root, 'out');
    expect(await runCompare([before, after], { threshold: [], out, json: true })).toBe(1);
    expect((await readdir(out)).sort()).toEqual(['benchmark.json', 'compare.json', 'junit.xml', 'summary.md']);
    expect(JSON.parse(said)).toMatchObject({ schema: 'freshet.compare/1', failed: true });
    expect(await readFile(join(out, 'compare.json'), 'utf8')).toBe(said);
    expect(await readFile(join(out, 'junit.xml'), 'utf8')).toContain('failures="2"');
  });

  it('refuses unlike runs with every difference, and all else that is wrong, at once', async () => {
    const before = await save('a.json');
    const after = await save('b.json', (record) => {
      record.services.postgres = { driver: 'url', version: '17.2' };
      for (const trial of record.trials) trial.settings.payload = 900;
    });
    const flags = { threshold: ['websockt.staleShare < 5%'], limit: 'none' };
    await expect(runCompare([before, after], flags)).rejects.toMatchObject({
      kind: 'input',
      problems: [
        expect.stringContaining("contender 'websockt' is not measured"),
        expect.stringContaining("--limit is 'none'; expected a share"),
        'unlike runs: postgres is 18.4 (embedded) in the baseline, 17.2 (url) in the candidate',
        expect.stringContaining(
          'polling, 500 clients, 1 audience: payload is 500 in the baseline, 900 in the candidate',
        ),
        expect.stringContaining('websocket, 500 clients, 1 audience: payload is 500'),
        expect.stringContaining('expected two runs of the same command'),
      ],
    });
  });

  it('refuses a run whose figures cannot be trusted, and one without any', async () => {
    const before = await save('a.json');
    const invalid = await save('b.json', (record) => {
      record.status = 'invalid';
      record.trials[0]?.health.push({ severity: 'fatal', code: 'CLOCK_STEPPED', message: '' });
    });
    await expect(runCompare([before, invalid], { threshold: [] })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('b.json is invalid (CLOCK_STEPPED)'),
    });
    const empty = await save('c.json', (record) => record.trials.splice(0));
    await expect(runCompare([empty, before], { threshold: [] })).rejects.toMatchObject({ kind: 'input' });
    await expect(runCompare([join(root, 'none.json'), before], { threshold: [] })).rejects.toMatchObject({
      kind: 'input',
    });
  });
});
