// Settings that scenarios share.
import type { DurationSetting, Setting } from '../harness/contract/settings.ts';

export const commonSettings = {
  clients: { kind: 'count', default: 500, min: 1, max: 200_000, meaning: 'virtual clients, each one dashboard' },
  audiences: {
    kind: 'count',
    default: 1,
    min: 1,
    max: 10_000,
    meaning: 'different dashboards over which the clients are split',
  },
  'poll-interval': {
    kind: 'duration',
    default: '2s',
    min: '20ms',
    max: '1h',
    meaning: 'time between two polls of a client',
  },
  updates: {
    kind: 'choice',
    default: 'fixed',
    choices: ['fixed', 'poisson'],
    meaning: 'changes at even distances, or at random with the same number',
  },
  payload: { kind: 'count', default: 500, min: 300, max: 1_000_000, meaning: 'bytes of one message' },
  'query-cost': {
    kind: 'duration',
    default: '0ms',
    min: '0ms',
    max: '10s',
    step: '1ms',
    meaning: 'time added to each snapshot query, for databases slower than this one',
  },
  'pool-timeout': {
    kind: 'duration',
    default: '5s',
    min: '100ms',
    max: '1m',
    step: '1ms',
    meaning: 'how long a query waits for a free database connection before it fails',
  },
  'pool-size': { kind: 'count', default: 10, min: 1, max: 100, meaning: 'database connections of a server process' },
  late: {
    kind: 'choice',
    default: 'skip',
    choices: ['skip', 'queue', 'overlap'],
    meaning: 'what becomes of a poll that is due while the last one is outstanding',
  },
  'connect-rate': {
    kind: 'count',
    default: 500,
    min: 1,
    max: 100_000,
    meaning: 'connections opened a second while the clients arrive',
  },
  control: {
    kind: 'duration',
    default: '1s',
    min: '100ms',
    max: '10m',
    meaning: 'idle time measured before the clients come, subtracted from CPU and memory',
  },
} satisfies Readonly<Record<string, Setting>>;

export const updateInterval: DurationSetting = {
  kind: 'duration',
  default: '1s',
  min: '10ms',
  max: '1h',
  meaning: 'time between two changes of a dashboard',
};

/** Where no fault says how long a trial is watched. */
export const windowDuration: DurationSetting = {
  kind: 'duration',
  default: '8s',
  min: '1s',
  max: '24h',
  meaning: 'measured window of each trial, after its warm-up',
};

export const faultAt: DurationSetting = {
  kind: 'duration',
  default: '2s',
  min: '100ms',
  max: '1h',
  meaning: 'when it happens, from the start of the window',
};

export const recovery: DurationSetting = {
  kind: 'duration',
  default: '8s',
  min: '1s',
  max: '1h',
  meaning: 'how long the window goes on after that',
};

/** The same setting with a scenario's own default, and its own meaning where the scenario adds to it. */
export function withDefault<Kind extends Setting>(
  setting: Kind,
  value: Kind['default'],
  meaning: string = setting.meaning,
): Kind {
  return { ...setting, default: value, meaning };
}
