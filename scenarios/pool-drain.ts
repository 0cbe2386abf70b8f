// The article's Monday morning: what 15 screens could ask of the database, 200 cannot, and the connection pool drains to zero.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, windowDuration, withDefault } from './settings.ts';

export const poolDrain = {
  name: 'pool-drain',
  question: 'How many polling screens can a connection pool of 10 bear, and what do they show beyond that?',
  contenders: ['polling', 'polling+etag', 'polling+cache=1s', 'long-polling', 'sse', 'websocket'],
  columns: [
    'db.poolWaitUs.p99',
    'db.poolWaiting',
    'db.poolTimeouts',
    'staleShare',
    'freshnessUs.p50',
    'db.queriesPerMinute',
  ],
  settings: {
    ...commonSettings,
    clients: {
      kind: 'counts',
      default: '15,200,300',
      min: 1,
      max: 200_000,
      meaning: 'virtual clients, each one dashboard: a trial of each contender for each number',
    },
    'query-cost': withDefault(commonSettings['query-cost'], '100ms'),
    // What node-postgres shows in its documentation; a longer one only makes the queue longer before it fails.
    'pool-timeout': withDefault(commonSettings['pool-timeout'], '2s'),
    // As setInterval with fetch does it: a timer knows nothing of the answers.
    late: withDefault(commonSettings.late, 'overlap'),
    control: withDefault(commonSettings.control, '300ms'),
    'update-interval': withDefault(updateInterval, '2s'),
    // Two polls of each client: overloaded trials take three quarters of a minute, most of it to see every client served before and after.
    duration: withDefault(windowDuration, '4s'),
  },
  quick: {
    clients: '4,20',
    'pool-size': '2',
    'pool-timeout': '250ms',
    'query-cost': '50ms',
    'poll-interval': '250ms',
    'update-interval': '500ms',
    duration: '2s',
    control: '200ms',
  },
} as const satisfies Scenario;
