// Somebody's own server as a target: a plan that goes to every shard, and with the definition of its file the target itself.
import { createRequire } from 'node:module';
import { nowUs, wallClock } from '../contract/clock.ts';
import { messageOf } from '../contract/errors.ts';
import type { Transport } from '../contract/record.ts';
import type { Address, Asking, Decoded, Target } from '../contract/target.ts';
import { browserRequest } from './browser-request.ts';
import type { TargetClient, TargetDefinition, Told } from './define-target.ts';

export interface ForeignTargetPlan {
  readonly kind: 'foreign';
  readonly transport: Transport;
  /** The target file as a bundle that plain node loads. */
  readonly bundle: string;
  /** As its user named it. */
  readonly file: string;
  /** In place of the definition's, where a gate measures another. */
  readonly url: string;
  readonly addresses: readonly Address[];
  readonly isSecure: boolean;
  /** The certificate (PEM) that vouches for it; `null`: public authorities do. */
  readonly authority: string | null;
  readonly keepAlive: boolean;
  readonly changes: 'ours' | 'theirs';
  /** What was published before this trial, so that a version is never told twice. */
  readonly base: number;
  readonly networksSeed?: number;
}

/** Loads a bundled target file; its first lines have been looked at by then. */
export function loadDefinition(bundle: string): TargetDefinition {
  const loaded = createRequire(import.meta.url)(bundle) as { readonly default?: TargetDefinition };
  return loaded.default as TargetDefinition;
}

/** The target of a plan. `onBroken` is told once, when the file's own code fails. */
export function foreignTarget(
  plan: ForeignTargetPlan,
  definition: TargetDefinition,
  onBroken: (problem: string) => void,
): Target {
  const { headers, decode, snapshot = true } = definition;
  const texts = [plan.url, definition.body, ...(typeof headers === 'object' ? Object.values(headers) : [])];
  const mentions = (word: string) => texts.some((text) => text?.includes(word));
  const breaks = new Breaks(plan.file, onBroken);
  const reading = new Reading(definition, breaks);
  return {
    transport: plan.transport,
    isForeign: true,
    addresses: plan.addresses,
    asksAfterVersion: mentions('{held}'),
    asksByRank: typeof headers === 'function' || mentions('{client}'),
    ...(definition.subprotocol !== undefined && { subprotocol: definition.subprotocol }),
    greets: decode !== undefined && snapshot,
    request: (asking) => breaks.guard('headers', () => requestOf(plan, definition, asking)) ?? '',
    firstMessages: ({ rank, audience }) =>
      breaks.guard('onOpen', () => messagesOf(definition.onOpen, { client: rank, audience })) ?? [],
    decode: (bytes, start, end, into) => reading.decode(bytes, start, end, into),
    get pong() {
      return reading.reply;
    },
  };
}

function requestOf(plan: ForeignTargetPlan, definition: TargetDefinition, asking: Asking): string {
  const { audience, held, rank = 0, cookies = '' } = asking;
  const client = { client: rank, audience };
  const fill = (text: string) => fillIn(text, client, held);
  const given = typeof definition.headers === 'function' ? definition.headers(client) : (definition.headers ?? {});
  const lines = Object.entries(given).flatMap(([name, value]) =>
    held === null && value.includes('{held}') ? [] : [`${name}: ${fill(value)}`],
  );
  const url = new URL(fill(plan.url));
  return browserRequest({
    transport: plan.transport,
    path: url.pathname + url.search,
    host: url.host,
    isSecure: plan.isSecure,
    keepAlive: plan.keepAlive,
    headers: [
      // What is packed could not be read here.
      'Accept-Encoding: identity',
      ...(definition.subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${definition.subprotocol}`]),
      ...lines,
      ...(cookies === '' ? [] : [`Cookie: ${cookies}`]),
    ],
    ...(definition.body !== undefined && { body: fill(definition.body) }),
  });
}

function messagesOf(onOpen: TargetDefinition['onOpen'], client: TargetClient): string[] {
  if (typeof onOpen === 'function') return [onOpen(client)].flat();
  return [onOpen ?? []].flat().map((text) => fillIn(text, client, null));
}

function fillIn(text: string, { client, audience }: TargetClient, held: number | null): string {
  return text
    .replaceAll('{client}', String(client))
    .replaceAll('{audience}', String(audience))
    .replaceAll('{held}', held === null ? '' : String(held));
}

/** Messages through the file's own decoder. */
class Reading {
  /** The answer to the message decoded last. */
  reply: string | null = null;
  readonly #definition: TargetDefinition;
  readonly #breaks: Breaks;
  /** What the calendar's clock is ahead of ours, µs. */
  readonly #calendarUs = wallClock().getTime() * 1000 - nowUs();

  constructor(definition: TargetDefinition, breaks: Breaks) {
    this.#definition = definition;
    this.#breaks = breaks;
  }

  decode(bytes: Buffer, start: number, end: number, into: Decoded): void {
    const { decode } = this.#definition;
    into.kind = decode === undefined ? 'snapshot' : 'other';
    into.version = 0;
    into.intendedUs = 0;
    if (decode === undefined) return;
    const text = bytes.toString('utf8', start, end);
    const told = this.#breaks.guard('decode', () => checked(decode(text)), text);
    if (told === null) return;
    const { version, changedAt, reply } = told;
    this.reply = reply ?? null;
    if (version !== undefined) {
      into.kind = 'update';
      into.version = version;
      if (changedAt !== undefined) into.intendedUs = Number(changedAt) * 1000 - this.#calendarUs;
    } else if (reply !== undefined) into.kind = 'ping';
  }
}

function checked(told: Told | null | undefined): Told | null {
  if (told === null || told === undefined) return null;
  const { version, changedAt, reply } = told;
  const isNumber = (value: unknown) => value === undefined || Number.isFinite(Number(value));
  if (version !== undefined && !Number.isFinite(version))
    throw new TypeError(`it gave version ${JSON.stringify(version)}; expected a number`);
  if (!isNumber(changedAt)) throw new TypeError(`it gave changedAt ${String(changedAt)}; expected a Date or ms`);
  if (reply !== undefined && typeof reply !== 'string') throw new TypeError('it gave a reply that is no text');
  return told;
}

/** Runs the file's own code, and tells of its first failure. */
class Breaks {
  readonly #file: string;
  readonly #onBroken: (problem: string) => void;
  #isBroken = false;

  constructor(file: string, onBroken: (problem: string) => void) {
    this.#file = file;
    this.#onBroken = onBroken;
  }

  guard<T>(field: string, run: () => T, message?: string): T | null {
    try {
      return run();
    } catch (error) {
      if (!this.#isBroken) this.#onBroken(describeBreak(this.#file, { field, error, message }));
      this.#isBroken = true;
      return null;
    }
  }
}

/** `my-target.ts:14: decode failed on '…': …`. */
export function describeBreak(
  file: string,
  { field, error, message }: { field: string; error: unknown; message?: string | undefined },
): string {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const line = stack.split('\n').find((frame) => frame.includes(`/${name}:`));
  const at = line === undefined ? null : new RegExp(`/${name.replaceAll(/\W/g, '\\$&')}:(\\d+)`).exec(line)?.[1];
  const on = message === undefined ? '' : ` on '${message.slice(0, 120)}'`;
  return `${file}${at == null ? '' : `:${at}`}: ${field} failed${on}: ${withCause(error)}`;
}

/** `fetch failed` alone says nothing. */
function withCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)}: ${messageOf(cause)}` : messageOf(error);
}
