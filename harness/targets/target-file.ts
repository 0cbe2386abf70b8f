// Target files as they are named on the command line → what is in them, or every problem, a line each with its place.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { BuildFailure } from 'esbuild';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { isLoopback } from '../contract/loopback.ts';
import { buildBundles } from '../services/bundle.ts';
import type { TargetDefinition } from './define-target.ts';
import { describeBreak, loadDefinition } from './foreign.ts';
import type { ForeignTarget } from './foreign-system.ts';
import { readDefinition } from './target-schema.ts';

/**
 * Reads them; with `url` they speak of the server that runs there, and no longer of a process or role of their own. Throws `input` with
 * all problems.
 */
export async function readTargetFiles(
  files: readonly string[],
  { allowedHosts, url }: { readonly allowedHosts: readonly string[]; readonly url?: string },
): Promise<ForeignTarget[]> {
  const problems: string[] = [];
  const targets: ForeignTarget[] = [];
  for (const file of files) {
    const read = await readTargetFile(file, url);
    if ('problems' in read) problems.push(...read.problems);
    else targets.push(read.target);
  }
  for (const { subject, file } of targets) {
    problems.push(...hostProblems(subject.url, allowedHosts, file));
    if (targets.filter((other) => other.subject.name === subject.name).length > 1)
      problems.push(`${file}: another target is called ${subject.name} as well; expected a name of its own`);
  }
  if (problems.length > 0) throw new FreshetError('input', [...new Set(problems)]);
  return targets;
}

async function readTargetFile(
  file: string,
  url: string | undefined,
): Promise<{ target: ForeignTarget } | { problems: string[] }> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { problems: [`--target-file ${file} cannot be read: ${messageOf(error)}; expected a TypeScript file`] };
  }
  const exported = await loadFile(file);
  if ('problem' in exported) return { problems: [exported.problem] };
  const read = readDefinition(exported.definition, { path: file, text });
  if ('problems' in read) return read;
  const definition = url === undefined ? read.definition : elsewhere(read.definition, url);
  const subject = {
    name: definition.name ?? basename(file).replace(/(\.target)?\.[cm]?[jt]s$/, ''),
    url: definition.url,
    changes: definition.publish === undefined ? ('theirs' as const) : ('ours' as const),
    tellsVersions: definition.decode !== undefined,
  };
  return { target: { subject, definition, file } };
}

/** The same server at another address: what names one process, database or command cannot be meant for that one. */
export function elsewhere(definition: TargetDefinition, url: string): TargetDefinition {
  const { run: _run, pid: _pid, role: _role, faults: _faults, metrics, ...rest } = definition;
  const origin = originOf(definition.url);
  const isOrigin = /^[^:]+:\/\/[^/?#]+\/?$/.test(url);
  const scheme = (text: string) => (text.startsWith('ws') ? url.replace(/^http/, 'ws') : url).replace(/\/$/, '');
  return {
    ...rest,
    url: isOrigin ? definition.url.replace(origin, scheme(definition.url)) : url,
    ...(metrics !== undefined &&
      originOf(metrics).replace(/^ws/, 'http') === origin.replace(/^ws/, 'http') && {
        metrics: metrics.replace(originOf(metrics), originOf(url).replace(/^ws/, 'http')),
      }),
  };
}

function originOf(url: string): string {
  return /^[^:]+:\/\/[^/?#]+/.exec(url)?.[0] ?? url;
}

async function loadFile(file: string): Promise<{ definition: TargetDefinition } | { problem: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'freshet-target-'));
  try {
    const { target } = await buildBundles(directory, { target: file });
    return { definition: loadDefinition(target) };
  } catch (error) {
    if (error instanceof FreshetError) return { problem: describeCompileError(file, error) };
    return { problem: describeBreak(file, { field: 'loading it', error }) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The compiler's first complaint, with its place: `api.ts:4: Expected "}" but found "url"`. */
function describeCompileError(file: string, error: FreshetError): string {
  const [first] = (error.cause as Partial<BuildFailure>).errors ?? [];
  if (first === undefined) return `${file} cannot be compiled: ${error.message}`;
  const { text, location } = first;
  if (location === null) return `${file}: ${text}; expected a file that can be compiled`;
  const where = basename(location.file) === basename(file) ? file : location.file;
  return `${where}:${location.line}: ${text}; expected a file that can be compiled`;
}

/** Load goes to this machine, or to whom the user has named. */
export function hostProblems(url: string, allowed: readonly string[], where: string): string[] {
  const { hostname } = new URL(url);
  if (isLoopback(hostname) || allowed.includes(hostname)) return [];
  return [`${where}: ${url} is not on this machine; expected consent to put load on it: --allow-host ${hostname}`];
}
