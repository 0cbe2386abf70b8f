// A Postgres that is restarted in the middle of the day, for a minor version or a setting: a few seconds without a database.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings } from './settings.ts';

export const postgresRestart = {
  name: 'postgres-restart',
  question: 'What do users see while Postgres restarts, and how does everything come back?',
  contenders: ['polling', 'polling+cache=1s', 'long-polling', 'sse', 'websocket'],
  columns: [
    'http.failedShare',
    'outage.failedAnswers',
    'outage.connectionsLost',
    'outage.staleShare',
    'outage.heardAgainUs',
    'outage.catchUpUs.max',
    'outage.dbQueriesPeakPerSecond',
    'outage.committedLate',
  ],
  settings: {
    ...commonSettings,
    'update-interval': {
      kind: 'duration',
      default: '1s',
      min: '10ms',
      max: '1h',
      meaning: 'time between two changes of a dashboard; those of the outage are committed when Postgres is back',
    },
    fault: {
      kind: 'choice',
      default: 'postgres-fast',
      choices: ['postgres-fast', 'postgres-immediate'],
      meaning: 'how it is shut down: ending all sessions, or at once as in a crash',
    },
    'fault-at': {
      kind: 'duration',
      default: '3s',
      min: '100ms',
      max: '1h',
      meaning: 'when it happens, from the start of the window',
    },
    down: { kind: 'duration', default: '4s', min: '500ms', max: '1h', meaning: 'how long Postgres is away' },
    recovery: {
      kind: 'duration',
      default: '8s',
      min: '1s',
      max: '1h',
      meaning: 'how long the window goes on after its return',
    },
  },
  quick: {
    clients: '100',
    'fault-at': '500ms',
    down: '1s',
    recovery: '2s',
    'poll-interval': '250ms',
    'update-interval': '250ms',
    control: '200ms',
  },
} as const satisfies Scenario;
