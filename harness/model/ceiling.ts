// Steps of rising load → what a server bore at most, what gave out first, and how many dashboards that is. Pure arithmetic.
import { formatNumber } from '../contract/units.ts';

/** Cores in use, by part; `null` where they cannot be seen. */
export interface CoresUsed {
  readonly servers: number | null;
  readonly postgres: number | null;
  readonly relay: number | null;
  readonly redis: number | null;
  readonly generator: number | null;
  /** All processes of the machine, ours or not. */
  readonly machine: number | null;
}

/** One load, kept up for some seconds. */
export interface CeilingStep {
  /** `64 connections`, `1,000 clients × 20 changes/s`. */
  readonly load: string;
  /** Answers or messages that reached clients, a second. */
  readonly perSecond: number;
  /** Of an answer from its request, of a change from its intended time; `null` where it was not seen. */
  readonly p99Us: number | null;
  readonly cores: CoresUsed;
  /** The most queries that waited for a pooled connection at one moment. */
  readonly poolWaiting: number;
  /** Why it does not count as borne; `null` where it does. */
  readonly failed: string | null;
}

export interface Machine {
  readonly cores: number;
  /** Server processes, each of which can use about one core. */
  readonly nodes: number;
  /** Database connections of each. */
  readonly poolSize: number;
}

export type GaveOut = 'generator' | 'server CPU' | 'relay CPU' | 'database CPU' | 'pool' | 'unclear' | 'nothing';

export interface Ceiling {
  readonly perSecond: number;
  readonly dashboards: number;
  readonly gaveOut: GaveOut;
  /** The server could bear more than was seen. */
  readonly isLowerBound: boolean;
  /** The reading behind it, in words. */
  readonly because: string;
}

/** A core, or all of them, counts as used up from here: the rest is what scheduling loses. */
const full = 0.9;
/** A generator that took more of the machine than this kept the server from it. */
const muchOfTheMachine = 0.1;

/** The ceiling, or `null` when no step was borne. `dashboardsPerUnit`: how many dashboards are served by one answer or message a second. */
export function ceilingOf(
  steps: readonly CeilingStep[],
  { machine, dashboardsPerUnit }: { machine: Machine; dashboardsPerUnit: number },
): Ceiling | null {
  const borne = steps.filter(({ failed }) => failed === null);
  const [first, ...others] = borne;
  const last = steps.at(-1);
  if (first === undefined || last === undefined) return null;
  const best = others.reduce((most, step) => (step.perSecond > most.perSecond ? step : most), first);
  // What gave out shows where the load was highest, whether or not that was still borne.
  const highest = steps.reduce((most, step) => (busyOf(step) > busyOf(most) ? step : most), last);
  const found = whatGaveOut(highest, machine);
  const isUnclear = found.gaveOut === 'nothing' && borne.length < steps.length;
  return {
    perSecond: best.perSecond,
    dashboards: Math.floor(best.perSecond * dashboardsPerUnit),
    ...found,
    ...(isUnclear && { gaveOut: 'unclear' }),
  };
}

/** What had nothing left in this step. */
export function whatGaveOut(
  { cores, poolWaiting }: Pick<CeilingStep, 'cores' | 'poolWaiting'>,
  machine: Machine,
): Pick<Ceiling, 'gaveOut' | 'isLowerBound' | 'because'> {
  const used = (part: keyof CoresUsed) => cores[part] ?? 0;
  const text = (share: number) => formatNumber(Math.round(share * 100) / 100);
  const busy = busyOf({ cores });
  const strange = Math.max(0, busy - ourOf(cores));
  const foreign = used('generator') + strange;
  const also = strange > muchOfTheMachine * machine.cores ? `, other processes ${text(strange)}` : '';
  const took = `the generator took ${text(used('generator'))}${also} of ${machine.cores} cores`;
  if (used('generator') >= full)
    return { gaveOut: 'generator', isLowerBound: true, because: `${took}: the server could bear more` };
  if (used('servers') >= full * machine.nodes) {
    const each = machine.nodes === 1 ? 'by its process' : 'by its processes';
    return { gaveOut: 'server CPU', isLowerBound: false, because: `${text(used('servers'))} cores ${each}; ${took}` };
  }
  if (used('relay') >= full)
    return { gaveOut: 'relay CPU', isLowerBound: false, because: `${text(used('relay'))} cores by the relay; ${took}` };
  if (busy >= full * machine.cores) {
    const gaveOut = used('postgres') > used('servers') ? 'database CPU' : 'server CPU';
    const parts = `servers ${text(used('servers'))}, Postgres ${text(used('postgres'))}`;
    const isLowerBound = foreign > muchOfTheMachine * machine.cores;
    return { gaveOut, isLowerBound, because: `all cores were busy: ${parts}; ${took}` };
  }
  if (poolWaiting >= machine.poolSize) {
    const because = `${formatNumber(poolWaiting)} queries waited for one of ${machine.nodes * machine.poolSize} connections while ${text(machine.cores - busy)} cores were free`;
    return { gaveOut: 'pool', isLowerBound: false, because };
  }
  return { gaveOut: 'nothing', isLowerBound: true, because: `neither a core nor the pool was used up; ${took}` };
}

/** Cores in use: the machine's where they are known, else those of what we started. */
function busyOf({ cores }: Pick<CeilingStep, 'cores'>): number {
  return cores.machine ?? ourOf(cores);
}

function ourOf({ servers, postgres, relay, redis, generator }: CoresUsed): number {
  return [servers, postgres, relay, redis, generator].reduce((sum: number, used) => sum + (used ?? 0), 0);
}

/** A step that brings less than this share more than the best before it is the last. */
const worthwhile = 1.05;

/** Whether a higher load is worth trying. */
export function isStillRising(steps: readonly CeilingStep[]): boolean {
  const last = steps.at(-1);
  if (last === undefined) return true;
  const before = Math.max(0, ...steps.slice(0, -1).map(({ perSecond }) => perSecond));
  return last.failed === null && last.perSecond > before * worthwhile;
}

/** What one contender bore. */
export interface ContenderCeiling {
  readonly contender: string;
  /** What is counted: `polls`, `answers` or `messages`. */
  readonly unit: 'polls' | 'answers' | 'messages';
  /** `null` when it bore not even the lowest load. */
  readonly ceiling: Ceiling | null;
  /** Connections that one server process may hold here: another ceiling, of descriptors. `null` where unknown. */
  readonly mostConnections: number | null;
  readonly steps: readonly CeilingStep[];
}

/** What `--json` prints and `--out` keeps. */
export interface CeilingResult {
  readonly schema: 'freshet.ceiling/1';
  readonly cores: number;
  readonly boundUs: number;
  readonly pollIntervalUs: number;
  readonly updateIntervalUs: number;
  readonly contenders: readonly ContenderCeiling[];
}
