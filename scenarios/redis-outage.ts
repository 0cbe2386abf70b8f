// The article's fan-out by pub/sub, on the day Redis dies: what nobody kept is lost, unless somebody looks it up.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, faultAt, recovery, updateInterval, withDefault } from './settings.ts';

export const redisOutage = {
  name: 'redis-outage',
  question: 'What is lost when Redis is away for ten seconds, and who still shows it afterwards?',
  contenders: ['websocket+resync=off', 'websocket', 'websocket+postgres', 'sse+redis+resync=off', 'sse+redis', 'sse'],
  // Two nodes: what all of them look up at once is the price of being whole again.
  contenderDefaults: { nodes: 2 },
  columns: [
    'outage.changes',
    'updates.missed',
    'outage.noticedUs',
    'outage.heardAgainUs',
    'outage.catchUpUs.p50',
    'outage.catchUpUs.max',
    'outage.dbQueriesPeakPerSecond',
    'staleShare',
  ],
  settings: {
    ...commonSettings,
    audiences: withDefault(commonSettings.audiences, 20),
    'update-interval': withDefault(
      updateInterval,
      '2s',
      'time between two changes of a dashboard, those of the outage included',
    ),
    fault: { kind: 'choice', default: 'redis-kill', choices: ['redis-kill'], meaning: 'what happens' },
    'fault-at': faultAt,
    down: { kind: 'duration', default: '10s', min: '500ms', max: '1h', meaning: 'how long Redis is away' },
    quiet: {
      kind: 'duration',
      default: '5s',
      min: '0ms',
      max: '1h',
      meaning:
        'how long nothing changes after its return: who has lost a change shows an old screen until the next one',
    },
    recovery: withDefault(recovery, '8s', 'how long the window goes on after its return, the quiet included'),
  },
  quick: {
    clients: '100',
    'fault-at': '500ms',
    down: '1s',
    quiet: '1500ms',
    recovery: '2s',
    'update-interval': '250ms',
    control: '200ms',
  },
} as const satisfies Scenario;
