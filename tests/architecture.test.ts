// The rules of the house, held against the code's own imports.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /^(harness|servers|reports|scenarios|benchmarks|scripts)\//.test(file));
const sources = files.filter((file) => !/\.(test|suite|fixture)\.ts$|fixtures?\//.test(file));

interface Import {
  readonly from: string;
  /** Path from the root, or the package's name. */
  readonly to: string;
  readonly isOurs: boolean;
}

function importsOf(file: string): Import[] {
  const { module, errors } = parseSync(file, readFileSync(join(root, file), 'utf8'));
  expect(errors, file).toEqual([]);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest }) => {
      const text = readFileSync(join(root, file), 'utf8').slice(moduleRequest.start, moduleRequest.end);
      return /^['"]/.test(text) ? text.slice(1, -1) : [];
    }),
  ];
  return specifiers.map((specifier) => {
    const isOurs = specifier.startsWith('.');
    return { from: file, to: isOurs ? relative(root, join(root, dirname(file), specifier)) : specifier, isOurs };
  });
}

const imports = sources.flatMap(importsOf);
const ours = imports.filter(({ isOurs }) => isOurs);

/** `harness/swarm/readers/x.ts` → `harness/swarm`; `servers/x.ts` → `servers`. */
function layerOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'harness' && !second.endsWith('.ts') ? `${first}/${second}` : first;
}

/** What a layer may import besides itself and harness/contract. Only commands (and the trial they share) see every layer. */
const allowed: Readonly<Record<string, readonly string[] | 'all'>> = {
  'harness/contract': [],
  servers: [],
  scenarios: [],
  reports: [],
  'harness/plan': [],
  'harness/services': [],
  'harness/targets': ['servers', 'harness/plan', 'harness/services'],
  'harness/swarm': ['harness/plan', 'harness/targets', 'harness/services'],
  'harness/agents': ['harness/plan', 'harness/services', 'harness/swarm', 'harness/targets'],
  'harness/publisher': ['servers', 'harness/plan', 'harness/services', 'harness/swarm', 'harness/targets'],
  'harness/model': ['harness/plan'],
  'harness/faults': ['harness/plan', 'harness/targets', 'harness/swarm'],
  'harness/measure': [
    'servers',
    'harness/faults',
    'harness/plan',
    'harness/model',
    'harness/services',
    'harness/swarm',
    'harness/publisher',
  ],
  'harness/record': ['servers', 'harness/plan', 'harness/model', 'harness/measure'],
  'harness/trial': 'all',
  'harness/commands': 'all',
  benchmarks: 'all',
  scripts: 'all',
  harness: 'all',
};

function violations(): string[] {
  return ours
    .filter(({ from, to }) => {
      const [layer, other] = [layerOf(from), layerOf(to)];
      const may = allowed[layer];
      if (may === undefined) return true;
      const isContract = other === 'harness/contract' && layer !== 'servers';
      return !(layer === other || may === 'all' || isContract || may.includes(other));
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

function findCycle(): string[] | null {
  const next = new Map<string, string[]>();
  for (const { from, to } of ours) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const target of next.get(file) ?? []) {
      const cycle = walk(target, [...path, file]);
      if (cycle !== null) return cycle;
    }
    done.add(file);
    return null;
  };
  for (const file of sources) {
    const cycle = walk(file, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

function sourcesMatching(pattern: RegExp): string[] {
  return sources.filter((file) =>
    pattern.test(readFileSync(join(root, file), 'utf8').replaceAll(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '')),
  );
}

describe('the house', () => {
  test('has imports to check', () => {
    expect(ours.length).toBeGreaterThan(150);
    expect(imports.some(({ to }) => to === 'ws')).toBe(true);
    expect(
      ours.some(({ from, to }) => from === 'harness/commands/bench.ts' && to === 'harness/trial/run-trial.ts'),
    ).toBe(true);
  });

  test('lets each layer import only what it may', () => {
    expect(violations()).toEqual([]);
  });

  test('has no cycle of imports', () => {
    expect(findCycle()).toBeNull();
  });

  test('reads time in two places only', () => {
    const readsTime = /\bDate\.now\(|new Date\(\)|performance\.now\(|process\.hrtime/;
    expect(sourcesMatching(readsTime).filter((file) => !file.endsWith('/clock.ts'))).toEqual([]);
  });

  test('prints from commands, the cli, servers/main, the program of a target file, benchmarks and scripts only', () => {
    const prints = /process\.std(out|err)\.write|console\.\w+\(/;
    expect(
      sourcesMatching(prints).filter(
        (file) =>
          !/^harness\/(cli\.ts|commands\/|publisher\/foreign\/main\.ts)|^servers\/main\.ts$|^(benchmarks|scripts)\//.test(
            file,
          ),
      ),
    ).toEqual([]);
  });

  test('ends the process from entry points, benchmarks and scripts only', () => {
    expect(
      sourcesMatching(/process\.exit\(/).filter(
        (file) => !/(^harness\/cli|\/main)\.ts$|^(benchmarks|scripts)\//.test(file),
      ),
    ).toEqual([]);
  });

  test('writes run records from the store only', () => {
    expect(
      sourcesMatching(/run\.json/).filter(
        (file) => !/^harness\/(record\/store|commands\/(program|report))\.ts$|^(reports|scripts)\//.test(file),
      ),
    ).toEqual([]);
  });
});
