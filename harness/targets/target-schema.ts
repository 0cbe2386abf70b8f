// What a target file exports → a definition that can be trusted, or every problem of it, a line each with the field and where it stands.
import { z } from 'zod';
import { suggest } from '../contract/settings.ts';
import type { TargetDefinition, TargetFaults } from './define-target.ts';

const text = z.string().min(1);
const isFunction = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function');
const command = text;

const faults = z.strictObject({
  kill: command.optional(),
  drain: command.optional(),
  start: command.optional(),
  restart: command.optional(),
  stall: command.optional(),
  resume: command.optional(),
} satisfies Record<keyof TargetFaults, z.ZodType>);

const definition = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,39}$/i)
    .optional(),
  transport: z.enum(['polling', 'long-polling', 'sse', 'websocket']),
  url: z.string().refine((url) => /^(https?|wss?):\/\/[^/]/.test(url) && URL.canParse(url)),
  headers: z.union([z.record(text, z.string().regex(/^[^\r\n]*$/)), isFunction]).optional(),
  body: z.string().optional(),
  subprotocol: z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]+$/)
    .optional(),
  onOpen: z.union([z.string(), z.array(z.string()), isFunction]).optional(),
  decode: isFunction.optional(),
  snapshot: z.boolean().optional(),
  publish: z.union([command, isFunction]).optional(),
  run: command.optional(),
  pid: z.union([z.number().int().positive(), command]).optional(),
  metrics: z.url({ protocol: /^https?$/ }).optional(),
  role: text.optional(),
  ca: text.optional(),
  faults: faults.optional(),
} satisfies Record<keyof TargetDefinition, z.ZodType>);

const expected: Readonly<Record<string, string>> = {
  name: 'letters, digits, dots and hyphens, at most 40',
  transport: 'polling, long-polling, sse or websocket',
  url: 'an address such as ws://127.0.0.1:3000/socket',
  headers: 'texts without line breaks by name, or a function of the client that gives them',
  body: 'a text',
  subprotocol: 'one word, such as graphql-transport-ws',
  onOpen: 'a text, a list of texts, or a function of the client that gives them',
  decode: 'a function of a message',
  snapshot: 'true or false',
  publish: 'a function of a change, or a command',
  run: 'a command',
  pid: 'a process id, or a command that prints it',
  metrics: 'an address such as http://127.0.0.1:3000/metrics',
  role: 'the name of a Postgres role',
  ca: 'the path of a certificate (PEM)',
  faults: 'commands by fault: kill, drain, start, restart, stall, resume',
};

/** Where problems are: the file as it was named, and its text. */
export interface TargetSource {
  readonly path: string;
  readonly text: string;
}

export function readDefinition(
  exported: unknown,
  source: TargetSource,
): { definition: TargetDefinition } | { problems: string[] } {
  if (typeof exported !== 'object' || exported === null)
    return {
      problems: [
        `${source.path} has no default export that describes a target; expected export default defineTarget({ … })`,
      ],
    };
  const parsed = definition.safeParse(exported);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => describeIssue(issue, exported, source));
  if (problems.length === 0) problems.push(...contradictions(exported as TargetDefinition, source));
  return problems.length > 0 ? { problems } : { definition: exported as TargetDefinition };
}

function describeIssue(issue: z.core.$ZodIssue, exported: object, source: TargetSource): string[] {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path[0] === 'faults' ? Object.keys(faults.shape) : Object.keys(definition.shape);
    return issue.keys.map(
      (key) =>
        `${placeOf(key, source)}: a target has no '${key}'; expected one of ${known.join(', ')}${suggest(key, known)}`,
    );
  }
  const field = String(issue.path[0]);
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    exported,
  );
  const near =
    field === 'transport' && typeof value === 'string' ? suggest(value, definition.shape.transport.options) : '';
  const what = value === undefined ? 'is missing' : `is ${spell(value)}`;
  return [`${placeOf(field, source)}: ${issue.path.join('.')} ${what}; expected ${expected[field]}${near}`];
}

/** Fields that are each right but do not go together. */
function contradictions(target: TargetDefinition, source: TargetSource): string[] {
  const { transport, url, faults = {} } = target;
  const isWebSocket = transport === 'websocket';
  const problem = (field: string, what: string) => `${placeOf(field, source)}: ${what}`;
  const problems: string[] = [];
  if (isWebSocket !== url.startsWith('ws'))
    problems.push(
      problem('url', `url is '${url}'; expected ${isWebSocket ? 'ws or wss' : 'http or https'} for ${transport}`),
    );
  for (const field of ['onOpen', 'subprotocol'] as const)
    if (target[field] !== undefined && !isWebSocket)
      problems.push(problem(field, `${field} is for websocket; expected none with ${transport}`));
  if (target.body !== undefined && isWebSocket)
    problems.push(problem('body', 'body is for requests; expected onOpen with websocket'));
  for (const field of ['publish', 'snapshot'] as const)
    if (target[field] !== undefined && target.decode === undefined && field === 'snapshot')
      problems.push(problem(field, 'snapshot says what decode will find; expected decode beside it'));
  if (target.run !== undefined && (target.pid !== undefined || target.faults !== undefined))
    problems.push(
      problem('run', 'with run the server is a child of ours, whose pid and faults need no word; expected run alone'),
    );
  if ((faults.kill ?? faults.drain) !== undefined && faults.start === undefined)
    problems.push(
      problem(
        'faults',
        'faults end the server and never bring it back; expected start beside kill and drain, or restart alone',
      ),
    );
  if ((faults.stall === undefined) !== (faults.resume === undefined))
    problems.push(problem('faults', 'faults have only one of stall and resume; expected both'));
  return problems;
}

/** `my-target.ts:12`: the line on which a field is written; the file alone where it is not found. */
function placeOf(field: string, { path, text }: TargetSource): string {
  const written = new RegExp(`(^|[\\s{,])['"]?${field.replaceAll(/\W/g, '\\$&')}['"]?\\s*[:(,]`);
  const lines = text.split('\n');
  const at = lines.findIndex(
    (line, index) => !/^\s*(\/\/|\*|import\b)/.test(line) && written.test(line) && isInside(lines, index),
  );
  return at < 0 ? path : `${path}:${at + 1}`;
}

/** A field stands after the call that it belongs to. */
function isInside(lines: readonly string[], index: number): boolean {
  const call = lines.findIndex((line) => /\bdefineTarget\(|export default/.test(line) && !/^\s*import\b/.test(line));
  return call < 0 || index >= call;
}

function spell(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text.replaceAll('"', "'");
}
