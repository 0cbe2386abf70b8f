import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildRecord } from '../../reports/fixtures/record.ts';
import { runRecord } from '../contract/record.ts';
import { openStore, readRecord } from './store.ts';

const startedAt = new Date('2026-01-02T03:04:05Z');
const record = runRecord.parse(buildRecord());

let root: string;
let warnings: string[];
const open = (at = root) =>
  openStore({ root: at, startedAt, scenario: 'dashboard', warn: (line) => warnings.push(line) });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'freshet-store-'));
  warnings = [];
});
afterEach(() => rm(root, { recursive: true }));

test('keeps the record, and points latest at the newest run', async () => {
  await (await open()).write(record);
  const second = await open();
  expect(await readRecord(await second.write(record))).toEqual(record);
  expect(await readlink(join(root, 'latest'))).toBe(basename(second.directory));
  expect(warnings).toEqual([]);
});

test('goes on where a directory is in the way of latest, says so once, and leaves nothing of the attempt', async () => {
  await mkdir(join(root, 'latest'));
  const store = await open();
  await store.write(record);
  expect(await readRecord(await store.write(record))).toEqual(record);
  expect(warnings).toEqual([expect.stringMatching(/latest cannot be pointed at this run: .*; the run is in /)]);
  expect((await readdir(root)).sort()).toEqual([basename(store.directory), 'latest']);
});

test('points latest at nothing in which nothing was measured', async () => {
  await (await open()).write({ ...record, trials: [] });
  expect(await readdir(root)).not.toContain('latest');
});

test('keeps other files beside the record, and takes them back with it', async () => {
  const store = await open();
  await store.keep('nginx.conf', 'first');
  await store.keep('nginx.conf', 'second');
  expect(await readFile(join(store.directory, 'nginx.conf'), 'utf8')).toBe('second');
  await store.discard();
  expect(await readdir(root)).toEqual([]);
});

test('says that a file is a file', async () => {
  const file = join(root, 'file');
  await writeFile(file, '');
  await expect(open(file)).rejects.toThrow(
    `cannot write to ${file}: it is a file; expected a directory; choose another with --out`,
  );
  await expect(open(join(file, 'below'))).rejects.toThrow(/a part of this path is a file; expected a directory/);
});
