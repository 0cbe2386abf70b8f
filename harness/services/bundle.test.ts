import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBundles, entryPoints } from './bundle.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'freshet-bundle-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const source = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

describe('a bundle', () => {
  it('runs under plain node, dependencies included', async () => {
    const undo = new URL('undo-database.ts', import.meta.url).pathname;
    const { undo: bundle } = await buildBundles(directory, { undo });
    const ended = spawnSync(process.execPath, [bundle], { cwd: '/', encoding: 'utf8', input: '{}' });
    expect(ended.stderr).toContain('ZodError');
  });

  it('knows its own address', async () => {
    const { self } = await buildBundles(directory, { self: source('self.ts', 'console.log(import.meta.url)') });
    expect(execFileSync(process.execPath, [self], { encoding: 'utf8' }).trim()).toBe(`file://${self}`);
  });

  it('has stacks that name the source', async () => {
    const entry = source('failing.ts', 'interface Longer { than: string }\n\nthrow new Error("told");');
    const { failing } = await buildBundles(directory, { failing: entry });
    const ended = spawnSync(process.execPath, ['--enable-source-maps', failing], { encoding: 'utf8' });
    expect(ended.stderr).toContain('failing.ts:3');
  });

  it('needs no optional part of a library: an older version is installed without them', async () => {
    const parts = ['pg-native', 'pg-cloudflare', 'bufferutil', 'utf-8-validate'];
    const entry = source('parts.ts', `export const load = () => [${parts.map((part) => `require('${part}')`)}];`);
    await expect(buildBundles(directory, { parts: entry })).resolves.toBeDefined();
    await expect(buildBundles(directory, { other: source('other.ts', "require('no-such-part')") })).rejects.toThrow(
      'no-such-part',
    );
  });

  it('is made several at once', async () => {
    const names = ['one', 'two', 'three'];
    const built = await Promise.all(
      names.map((name) => buildBundles(directory, { [name]: source(`${name}.ts`, `console.log('${name}')`) })),
    );
    const said = built
      .flatMap(Object.values<string>)
      .map((path) => execFileSync(process.execPath, [path], { encoding: 'utf8' }));
    expect(said).toEqual(['one\n', 'two\n', 'three\n']);
  });

  it('that cannot be made says why, and the next one can', async () => {
    const bad = buildBundles(directory, { servers: source('bad.ts', 'import "./missing.ts"') });
    await expect(bad).rejects.toThrow(/could not bundle servers: .*missing\.ts/s);
    await expect(bad).rejects.toMatchObject({ kind: 'environment' });
    await expect(buildBundles(directory, { good: source('good.ts', '') })).resolves.toEqual({
      good: join(directory, 'good.cjs'),
    });
  });
});

it('finds the entry points of any source tree', () => {
  expect(entryPoints('/older').servers).toBe('/older/servers/main.ts');
  expect(entryPoints().shard).toMatch(/\/harness\/swarm\/main\.ts$/);
});
