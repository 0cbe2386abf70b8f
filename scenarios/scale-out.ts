// The article's second server: behind a load balancer, half of the clients are on a node that did not make the change.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, windowDuration } from './settings.ts';

export const scaleOut = {
  name: 'scale-out',
  question: 'What do several server nodes behind a load balancer cost, and do all their clients see every change?',
  contenders: [
    'websocket+local+balancer=off',
    'websocket+local',
    'websocket+local+nodes=2',
    'websocket+postgres+nodes=2',
    'websocket+postgres+nodes=4',
    'websocket+nodes=2',
    'websocket+nodes=4',
    'websocket+nodes=4+balancer=least-conn',
    'sse+nodes=4+balancer=cookie',
    'long-polling+nodes=4+balancer=round-robin',
  ],
  // What articles on WebSockets take for stickiness.
  contenderDefaults: { balancer: 'ip-hash' },
  columns: [
    'updates.missed',
    'db.queriesPerMinute',
    'nodes.skew',
    'freshnessUs.p50',
    'freshnessUs.p99',
    'nginx.cpuMsPerSecond',
  ],
  settings: {
    ...commonSettings,
    'update-interval': updateInterval,
    duration: windowDuration,
  },
  quick: { clients: '100', duration: '1s', 'poll-interval': '250ms', 'update-interval': '250ms', control: '200ms' },
} as const satisfies Scenario;
