// Both ways: the people who watch a dashboard also change it, and want to see what the others do.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings } from './settings.ts';

export const chatty = {
  name: 'chatty',
  question:
    'When clients act as well as watch, how soon has everybody seen it, and what does each way of saying it cost?',
  contenders: ['polling', 'polling+cache=1s', 'long-polling', 'sse', 'websocket'],
  columns: [
    'action.seenByAllUs.p50',
    'action.seenByAllUs.p99',
    'action.ackUs.p50',
    'action.ackUs.p99',
    'db.queriesPerUpdate',
    'action.bytesUp',
    'wire.bytesOutPerClientMinute',
    'wire.bytesInPerClientMinute',
  ],
  settings: {
    ...commonSettings,
    clients: { ...commonSettings.clients, default: 200 },
    audiences: { ...commonSettings.audiences, default: 10 },
    'action-interval': {
      kind: 'duration',
      default: '5s',
      min: '20ms',
      max: '1h',
      meaning: 'time between two actions of a client, whatever became of the last one',
    },
    duration: {
      kind: 'duration',
      default: '20s',
      min: '1s',
      max: '24h',
      meaning: 'measured window of each trial, after its warm-up',
    },
  },
  quick: {
    clients: '40',
    audiences: '2',
    duration: '3s',
    'poll-interval': '500ms',
    'action-interval': '1s',
    control: '200ms',
  },
} as const satisfies Scenario;
