// The article's dashboard: many screens show the same few figures, which change every few seconds.
import type { Scenario } from '../harness/contract/scenario.ts';

export const dashboard = {
  name: 'dashboard',
  question: 'Should this screen poll, or should the server push?',
  contenders: ['polling', 'polling+cache=1s', 'long-polling', 'sse', 'websocket'],
  settings: {
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
    'update-interval': {
      kind: 'duration',
      default: '5s',
      min: '10ms',
      max: '1h',
      meaning: 'time between two changes of a dashboard',
    },
    updates: {
      kind: 'choice',
      default: 'fixed',
      choices: ['fixed', 'poisson'],
      meaning: 'changes at even distances, or at random with the same number',
    },
    duration: {
      kind: 'duration',
      default: '20s',
      min: '1s',
      max: '24h',
      meaning: 'measured window of each trial, after its warm-up',
    },
    payload: { kind: 'count', default: 500, min: 300, max: 1_000_000, meaning: 'bytes of one message' },
    'query-cost': {
      kind: 'duration',
      default: '0ms',
      min: '0ms',
      max: '10s',
      meaning: 'time added to each snapshot query, for databases slower than this one',
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
  },
  quick: { clients: '100', duration: '1s', 'poll-interval': '250ms', 'update-interval': '250ms', control: '200ms' },
} as const satisfies Scenario;
