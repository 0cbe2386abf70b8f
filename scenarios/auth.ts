// The article's handshake: who asks for a token pays for it with every connect, and what is in the URL is in the log.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, windowDuration, withDefault } from './settings.ts';

export const auth = {
  name: 'auth',
  question:
    'What does checking a token cost with each connect, who else gets to read it, and what follows when it has expired?',
  contenders: [
    'websocket',
    'websocket+auth=query+verify=jwt',
    'websocket+auth=cookie+verify=jwt',
    'websocket+auth=message+verify=jwt',
    'websocket+auth=query+verify=session',
    'websocket+auth=cookie+verify=session',
    'websocket+auth=message+verify=session',
    'websocket+auth=cookie+verify=jwt+token=expired',
    'websocket+auth=message+verify=session+token=expired',
    'sse+auth=cookie+verify=session+token=expired',
  ],
  // Whose access log is as it comes: the combined format.
  contenderDefaults: { balancer: 'round-robin' },
  columns: [
    'connect.dbQueries',
    'connect.serverCpuUs',
    'auth.tokensLogged',
    'connect.attemptsPerClient',
    'connect.gaveUp',
  ],
  settings: {
    ...commonSettings,
    'update-interval': updateInterval,
    duration: withDefault(
      windowDuration,
      '2s',
      'measured window of each trial, after its warm-up: who was refused has its length to come back',
    ),
  },
  quick: { clients: '50', duration: '1s', 'update-interval': '500ms', control: '200ms' },
} as const satisfies Scenario;
