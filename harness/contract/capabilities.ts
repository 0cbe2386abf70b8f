// What a screen may need that no figure shows: a table of capabilities and who has them by nature, for `--require`.
import type { MetricName } from './metrics.ts';
import type { Transport } from './record.ts';

export interface Capability {
  /** What it means, as the end of "…, that is," and of a help line. */
  readonly meaning: string;
  readonly transports: readonly Transport[];
  /** Ways of hearing of a change that rule it out, for the transports that have one. */
  readonly notWithFeeds?: readonly string[];
  /** Figures that must be 0 where they were measured: what a transport promises, a server may still break. */
  readonly mustBeZero?: readonly MetricName[];
}

const all: readonly Transport[] = ['polling', 'long-polling', 'sse', 'websocket'];

export const capabilities = {
  bidirectional: {
    meaning: 'clients send over the connection on which they receive',
    transports: ['websocket'],
  },
  'every-update': {
    meaning: 'no version is skipped for a newer one while the connection lasts',
    transports: ['sse', 'websocket'],
    mustBeZero: ['updates.missed', 'updates.superseded'],
  },
  'works-without-websocket': {
    meaning: 'requests and responses suffice, where a proxy or a firewall lets no WebSocket through',
    transports: ['polling', 'long-polling', 'sse'],
  },
  'works-behind-buffering-proxy': {
    meaning: 'every response ends, so that a proxy which holds it until then delivers it',
    transports: ['polling', 'long-polling'],
  },
  'no-held-requests': {
    meaning: 'no request stays open for want of news, as functions billed by time and strict time-outs demand',
    transports: ['polling'],
  },
  'without-redis': {
    meaning: 'nothing to run beside the servers and Postgres',
    transports: all,
    notWithFeeds: ['redis'],
  },
  'several-nodes': {
    meaning: 'a change reaches the clients of every server process',
    transports: all,
    notWithFeeds: ['local'],
  },
} as const satisfies Readonly<Record<string, Capability>>;

export type CapabilityName = keyof typeof capabilities;

export const capabilityNames = Object.keys(capabilities) as CapabilityName[];

/** The table's entry, seen through its common type. */
export function capabilityOf(name: CapabilityName): Capability {
  return capabilities[name];
}
