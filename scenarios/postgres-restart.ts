// A Postgres that is restarted in the middle of the day, for a minor version or a setting: a few seconds without a database.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, faultAt, recovery, updateInterval, withDefault } from './settings.ts';

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
    'update-interval': withDefault(
      updateInterval,
      '1s',
      'time between two changes of a dashboard; those of the outage are committed when Postgres is back',
    ),
    fault: {
      kind: 'choice',
      default: 'postgres-fast',
      choices: ['postgres-fast', 'postgres-immediate'],
      meaning: 'how it is shut down: ending all sessions, or at once as in a crash',
    },
    'fault-at': withDefault(faultAt, '3s'),
    down: { kind: 'duration', default: '4s', min: '500ms', max: '1h', meaning: 'how long Postgres is away' },
    recovery: withDefault(recovery, '8s', 'how long the window goes on after its return'),
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
