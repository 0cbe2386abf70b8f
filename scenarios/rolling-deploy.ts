// A new version goes out: the nodes behind the load balancer are restarted one after another, and every client has to move.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, faultAt, recovery, updateInterval, withDefault } from './settings.ts';

export const rollingDeploy = {
  name: 'rolling-deploy',
  question: 'What does a deploy do to connected clients, and where are they all afterwards?',
  contenders: [
    'websocket+deploy=kill',
    'websocket',
    'websocket+spread=3s',
    'websocket+spread=3s+balancer=ip-hash',
    'websocket+spread=3s+balancer=cookie',
    'websocket+spread=3s+balancer=least-conn',
    'sse+spread=3s',
    'long-polling',
  ],
  // In turn is what nginx does unless it is told otherwise. Its passive checks, on by default, keep a restarted node of streams all but empty.
  contenderDefaults: { nodes: 3, balancer: 'round-robin', 'passive-checks': 'off' },
  columns: [
    'deploy.lossesPerClient',
    'deploy.awayUs.p50',
    'deploy.awayUs.p99',
    'deploy.awayUs.max',
    'deploy.missedAway',
    'deploy.dbQueriesPeakPerSecond',
    'deploy.skewAfter',
    'deploy.lastNodeShare',
  ],
  settings: {
    ...commonSettings,
    clients: withDefault(commonSettings.clients, 1_000),
    'update-interval': withDefault(
      updateInterval,
      '1s',
      'time between two changes of a dashboard, those of the deploy included',
    ),
    fault: { kind: 'choice', default: 'rolling', choices: ['rolling'], meaning: 'what happens' },
    'fault-at': withDefault(faultAt, '2s', 'when the first node’s turn comes, from the start of the window'),
    every: {
      kind: 'duration',
      default: '5s',
      min: '500ms',
      max: '1h',
      meaning: 'from one node’s turn to the next one’s; a node that is not back by then is waited for',
    },
    down: { kind: 'duration', default: '1s', min: '500ms', max: '1h', meaning: 'how long each node is gone' },
    recovery: withDefault(recovery, '6s', 'how long the window goes on after the last turn'),
  },
  quick: {
    clients: '100',
    'fault-at': '500ms',
    every: '2s',
    down: '500ms',
    recovery: '2s',
    'update-interval': '250ms',
    control: '200ms',
  },
  quickContenders: [
    'websocket+deploy=kill',
    'websocket+spread=500ms',
    'websocket+spread=500ms+balancer=ip-hash',
    'long-polling',
  ],
} as const satisfies Scenario;
