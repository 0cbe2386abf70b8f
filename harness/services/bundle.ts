// Makes what is measured, and what measures, one CommonJS file each that plain `node` runs: tsx would cost every process
// 35 MB and 0.4 s of CPU, and make closures dearer. In: entry points; out: the files' paths.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';
import { FreshetError, messageOf } from '../contract/errors.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The entry points of a run, in the source tree at `root` (by default our own; a gate drives another tree's servers). */
export function entryPoints(root: string = repository) {
  return {
    servers: join(root, 'servers/main.ts'),
    publisher: join(root, 'harness/publisher/main.ts'),
    shard: join(root, 'harness/swarm/main.ts'),
  };
}

/** The program that makes the changes of a target file. */
export const targetProgramEntry = join(repository, 'harness/publisher/foreign/main.ts');

/** CommonJS has no `import.meta.url`; sources that use it find the bundle's own address. */
const importMetaUrl = 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;';

let queue: Promise<unknown> = Promise.resolve();

/**
 * Bundles each entry point into `directory/NAME.cjs`, with a linked source map (`node --enable-source-maps` reads it).
 * Throws `environment` when a source is missing or wrong.
 */
export async function buildBundles<Name extends string>(
  directory: string,
  entries: Readonly<Record<Name, string>>,
): Promise<Record<Name, string>> {
  const built = queue.then(() => bundle(directory, entries));
  // One after the other, because each stops the compiler when it is done.
  queue = built.catch(() => null);
  try {
    await built;
  } catch (error) {
    throw new FreshetError('environment', `could not bundle ${Object.keys(entries).join(', ')}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const bundles = Object.keys(entries).map((name) => [name, join(directory, `${name}.cjs`)]);
  return Object.fromEntries(bundles) as Record<Name, string>;
}

/** Twelve hexadecimal digits by which two bundles of the same code are known. */
export async function hashOfBundle(file: string): Promise<string> {
  const code = await readFile(file);
  return createHash('sha256').update(code).digest('hex').slice(0, 12);
}

async function bundle(directory: string, entries: Readonly<Record<string, string>>): Promise<void> {
  try {
    await build({
      entryPoints: { ...entries },
      outdir: directory,
      // The same bytes from wherever it is called.
      absWorkingDir: repository,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      sourcemap: 'linked',
      // How a target file calls us, wherever it lies.
      alias: { 'freshet/target': join(repository, 'harness/targets/define-target.ts') },
      define: { 'import.meta.url': '__importMetaUrl' },
      banner: { js: importMetaUrl },
      // Optional parts, which pg and ws do without when they are missing.
      external: ['pg-native', 'pg-cloudflare', 'bufferutil', 'utf-8-validate'],
      logLevel: 'silent',
    });
  } finally {
    // Or its compiler, 48 MB, would stay beside the run.
    await stop();
  }
}
