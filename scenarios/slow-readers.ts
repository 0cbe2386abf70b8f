// Clients that read slower than the server writes: what is written for them has to wait somewhere, or not at all.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, windowDuration, withDefault } from './settings.ts';

export const slowReaders = {
  name: 'slow-readers',
  question: 'What do a few clients that read too slowly do to the server’s memory, and to all the others?',
  contenders: [
    'websocket+slow-clients=unbounded',
    'websocket+slow-clients=disconnect',
    'websocket+slow-clients=drop',
    'sse+slow-clients=unbounded',
    'sse+slow-clients=disconnect',
    'sse+slow-clients=drop',
  ],
  columns: [
    'server.rssPeakBytes',
    'slow.bufferedBytes',
    'slow.othersFreshnessUs.p50',
    'slow.othersFreshnessUs.p99',
    'slow.cut',
    'slow.skipped',
    'slow.othersCut',
  ],
  settings: {
    ...commonSettings,
    clients: withDefault(commonSettings.clients, 60),
    payload: withDefault(commonSettings.payload, 50_000),
    'update-interval': withDefault(updateInterval, '50ms'),
    duration: withDefault(
      windowDuration,
      '20s',
      'measured window of each trial, after its warm-up; the slow clients read on at full speed when it ends',
    ),
    slow: { kind: 'count', default: 20, min: 1, max: 90, meaning: 'per cent of the clients that read slowly' },
    'slow-pause': {
      kind: 'duration',
      default: '1s',
      min: '10ms',
      max: '1h',
      meaning: 'how long a slow client reads nothing after each read of at most 64 KiB',
    },
  },
  quick: { clients: '20', duration: '8s', control: '200ms' },
} as const satisfies Scenario;
