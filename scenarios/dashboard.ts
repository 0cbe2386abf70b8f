// The article's dashboard: many screens show the same few figures, which change every few seconds.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings } from './settings.ts';

export const dashboard = {
  name: 'dashboard',
  question: 'Should this screen poll, or should the server push?',
  contenders: ['polling', 'polling+cache=1s', 'long-polling', 'sse', 'websocket'],
  settings: {
    ...commonSettings,
    'update-interval': {
      kind: 'duration',
      default: '5s',
      min: '10ms',
      max: '1h',
      meaning: 'time between two changes of a dashboard',
    },
    duration: {
      kind: 'duration',
      default: '20s',
      min: '1s',
      max: '24h',
      meaning: 'measured window of each trial, after its warm-up',
    },
  },
  quick: { clients: '100', duration: '1s', 'poll-interval': '250ms', 'update-interval': '250ms', control: '200ms' },
} as const satisfies Scenario;
