// A proxy that cuts connections on which nothing has moved for a minute, and a dashboard that changes more rarely than that.
// Every time is a twentieth of what it is in life, so that the answer does not take an hour: 3 s for nginx' 60 s.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, windowDuration, withDefault } from './settings.ts';

export const idleProxy = {
  name: 'idle-proxy',
  question: 'What does a proxy that cuts idle connections do to a quiet dashboard? (Times are a twentieth of life’s.)',
  contenders: [
    'websocket+heartbeat=none',
    'websocket',
    'websocket+heartbeat=message',
    'sse+heartbeat=none',
    'sse',
    'long-polling+hold=6s',
    'long-polling',
    'polling',
  ],
  // 30 s and 25 s in life.
  contenderDefaults: { balancer: 'round-robin', 'heartbeat-interval': 1_500_000, hold: 1_250_000 },
  columns: [
    'sessions.lost',
    'freshnessUs.p50',
    'freshnessUs.p99',
    'updates.missed',
    'db.queriesPerMinute',
    'wire.bytesInPerClientMinute',
  ],
  settings: {
    ...commonSettings,
    'proxy-timeout': {
      kind: 'duration',
      default: '3s',
      min: '100ms',
      max: '1h',
      step: '1ms',
      meaning: 'after so long without a byte the proxy cuts a connection (nginx: 60 s, here a twentieth)',
    },
    'update-interval': withDefault(
      updateInterval,
      '8s',
      'time between two changes of a dashboard: longer than the proxy waits',
    ),
    duration: withDefault(windowDuration, '24s'),
  },
  quick: {
    clients: '100',
    'proxy-timeout': '2s',
    'update-interval': '3s',
    duration: '6s',
    'poll-interval': '500ms',
    control: '200ms',
  },
} as const satisfies Scenario;
