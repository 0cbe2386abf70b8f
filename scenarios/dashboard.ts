// The article's dashboard: many screens show the same few figures, which change every few seconds.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, windowDuration, withDefault } from './settings.ts';

export const dashboard = {
  name: 'dashboard',
  question: 'Should this screen poll, or should the server push?',
  contenders: ['polling', 'polling+cache=1s', 'long-polling', 'sse', 'websocket'],
  settings: {
    ...commonSettings,
    'update-interval': withDefault(updateInterval, '5s'),
    duration: withDefault(windowDuration, '20s'),
  },
  quick: { clients: '100', duration: '1s', 'poll-interval': '250ms', 'update-interval': '250ms', control: '200ms' },
} as const satisfies Scenario;
