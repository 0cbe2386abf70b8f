// How long a client waits before it connects again: a pure function of the attempt, the delay before it and one random number.
// Jitter after the AWS Architecture Blog, "Exponential Backoff And Jitter"; the presets after the libraries they are called by.
import { seededRandom } from './random.ts';

export const jitters = ['none', 'proportional', 'equal', 'full', 'decorrelated'] as const;
export type Jitter = (typeof jitters)[number];

/** Base × factor for each attempt, at most the cap, changed by jitter. */
interface GrowingBackoff {
  readonly kind: 'growing';
  readonly baseUs: number;
  readonly factor: number;
  readonly capUs: number;
  /** Ours by what they do, a library's own by its name. */
  readonly jitter: Jitter | 'socket.io' | 'grpc' | 'centrifuge';
  /** The part of the delay that `proportional`, `socket.io` and `grpc` change at most. */
  readonly jitterShare: number;
  /** After so many attempts a client gives up; `null` is never. */
  readonly attempts: number | null;
}

/** A table of delays, of which the last is repeated. */
interface ListedBackoff {
  readonly kind: 'listed';
  readonly delaysUs: readonly number[];
  readonly attempts: number | null;
}

/** Plain data: what decides a client's delays, together with its seed. */
export type Backoff = GrowingBackoff | ListedBackoff;

const listed = (delaysMs: readonly number[], attempts: number | null): ListedBackoff => ({
  kind: 'listed',
  delaysUs: delaysMs.map((ms) => ms * 1000),
  attempts,
});
/** Of the strategies that no library defines: 1 s × 2, at most 30 s, 15 attempts; the share is the article's. */
const exponential = {
  kind: 'growing',
  baseUs: 1_000_000,
  factor: 2,
  capUs: 30_000_000,
  jitter: 'none',
  jitterShare: 0.3,
  attempts: 15,
} as const satisfies GrowingBackoff;
/** Clients of a library that tries for ever. */
const endless = { ...exponential, attempts: null } as const satisfies GrowingBackoff;

const backoffs = {
  immediate: listed([0], 15),
  fixed: { ...exponential, factor: 1 },
  exponential,
  article: { ...exponential, jitter: 'proportional' },
  // WHATWG HTML §9.2 leaves the time to the browser; 3 s is Chromium's and the eventsource package's, Firefox has 5 s.
  'browser-eventsource': listed([3000], null),
  'socket.io': { ...endless, capUs: 5_000_000, jitter: 'socket.io', jitterShare: 0.5 },
  signalr: listed([0, 2000, 10_000, 30_000], 4),
  phoenix: listed([10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000], null),
  grpc: { ...endless, factor: 1.6, capUs: 120_000_000, jitter: 'grpc', jitterShare: 0.2 },
  centrifuge: { ...endless, baseUs: 500_000, capUs: 20_000_000, jitter: 'centrifuge' },
} as const satisfies Record<string, Backoff>;

/** A strategy, or the preset of a library. */
export type BackoffName = keyof typeof backoffs;
export const backoffNames = Object.keys(backoffs) as BackoffName[];

/** The strategies that leave the jitter open. */
const jittered: readonly BackoffName[] = ['fixed', 'exponential'];

/** What `name` stands for, with a jitter where it leaves that open. Throws RangeError where it does not. */
export function backoffOf(name: BackoffName, jitter?: Jitter): Backoff {
  const problem = jitterProblem(name, jitter);
  if (problem !== null) throw new RangeError(problem);
  const backoff: Backoff = backoffs[name];
  return backoff.kind === 'listed' || jitter === undefined ? backoff : { ...backoff, jitter };
}

/** Why this jitter does not go with this backoff, or `null`. */
export function jitterProblem(name: BackoffName, jitter: Jitter | undefined): string | null {
  return jitter === undefined || jittered.includes(name)
    ? null
    : `jitter=${jitter} with backoff ${name}, which has its own; expected it with ${jittered.join(' or ')}`;
}

/**
 * µs to wait before attempt `attempt` (the first after a loss is 0); `random` is in [0, 1), `previousUs` the delay before the attempt
 * before, 0 for the first. How many attempts there are is the caller's to count.
 */
export function backoffUs(backoff: Backoff, attempt: number, random: number, previousUs: number): number {
  if (backoff.kind === 'listed') return backoff.delaysUs[Math.min(attempt, backoff.delaysUs.length - 1)] ?? 0;
  const { baseUs, capUs, jitterShare } = backoff;
  const grownUs = baseUs * backoff.factor ** attempt;
  const delayUs = Math.min(capUs, grownUs);
  switch (backoff.jitter) {
    case 'none':
      return delayUs;
    case 'proportional':
      return delayUs * (1 + jitterShare * random);
    case 'equal':
      return (delayUs / 2) * (1 + random);
    case 'full':
      return delayUs * random;
    case 'decorrelated':
      return Math.min(capUs, baseUs + random * (3 * Math.max(baseUs, previousUs) - baseUs));
    // The direction is the parity of the random number's first digit, and the cap comes after the jitter.
    case 'socket.io':
      return Math.min(capUs, grownUs * (1 + jitterShare * random * (Math.floor(random * 10) % 2 === 0 ? -1 : 1)));
    // It grows from the delay before, jitter and all; the first has none. The cap comes before the jitter.
    case 'grpc':
      return previousUs === 0
        ? baseUs
        : Math.min(capUs, previousUs * backoff.factor) * (1 + jitterShare * (2 * random - 1));
    // Full jitter on top of the base.
    case 'centrifuge':
      return Math.min(capUs, baseUs + delayUs * random);
  }
}

/** The random number of a client's attempt: the same seed replays the same storm, whichever shard the client is in. */
export function backoffRandom(seed: number, rank: number, attempt: number): number {
  return seededRandom(seed, 3, rank, attempt + 1)();
}
