// `--scenario-file FILE`: JSON, or a TypeScript or JavaScript module's default export → a scenario of its own: one of ours with other
// settings, contenders, columns and limits. All that it holds is checked before anything runs.
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { parseSubject } from '../contract/comparison.ts';
import { FreshetError, messageOf } from '../contract/errors.ts';
import type { Scenario } from '../contract/scenario.ts';
import { parseSetting, type Setting, suggest } from '../contract/settings.ts';
import { parseThresholds } from '../contract/threshold.ts';
import { parseContender } from '../plan/contender.ts';

const texts = z.array(z.string()).min(1);

const scenarioFile = z.strictObject({
  /** Of small letters, digits and dashes: records are called by it. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'expected small letters, digits and dashes, such as our-dashboard'),
  /** The scenario that it varies. */
  extends: z.string().default('dashboard'),
  question: z.string().min(1).optional(),
  contenders: texts.optional(),
  /** Settings, spelled as `--set` spells them. */
  set: z.record(z.string(), z.union([z.string(), z.number()], 'expected a text or a number')).default({}),
  columns: texts.optional(),
  thresholds: z.array(z.string()).default([]),
});

/** Reads it. Throws `input` with one line for each problem, each of which names the file and the part. */
export async function readScenarioFile(path: string, known: readonly Scenario[]): Promise<Scenario> {
  const parsed = scenarioFile.safeParse(await load(path));
  const refuse = (problems: readonly string[]): never => {
    throw new FreshetError(
      'input',
      problems.map((problem) => `${path}: ${problem}`),
    );
  };
  if (!parsed.success)
    return refuse(parsed.error.issues.map(({ path: part, message }) => `${part.join('.') || 'the file'}: ${message}`));
  const { extends: parent, set, contenders, columns, thresholds, ...own } = parsed.data;
  const names = known.map(({ name }) => name);
  const base = known.find(({ name }) => name === parent);
  const problems: string[] = [];
  if (names.includes(own.name)) problems.push(`name: ${own.name} is one of Freshet's own; expected another`);
  if (base === undefined)
    return refuse([
      ...problems,
      `extends: '${parent}' is not known; expected ${names.join(', ')}${suggest(parent, names)}`,
    ]);
  const spellings = contenders ?? base.contenders;
  problems.push(
    ...spellings.flatMap((text) => problemsOf(parseContender(text)).map((problem) => `contenders: ${problem}`)),
    ...(columns ?? []).flatMap((text) => problemsOf(parseSubject(text)).map((problem) => `columns: ${problem}`)),
    ...parseThresholds(thresholds, spellings, 'thresholds:').problems,
  );
  const settings = { ...base.settings };
  for (const [name, value] of Object.entries(set)) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    const told = setting === undefined ? unknownSetting(name, base) : parseSetting(name, setting, String(value));
    if ('problem' in told) problems.push(`set: ${told.problem}`);
    else if (setting !== undefined) settings[name] = withDefault(setting, value);
  }
  if (problems.length > 0) return refuse(problems);
  const { quickContenders: _, ...rest } = base;
  return {
    ...(contenders === undefined ? base : rest),
    ...own,
    question: own.question ?? base.question,
    contenders: spellings,
    settings,
    thresholds,
    ...(columns !== undefined && { columns }),
  };
}

async function load(path: string): Promise<unknown> {
  const isModule = ['.ts', '.mts', '.js', '.mjs'].includes(extname(path));
  try {
    if (!isModule) return JSON.parse(await readFile(path, 'utf8'));
    return ((await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new FreshetError(
      'input',
      `--scenario-file ${path} cannot be read: ${messageOf(error)}; expected JSON, or a module with a scenario as its default export`,
    );
  }
}

function problemsOf(parsed: object): readonly string[] {
  if ('problems' in parsed) return parsed.problems as readonly string[];
  return 'problem' in parsed ? [parsed.problem as string] : [];
}

function unknownSetting(name: string, { settings, name: parent }: Scenario): { problem: string } {
  const known = Object.keys(settings);
  return { problem: `${parent} has no setting '${name}'; expected one of ${known.join(', ')}${suggest(name, known)}` };
}

/** The same setting with what the file says in place of its default; it was read without a problem. */
function withDefault(setting: Setting, value: string | number): Setting {
  return setting.kind === 'count' ? { ...setting, default: Number(value) } : { ...setting, default: String(value) };
}
