// What is done to one run, drawn from a seed and the run's number alone, so that any run can be repeated by itself.
import { seededRandom } from '../../harness/plan/random.ts';
import { type Part, parts } from './processes.ts';

export type Way =
  /** A signal to the command; `toGroup` as a terminal's Ctrl-C sends it: npm and the command both. */
  | { readonly kind: 'signal'; readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGKILL'; readonly toGroup: boolean }
  /** Ctrl-C, and once more 0.7 s later. */
  | { readonly kind: 'twice' }
  /** SIGKILL of one part. */
  | { readonly kind: 'kill part'; readonly part: Part }
  /** SIGSTOP of one part, and Ctrl-C 0.3 s later. */
  | { readonly kind: 'freeze part'; readonly part: Part }
  /** SIGKILL of the watchdog and the command: only a later run can sweep after that. */
  | { readonly kind: 'kill command and watchdog' };

export interface KillPlan {
  readonly number: number;
  /** As a user starts it, or without npm around it. */
  readonly throughNpm: boolean;
  /** Someone's Postgres and Redis instead of the run's own. */
  readonly externalServices: boolean;
  readonly way: Way;
  /** After the start. Some are beyond the run's end, and some within the start of node. */
  readonly atMs: number;
}

/** A run of two trials takes about 14 s. */
const latestMs = 15_000;

export function planRun(seed: number, number: number): KillPlan {
  const random = seededRandom(seed, number);
  const externalServices = random() < 0.25;
  const way = chooseWay(random, externalServices);
  return { number, externalServices, way, throughNpm: random() < 0.75, atMs: Math.round(random() * latestMs) };
}

function chooseWay(random: () => number, externalServices: boolean): Way {
  const choose = <T>(options: readonly T[]): T => options[Math.floor(random() * options.length)] as T;
  const ownParts = parts.filter((part) => !(externalServices && /postgres|redis/.test(part)));
  const kind = choose(['signal', 'signal', 'twice', 'kill part', 'kill part', 'freeze part', 'both'] as const);
  const signal = choose(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const);
  const part = choose(ownParts);
  const toGroup = random() < 0.5;
  switch (kind) {
    case 'signal':
      return { kind, signal, toGroup };
    case 'kill part':
    case 'freeze part':
      return { kind, part };
    case 'twice':
      return { kind };
    case 'both':
      return { kind: 'kill command and watchdog' };
  }
}

export function describeWay(way: Way): string {
  switch (way.kind) {
    case 'signal':
      return `${way.signal}${way.toGroup ? ' to the group' : ''}`;
    case 'twice':
      return 'SIGINT twice';
    case 'kill part':
      return `SIGKILL of ${way.part}`;
    case 'freeze part':
      return `SIGSTOP of ${way.part}, SIGINT`;
    default:
      return 'SIGKILL of command and watchdog';
  }
}
