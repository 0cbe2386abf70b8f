// What `simulate` was asked → a request that can be carried out, or every problem of it at once.
import { FreshetError } from '../contract/errors.ts';
import { parseSetting, type Setting, suggest } from '../contract/settings.ts';
import { formatNumber } from '../contract/units.ts';
import type { ServerModel } from '../model/accept-queue.ts';
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

interface Destination {
  readonly out: string | null;
}

/** A storm that is thought up. */
export interface ImaginedRequest extends Destination {
  readonly kind: 'imagined';
  readonly clients: number;
  readonly downUs: number;
  readonly acceptsPerSecond: number;
  readonly completesPerSecond: number;
  readonly serviceUs: number;
  readonly backlog: number;
  readonly seed: number;
  readonly strategies: readonly Strategy[];
}

/** The storms of a run record once more, with as many clients or as long an outage as asked, else as they were. */
export interface RepeatedRequest extends Destination {
  readonly kind: 'repeated';
  readonly from: string;
  readonly clients: number | null;
  readonly downUs: number | null;
  readonly backlog: number | null;
  readonly seed: number | null;
}

export type SimulateRequest = ImaginedRequest | RepeatedRequest;

export type SimulateFlag = 'clients' | 'accept-rate' | 'complete-rate' | 'down' | 'service' | 'backlog' | 'seed';

export const simulateSettings: Readonly<Record<SimulateFlag, Setting>> = {
  clients: { kind: 'count', default: 10_000, min: 1, max: 5_000_000, meaning: 'clients that lose their connection' },
  'accept-rate': {
    kind: 'count',
    default: 5000,
    min: 1,
    max: 10_000_000,
    meaning: 'connections that the server takes out of its accept queue a second',
  },
  'complete-rate': {
    kind: 'count',
    default: 5000,
    min: 1,
    max: 10_000_000,
    meaning: 'connections that it makes usable a second, once accepted; the accept rate where it is not given',
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
    meaning:
      'connections that wait to be accepted; beyond it a SYN is dropped, and sent again after 1, 2, 3, 4, 5 and 7 s',
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
  if (flags.out?.trim() === '') problems.push("--out is ''; expected a directory");
  const request = flags.from === undefined ? readImagined(flags, problems) : readRepeated(flags, flags.from, problems);
  if (problems.length > 0) throw new FreshetError('input', problems);
  return request;
}

type Flags = Readonly<Record<string, string | undefined>>;

function readImagined(flags: Flags, problems: string[]): ImaginedRequest {
  const read = (name: SimulateFlag) => readFlag(name, flags[name], problems);
  const acceptsPerSecond = read('accept-rate');
  const request = {
    kind: 'imagined',
    clients: read('clients'),
    downUs: read('down'),
    acceptsPerSecond,
    completesPerSecond: flags['complete-rate'] === undefined ? acceptsPerSecond : read('complete-rate'),
    serviceUs: read('service'),
    backlog: read('backlog'),
    seed: read('seed'),
    strategies: readStrategies(flags.strategies ?? defaultStrategies, problems),
    out: flags.out ?? null,
  } as const;
  if (problems.length === 0) problems.push(...capacityProblems(request.clients, request));
  return request;
}

function readRepeated(flags: Flags, from: string, problems: string[]): RepeatedRequest {
  for (const name of ['accept-rate', 'complete-rate', 'service', 'backlog', 'strategies']) {
    if (flags[name] !== undefined)
      problems.push(`--from and --${name} are given; expected one of them, the record says what its storms were like`);
  }
  const read = (name: SimulateFlag) => (flags[name] === undefined ? null : readFlag(name, flags[name], problems));
  return {
    kind: 'repeated',
    from,
    clients: read('clients'),
    downUs: read('down'),
    backlog: read('backlog'),
    seed: read('seed'),
    out: flags.out ?? null,
  };
}

/** A storm that cannot be over within the time that is simulated. */
export function capacityProblems(
  clients: number,
  { acceptsPerSecond, completesPerSecond }: Pick<ServerModel, 'acceptsPerSecond' | 'completesPerSecond'>,
): string[] {
  const rate = Math.min(acceptsPerSecond, completesPerSecond);
  const most = Math.floor((rate * longestRecoveryUs) / 1e6);
  return clients <= most
    ? []
    : [
        `${clients.toLocaleString('en-US')} clients at ${formatNumber(rate)} a second take more than an hour to come back; expected at most ${most.toLocaleString('en-US')} clients, or a higher --accept-rate and --complete-rate`,
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
