// A contender → what of it matters to a verdict: how it hears of changes, how often it polls, and how simple it is.
import { parseDurationUs } from '../../harness/contract/units.ts';
import { pollIntervalUs, settingUs } from '../conditions.ts';
import type { Contender } from '../run.ts';

export interface Traits {
  readonly transport: Contender['transport'];
  /** How the server hears of a change; `null` for polling, whose server does not. */
  readonly feed: string | null;
  /** Server processes. */
  readonly nodes: number;
  /** Time for which the server answers polls from memory; 0 without. */
  readonly cacheUs: number;
  readonly pollIntervalUs: number | null;
  readonly updateIntervalUs: number | null;
  /** Whether clients spoke TLS. */
  readonly tls: boolean;
}

/** As spelled, else as the trial recorded it. */
export function traitsOf({ name, transport, trials: [first] }: Contender): Traits {
  const words = name.split('+').slice(1);
  const read = (setting: string) =>
    words.find((word) => word.startsWith(`${setting}=`))?.slice(setting.length + 1) ?? first.settings[setting];
  const spelledFeed = words.find((word) => ['postgres', 'redis', 'local'].includes(word)) ?? read('feed');
  const usualFeed = transport === 'websocket' ? 'redis' : 'postgres';
  return {
    transport,
    feed: transport === 'polling' ? null : String(spelledFeed ?? usualFeed),
    nodes: Number(read('nodes') ?? 1) || 1,
    cacheUs: transport === 'polling' ? cacheUsOf(read('cache')) : 0,
    pollIntervalUs: transport === 'polling' ? pollIntervalUs(first) : null,
    updateIntervalUs: settingUs(first, 'update-interval'),
    tls: words.includes('tls') || read('tls') === 'on',
  };
}

function cacheUsOf(setting: unknown): number {
  return typeof setting === 'number' ? setting : (parseDurationUs(String(setting ?? '')) ?? 0);
}

/** From the simplest on. Redis (and the relay that feeds it) weighs more than several nodes, and those more than the transport. */
const transportSteps: readonly ((traits: Traits) => boolean)[] = [
  ({ transport, cacheUs }) => transport === 'polling' && cacheUs === 0,
  ({ transport }) => transport === 'polling',
  ({ transport }) => transport === 'long-polling',
  ({ transport }) => transport === 'sse',
  ({ transport }) => transport === 'websocket',
];

/** The order in words, for whoever reads a verdict. */
export const simplicityText =
  'Simplest first: polling, cached polling, long polling, sse, websocket; one node before several; all of that before anything that needs Redis.';

/** How simple a contender is to build and run, as a number to sort by; alike where none is simpler. */
export function complexityOf(contender: Contender): number {
  const traits = traitsOf(contender);
  const step = transportSteps.findIndex((holds) => holds(traits));
  // At last, whatever else is spelled out: `polling+etag` is polling and something.
  const extras = contender.name.split('+').slice(1).filter(isExtra).length;
  return (traits.feed === 'redis' ? 10_000 : 0) + (traits.nodes > 1 ? 1_000 : 0) + step * 100 + Math.min(99, extras);
}

function isExtra(word: string): boolean {
  return !/^(?:interval=|cache=|nodes=|feed=|(?:postgres|redis|local)$)/.test(word);
}
