// A company of a thousand people behind one proxy: to the load balancer they are all the same address.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, windowDuration, withDefault } from './settings.ts';

export const corporateProxy = {
  name: 'corporate-proxy',
  question: 'Where do all the clients land when they come from one address, and what do they feel of it?',
  contenders: [
    'websocket+balancer=ip-hash',
    'websocket+balancer=cookie',
    'websocket+balancer=round-robin',
    'websocket+balancer=least-conn',
    'sse+balancer=ip-hash',
    'sse+balancer=cookie',
    'polling+balancer=ip-hash',
    'polling+balancer=cookie',
  ],
  contenderDefaults: { nodes: 4, balancer: 'ip-hash' },
  columns: [
    'nodes.skew',
    'nodes.busiestCpuMsPerSecond',
    'server.cpuMsPerSecond',
    'server.eventLoopDelayUs.p99',
    'freshnessUs.p50',
    'freshnessUs.p99',
  ],
  settings: {
    ...commonSettings,
    clients: withDefault(commonSettings.clients, 1_000),
    sources: {
      kind: 'choice',
      default: 'one',
      choices: ['one', 'many'],
      meaning: 'all clients from one address, or each from a network of its own',
    },
    'update-interval': withDefault(updateInterval, '250ms'),
    duration: windowDuration,
  },
  quick: { clients: '100', duration: '1s', 'poll-interval': '250ms', control: '200ms' },
} as const satisfies Scenario;
