// The server interface `freshet.server/1`: `servers/main <role> '<settings as JSON>'`, or the settings in FRESHET_SETTINGS, which
// other users cannot see (passwords are in them). When ready it prints one line of JSON on stdout. SIGTERM and SIGINT end it cleanly with 0; bad input is exit code 2, a service that cannot be reached is 3.
import type { z } from 'zod';
import { startRelay } from './feed/relay.ts';
import type { Listening } from './listening.ts';
import { type ReadyLine, type Role, roles, serverInterface, settingsVariable } from './protocol.ts';
import { startPublishing } from './publish.ts';
import { prepare } from './schema.ts';
import { startServer } from './server.ts';
import { conflictsOf, prepareSettings, publishSettings, relaySettings, serverSettings } from './settings.ts';

class BadInput extends Error {}

/** Failures come in floods when a service is away; the same line is told once a second. */
const sameLineEveryMs = 1_000;
let lastProblem = '';

function report(problem: string): void {
  if (problem === lastProblem) return;
  lastProblem = problem;
  setTimeout(() => {
    if (lastProblem === problem) lastProblem = '';
  }, sameLineEveryMs).unref();
  process.stderr.write(`${problem}\n`);
}

function announceReady(role: Role, port: number | null): void {
  const ready: ReadyLine = { interface: serverInterface, role, pid: process.pid, port, offers: ['actions'] };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

const run: Record<Role, (json: string) => Promise<void>> = {
  prepare: async (json) => {
    await prepare(parseSettings(prepareSettings, json));
    announceReady('prepare', null);
  },
  serve: async (json) => {
    const settings = parseSettings(serverSettings, json);
    const conflicts = conflictsOf(settings);
    if (conflicts.length > 0) throw new BadInput(conflicts.join('; '));
    await runUntilSignal('serve', await startServer(settings, report));
  },
  relay: async (json) => {
    await runUntilSignal('relay', await startRelay(parseSettings(relaySettings, json), report));
  },
  publish: async (json) => {
    const print = (result: object): void => void process.stdout.write(`${JSON.stringify(result)}\n`);
    const publishing = await startPublishing(parseSettings(publishSettings, json), print, report);
    onSignal(() => publishing.stop());
    announceReady('publish', null);
    await publishing.run(process.stdin);
  },
};

async function runUntilSignal(role: Role, listening: Listening): Promise<void> {
  const signalled = new Promise<void>((resolve) => onSignal(resolve));
  announceReady(role, listening.port);
  await signalled;
  await listening.stop();
}

function onSignal(act: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, act);
}

function parseSettings<Schema extends z.ZodType>(schema: Schema, json: string): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new BadInput(`the settings are not JSON: ${String(error)}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BadInput(
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`).join('; '),
  );
}

async function main([role, json = process.env[settingsVariable] ?? '{}']: string[]): Promise<number> {
  try {
    const known = roles.find((candidate) => candidate === role);
    if (known === undefined) throw new BadInput(`role "${role ?? ''}" is unknown: expected ${roles.join(', ')}`);
    await run[known](json);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message || String(error) : String(error)}\n`);
    return error instanceof BadInput ? 2 : 3;
  }
}

// Sockets to a service that hangs would otherwise keep the process alive.
void main(process.argv.slice(2)).then((exitCode) => process.exit(exitCode));
