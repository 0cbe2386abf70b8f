// The article's worst night: a server dies with all its connections, and every client wants to be back at once.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, faultAt, recovery, updateInterval, withDefault } from './settings.ts';

export const reconnectStorm = {
  name: 'reconnect-storm',
  question: 'What do all the clients do to the server, and to the database, when they come back?',
  contenders: [
    'websocket+backoff=fixed',
    'websocket+backoff=exponential',
    'websocket+backoff=article',
    'websocket+backoff=exponential+jitter=full',
    'sse+backoff=browser-eventsource',
  ],
  // Connecting costs what it costs in life: a token is checked, and the snapshot is a query.
  contenderDefaults: { auth: 'cookie' },
  settings: {
    ...commonSettings,
    'update-interval': withDefault(
      updateInterval,
      '1s',
      'time between two changes of a dashboard, those of the outage included',
    ),
    fault: {
      kind: 'choice',
      default: 'kill',
      choices: ['kill', 'cut', 'drain', 'stall', 'half-open'],
      meaning: 'what happens to the server or the connections',
    },
    'fault-at': faultAt,
    down: {
      kind: 'duration',
      default: '4500ms',
      min: '500ms',
      max: '1h',
      meaning: 'how long the server is away; cut and half-open take only the connections',
    },
    recovery: withDefault(
      recovery,
      '8s',
      'how long the window goes on after that; the trial goes on until the last client is back',
    ),
  },
  quick: {
    clients: '100',
    'fault-at': '500ms',
    down: '1s',
    recovery: '2s',
    'update-interval': '250ms',
    control: '200ms',
  },
} as const satisfies Scenario;
