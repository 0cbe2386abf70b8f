// What `simulate` was asked → a request that can be carried out, or every problem of it at once.
import { FreshetError } from '../contract/errors.ts';
import { parseSetting, type Setting, suggest } from '../contract/settings.ts';
import { longestRecoveryUs } from '../model/storm.ts';
import {
  type Backoff,
  type BackoffName,
  backoffNames,
  backoffOf,
  type Jitter,
  jitterProblem,
  jitters,
} from '../plan/backoff.ts';

/** A backoff with its spelling: `article`, `exponential+jitter=full`. */
export interface Strategy {
  readonly name: string;
  readonly backoff: Backoff;
}

export interface SimulateRequest {
  readonly clients: number;
  readonly downUs: number;
  /** `null` where the run record of `from` says it. */
  readonly acceptsPerSecond: number | null;
  readonly serviceUs: number | null;
  readonly backlog: number;
  readonly seed: number;
  readonly strategies: readonly Strategy[];
  readonly from: string | null;
  readonly out: string | null;
}

export type SimulateFlag = 'clients' | 'accept-rate' | 'down' | 'service' | 'backlog' | 'seed';

export const simulateSettings: Readonly<Record<SimulateFlag, Setting>> = {
  clients: { kind: 'count', default: 10_000, min: 1, max: 5_000_000, meaning: 'clients that lose their connection' },
  'accept-rate': {
    kind: 'count',
    default: 5000,
    min: 1,
    max: 10_000_000,
    meaning: 'connections that the server completes a second',
  },
  down: { kind: 'duration', default: '4.5s', min: '0ms', max: '1h', meaning: 'from the cut until the server listens' },
  service: {
    kind: 'duration',
    default: '1ms',
    min: '0ms',
    max: '1m',
    meaning: 'from accepting a connection until its client can use it',
  },
  backlog: {
    kind: 'count',
    default: 4096,
    min: 1,
    max: 1_000_000,
    meaning: 'connections that wait to be accepted; beyond it a SYN is dropped, and sent again after 1, 3 and 7 s',
  },
  seed: { kind: 'count', default: 42, min: 0, max: 2 ** 31 - 1, meaning: 'seed of everything random' },
};

export const defaultStrategies = 'fixed,exponential+jitter=none,article,exponential+jitter=full,browser-eventsource';

/** Reads the whole request. Throws `input` with one line for each problem. */
export function readSimulateRequest(
  what: string,
  flags: Readonly<Record<string, string | undefined>>,
  found: readonly string[] = [],
): SimulateRequest {
  const problems = [...found];
  if (what !== 'storm') problems.push(`simulate '${what}'; expected storm${suggest(what, ['storm'])}`);
  const read = (name: SimulateFlag) => readFlag(name, flags[name], problems);
  const request = {
    clients: read('clients'),
    downUs: read('down'),
    acceptsPerSecond: flags.from === undefined ? read('accept-rate') : null,
    serviceUs: flags.from === undefined ? read('service') : null,
    backlog: read('backlog'),
    seed: read('seed'),
    strategies: readStrategies(flags.strategies ?? defaultStrategies, problems),
    from: flags.from ?? null,
    out: flags.out ?? null,
  };
  for (const name of ['accept-rate', 'service']) {
    if (flags.from !== undefined && flags[name] !== undefined)
      problems.push(`--from and --${name} are given; expected one of them, the record says both rate and service time`);
  }
  if (request.out?.trim() === '') problems.push("--out is ''; expected a directory");
  if (problems.length === 0 && request.acceptsPerSecond !== null)
    problems.push(...capacityProblems(request.clients, request.acceptsPerSecond));
  if (problems.length > 0) throw new FreshetError('input', problems);
  return request;
}

/** A storm that cannot be over within the time that is simulated. */
export function capacityProblems(clients: number, acceptsPerSecond: number): string[] {
  const most = Math.floor((acceptsPerSecond * longestRecoveryUs) / 1e6);
  return clients <= most
    ? []
    : [
        `${clients.toLocaleString('en-US')} clients at ${acceptsPerSecond.toLocaleString('en-US')} a second take more than an hour to come back; expected at most ${most.toLocaleString('en-US')} clients, or a higher --accept-rate`,
      ];
}

function readFlag(name: SimulateFlag, text: string | undefined, problems: string[]): number {
  const setting = simulateSettings[name];
  const parsed = parseSetting(`--${name}`, setting, text ?? String(setting.default));
  if ('problem' in parsed) problems.push(parsed.problem);
  return 'problem' in parsed ? 1 : Number(parsed.value);
}

function readStrategies(text: string, problems: string[]): Strategy[] {
  const strategies: Strategy[] = [];
  for (const spelling of text.split(',').map((part) => part.trim())) {
    const parsed = parseStrategy(spelling);
    if ('problem' in parsed) problems.push(parsed.problem);
    else if (strategies.some(({ name }) => name === spelling))
      problems.push(`strategy '${spelling}' is named twice; expected it once`);
    else strategies.push(parsed);
  }
  return strategies;
}

function parseStrategy(spelling: string): Strategy | { problem: string } {
  const [word = '', part, ...rest] = spelling.split('+');
  const name = backoffNames.find((known): known is BackoffName => known === word);
  if (name === undefined) {
    return {
      problem: `strategy '${spelling}' begins with '${word}'; expected one of ${backoffNames.join(', ')}${suggest(word, backoffNames)}`,
    };
  }
  if (part === undefined) return { name: spelling, backoff: backoffOf(name) };
  const jitter = jitters.find((known): known is Jitter => part === `jitter=${known}`);
  if (jitter === undefined || rest.length > 0)
    return { problem: `strategy '${spelling}'; expected ${word}+jitter= and one of ${jitters.join(', ')}` };
  const problem = jitterProblem(name, jitter);
  return problem === null
    ? { name: spelling, backoff: backoffOf(name, jitter) }
    : { problem: `strategy '${spelling}': ${problem}` };
}
