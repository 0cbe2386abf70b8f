// The article's closed laptops: clients vanish without a word, and the server goes on sending to them.
import type { Scenario } from '../harness/contract/scenario.ts';
import { commonSettings, updateInterval, withDefault } from './settings.ts';

export const zombies = {
  name: 'zombies',
  question: 'How long does the server go on sending to clients that have vanished, and what does it cost to know?',
  contenders: [
    'websocket+heartbeat=none',
    'websocket+heartbeat=none+tcp-keep-alive=10s',
    // The article's code as it is written, and what its text says of it.
    'websocket+heartbeat=next-round',
    'websocket',
    'websocket+heartbeat=message',
    'websocket+heartbeat-interval=5s+heartbeat-timeout=2s',
    'sse',
  ],
  columns: [
    'vanished.noticedUs.p50',
    'vanished.noticedUs.max',
    'vanished.unnoticed',
    'vanished.falseKills',
    'vanished.heldBytes',
    'heartbeat.bytesPerClientHour',
    'heartbeat.cpuUsPerClientHour',
  ],
  settings: {
    ...commonSettings,
    clients: withDefault(commonSettings.clients, 300),
    'update-interval': updateInterval,
    vanish: {
      kind: 'count',
      default: 40,
      min: 1,
      max: 90,
      meaning: 'per cent of the clients that vanish, canaries aside',
    },
    'vanish-at': {
      kind: 'duration',
      default: '1s',
      min: '100ms',
      max: '1h',
      meaning: 'when they do, from the start of the window',
    },
    'vanish-by': {
      kind: 'choice',
      default: 'auto',
      choices: ['auto', 'namespace', 'freeze'],
      meaning:
        'how: the link of their network namespace goes down (needs root), or their sockets are read no more but the kernel still acknowledges; auto is the first where that is allowed',
    },
    watch: {
      kind: 'duration',
      default: '15s',
      min: '500ms',
      max: '24h',
      meaning:
        'how long the window goes on after that, at least; longer where the heartbeats of a contender need longer',
    },
    slow: { kind: 'count', default: 10, min: 0, max: 90, meaning: 'per cent of the clients that live but are slow' },
    'slow-pause': {
      kind: 'duration',
      default: '1s',
      min: '10ms',
      max: '1h',
      meaning: 'how long a slow client reads nothing, and so answers nothing, after each read',
    },
  },
  quick: {
    clients: '100',
    watch: '2s',
    'vanish-at': '500ms',
    'slow-pause': '200ms',
    'update-interval': '250ms',
    control: '200ms',
  },
  // A tenth of the timers and less; TCP's own cannot be scaled.
  quickContenders: [
    'websocket+heartbeat=none',
    'websocket+heartbeat=next-round+heartbeat-interval=1s',
    'websocket+heartbeat-interval=1s+heartbeat-timeout=600ms',
    'sse+heartbeat-interval=1s',
  ],
} as const satisfies Scenario;
