// The leak that shows after days: clients come and go, and whatever a server keeps of those who have gone adds up.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, windowDuration, withDefault } from './settings.ts';

export const soak = {
  name: 'soak',
  question: 'Does the server’s memory grow while clients come and go, and is anything left when all have gone?',
  contenders: ['polling', 'long-polling', 'sse', 'websocket'],
  columns: [
    'soak.bytesPerHour',
    'server.rssBytes',
    'soak.comings',
    'soak.connectionsLeft',
    'soak.socketsLeft',
    'soak.timersLeft',
  ],
  settings: {
    ...commonSettings,
    clients: withDefault(commonSettings.clients, 200),
    'update-interval': updateInterval,
    duration: withDefault(
      windowDuration,
      '35s',
      'measured window of each trial, after its warm-up: hours, for an answer to rely on',
    ),
    stay: {
      kind: 'duration',
      default: '4s',
      min: '100ms',
      max: '24h',
      meaning: 'how long a client stays, on average; each time by chance from half to one and a half times as long',
    },
    away: { kind: 'duration', default: '1s', min: '10ms', max: '24h', meaning: 'how long it is away, likewise' },
  },
  quick: {
    clients: '50',
    duration: '8s',
    stay: '1s',
    away: '200ms',
    'poll-interval': '250ms',
    'update-interval': '250ms',
    control: '200ms',
  },
} as const satisfies Scenario;
