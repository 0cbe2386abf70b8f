// Two contenders, one of them in a storm → whether it is one system under one load, so that the storm's figures speak of the other.
import type { Contender } from '../run.ts';
import { traitsOf } from './traits.ts';

/** What the clients do after a fault: of one system several strategies are measured, and any may be chosen. */
const strategySettings: readonly string[] = ['backoff', 'jitter', 'retry-on-error'];
/** What each scenario has of its own, and what tells of changes and not of connections. */
const scenarioSettings: readonly string[] = [
  'fault',
  'fault-at',
  'down',
  'duration',
  'control',
  'seed',
  'updates',
  'update-interval',
];
const ignored = new Set([...strategySettings, ...scenarioSettings]);

/** True where clients, audiences and all settings that make the system are equal. */
export function isSameSystem(a: Contender, b: Contender): boolean {
  const [left, right] = [traitsOf(a), traitsOf(b)];
  if (left.transport !== right.transport || left.feed !== right.feed || left.nodes !== right.nodes) return false;
  if (left.cacheUs !== right.cacheUs || left.pollIntervalUs !== right.pollIntervalUs || left.tls !== right.tls)
    return false;
  if (a.clients !== b.clients || a.trials[0].audiences !== b.trials[0].audiences) return false;
  const names = new Set([a, b].flatMap((each) => [...Object.keys(each.trials[0].settings), ...spelledOf(each).keys()]));
  return [...names].every((name) => ignored.has(name) || inTraits.has(name) || isAlike(name, a, b));
}

/** Compared as traits, which know how they are spelled and what is usual. */
const inTraits = new Set(['feed', 'postgres', 'redis', 'local', 'nodes', 'cache', 'interval', 'poll-interval', 'tls']);

/** A setting that one of two records does not hold tells them apart where it is spelled out. */
function isAlike(name: string, a: Contender, b: Contender): boolean {
  const spelled = [a, b].map((each) => spelledOf(each).get(name));
  const isSpelled = spelled.some((value) => value !== undefined);
  // A token is checked in a storm and not in a quiet window, unless the contender says more.
  if (name === 'auth' && !isSpelled) return true;
  const [left, right] = [a, b].map(({ trials: [first] }, index) => first.settings[name] ?? spelled[index]);
  if (left === undefined || right === undefined) return !isSpelled;
  return String(left) === String(right);
}

/** `tls` → `on`, `admit=2000` → `2000`. */
function spelledOf({ name }: Contender): ReadonlyMap<string, string> {
  const words = name.split('+').slice(1);
  return new Map(
    words.map((word) => {
      const [setting = '', value = 'on'] = word.split(/=(.*)/s);
      return [setting, value];
    }),
  );
}
