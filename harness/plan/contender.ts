// A contender's spelling → transport and settings: `polling`, `polling+cache=1s`, `sse+redis`, `websocket+nodes=2`.
import { type Balancing, balancings } from '../contract/balancing.ts';
import type { ForeignSubject } from '../contract/foreign.ts';
import type { Transport } from '../contract/record.ts';
import { transports } from '../contract/record.ts';
import { defaultOf, parseSetting, type Setting, type SettingValue, suggest } from '../contract/settings.ts';
import { spellDurationUs } from '../contract/units.ts';
import {
  type Backoff,
  type BackoffName,
  backoffNames,
  backoffOf,
  type Jitter,
  jitterProblem,
  jitters,
} from './backoff.ts';

interface ContenderSetting {
  readonly transports: readonly Transport[];
  readonly setting: Setting;
}

const feeds = ['postgres', 'redis', 'local'] as const;
const fed: readonly Transport[] = ['long-polling', 'sse', 'websocket'];
const streams: readonly Transport[] = ['sse', 'websocket'];
const flag = { kind: 'choice', choices: ['on', 'off'] } as const;

/** What can stand behind a `+`. A bare word is a feed, or a flag that is switched on. */
export const contenderSettings: Readonly<Record<string, ContenderSetting>> = {
  interval: {
    transports: ['polling'],
    setting: { kind: 'duration', default: '2s', min: '20ms', max: '1h', meaning: 'poll interval of this contender' },
  },
  cache: {
    transports: ['polling'],
    setting: {
      kind: 'duration',
      default: '0ms',
      min: '1ms',
      max: '1h',
      step: '1ms',
      meaning: 'the server answers from memory for this long',
    },
  },
  etag: {
    transports: ['polling'],
    setting: { ...flag, default: 'off', meaning: '304 when nothing changed: saves bytes, not queries' },
  },
  'keep-alive': {
    transports: ['polling', 'long-polling'],
    setting: { ...flag, default: 'on', meaning: 'keep the connection, or open one for each request' },
  },
  hold: {
    transports: ['long-polling'],
    setting: {
      kind: 'duration',
      default: '25s',
      min: '100ms',
      max: '10m',
      step: '1ms',
      meaning: 'how long the server holds a request',
    },
  },
  feed: {
    transports: fed,
    setting: { kind: 'choice', default: 'postgres', choices: feeds, meaning: 'how the server hears of a change' },
  },
  resync: {
    transports: fed,
    setting: {
      ...flag,
      default: 'on',
      meaning: 'a server whose feed was deaf looks up what has changed; off: it waits for the next change',
    },
  },
  snapshot: {
    transports: streams,
    setting: {
      kind: 'choice',
      default: 'query',
      choices: ['query', 'cached'],
      meaning: 'what a client gets on connecting',
    },
  },
  heartbeat: {
    transports: streams,
    setting: {
      kind: 'choice',
      default: 'ping',
      choices: ['ping', 'message', 'next-round', 'none'],
      meaning:
        'how a dead connection is noticed; next-round looks at the answers when the next ping is due, and no sooner',
    },
  },
  'heartbeat-interval': {
    transports: streams,
    setting: {
      kind: 'duration',
      default: '30s',
      min: '100ms',
      max: '1h',
      step: '1ms',
      meaning: 'time between two heartbeats',
    },
  },
  'heartbeat-timeout': {
    transports: ['websocket'],
    setting: {
      kind: 'duration',
      default: '10s',
      min: '100ms',
      max: '1h',
      step: '1ms',
      meaning: 'how soon a heartbeat has to be answered',
    },
  },
  'tcp-keep-alive': {
    transports: streams,
    setting: {
      kind: 'duration',
      default: '0ms',
      min: '1s',
      max: '2h',
      step: '1s',
      meaning: 'the kernel probes a connection that was idle for so long, and gives up after 10 probes, a second apart',
    },
  },
  'slow-clients': {
    transports: streams,
    setting: {
      kind: 'choice',
      default: 'disconnect',
      choices: ['disconnect', 'drop', 'unbounded'],
      meaning:
        'what becomes of a client whose buffer is full: cut off, sent nothing until it has caught up, or waited for',
    },
  },
  buffer: {
    transports: streams,
    setting: {
      kind: 'count',
      default: 1_048_576,
      min: 1_000,
      max: 1_000_000_000,
      meaning: 'bytes that a server keeps for a client before that',
    },
  },
  auth: {
    transports,
    setting: {
      kind: 'choice',
      default: 'none',
      choices: ['none', 'query', 'cookie', 'message'],
      meaning: 'where the client puts its token',
    },
  },
  verify: {
    transports,
    setting: {
      kind: 'choice',
      default: 'secret',
      choices: ['secret', 'jwt', 'session'],
      meaning: 'how the server judges it: compared, by its signature, or looked up in Postgres (a query each time)',
    },
  },
  token: {
    transports,
    setting: {
      kind: 'choice',
      default: 'valid',
      choices: ['valid', 'expired'],
      meaning: 'what the clients’ tokens are worth',
    },
  },
  tls: {
    transports,
    setting: { ...flag, default: 'off', meaning: 'https or wss, with a certificate made for the run' },
  },
  admit: {
    transports,
    setting: {
      kind: 'count',
      default: 0,
      min: 1,
      max: 100_000,
      meaning: 'new sessions (of polling: requests) a second that the server takes on; the others are turned away',
    },
  },
  'turn-away': {
    transports: ['websocket'],
    setting: {
      kind: 'choice',
      default: '1013',
      choices: ['1013', '503'],
      meaning: 'how they are told: by close code, or by the status of the handshake, which a browser hides',
    },
  },
  backlog: {
    transports,
    setting: {
      kind: 'count',
      default: 511,
      min: 1,
      max: 65_535,
      meaning: 'connections that may wait to be accepted',
    },
  },
  backoff: {
    transports: fed,
    setting: {
      kind: 'choice',
      default: 'article',
      choices: backoffNames,
      meaning: 'how long a client waits before it connects again; sse: browser-eventsource',
    },
  },
  jitter: {
    transports: fed,
    setting: {
      kind: 'choice',
      default: 'none',
      choices: jitters,
      meaning: 'what chance does to a backoff that leaves it open',
    },
  },
  'retry-on-error': {
    transports: ['sse'],
    setting: { ...flag, default: 'off', meaning: 'an application that opens a new EventSource after an error status' },
  },
  nodes: {
    transports,
    setting: {
      kind: 'count',
      default: 1,
      min: 1,
      max: 16,
      meaning: 'server processes; clients are dealt to them in turn',
    },
  },
  'passive-checks': {
    transports,
    setting: {
      ...flag,
      default: 'on',
      meaning:
        'the balancer passes over a node that refused, as nginx does by default, until a connection to it has ended well',
    },
  },
  deploy: {
    transports,
    setting: {
      kind: 'choice',
      default: 'drain',
      choices: ['drain', 'kill'],
      meaning: 'how a rolling deploy ends a node: it is told to drain, or killed',
    },
  },
  spread: {
    transports: fed,
    setting: {
      kind: 'duration',
      default: '0ms',
      min: '1ms',
      max: '10m',
      step: '1ms',
      meaning: 'over how long a node that drains tells its clients to leave',
    },
  },
  balancer: {
    transports,
    setting: {
      kind: 'choice',
      default: 'off',
      choices: ['off', ...balancings],
      meaning:
        'an nginx before the nodes, and how it picks one: by network, by its cookie, in turn, or the least connected',
    },
  },
};

export interface Contender {
  /** The canonical spelling, used by flags, records and charts. */
  readonly name: string;
  readonly transport: Transport;
  /** Only what the spelling sets. */
  readonly given: Readonly<Record<string, SettingValue>>;
  /** Whose it is, where not a reference server's. */
  readonly foreign?: ForeignSubject;
}

/** A contender's setting: as spelled, else the transport's default. */
export function settingOf(contender: Contender, name: string): SettingValue {
  const given = contender.given[name];
  if (given !== undefined) return given;
  if (name === 'feed' && contender.transport === 'websocket') return 'redis';
  if (name === 'backoff' && contender.transport === 'sse') return 'browser-eventsource';
  if (name === 'turn-away' && contender.transport !== 'websocket') return '503';
  const entry = contenderSettings[name];
  if (entry === undefined) throw new RangeError(`no contender setting is called ${name}`);
  return defaultOf(entry.setting);
}

/** The contender that `text` spells, or every problem of the spelling, a line each. */
export function parseContender(text: string): { contender: Contender } | { problems: string[] } {
  const [word = '', ...parts] = text.trim().split('+');
  const transport = transports.find((known) => known === word);
  if (transport === undefined) {
    return {
      problems: [
        `contender '${text}' begins with '${word}'; expected one of ${transports.join(', ')}${suggest(word, transports)}`,
      ],
    };
  }
  const given: Record<string, SettingValue> = {};
  const problems: string[] = [];
  for (const part of parts) {
    const parsed = parsePart(part, transport);
    if ('problem' in parsed) problems.push(`contender '${text}': ${parsed.problem}`);
    else if (parsed.name in given) problems.push(`contender '${text}' sets ${parsed.name} twice; expected it once`);
    else given[parsed.name] = parsed.value;
  }
  problems.push(...contradictions(text, transport, given));
  return problems.length > 0 ? { problems } : { contender: { name: spell(transport, given), transport, given } };
}

function parsePart(part: string, transport: Transport): { name: string; value: SettingValue } | { problem: string } {
  const [left = '', right] = part.split(/=(.*)/s);
  const name = right === undefined && feeds.some((feed) => feed === left) ? 'feed' : left;
  const entry = Object.hasOwn(contenderSettings, name) ? contenderSettings[name] : undefined;
  const known = Object.keys(contenderSettings).filter((key) => contenderSettings[key]?.transports.includes(transport));
  if (entry === undefined || !entry.transports.includes(transport)) {
    return {
      problem: `${transport} has no setting '${name}'; expected one of ${known.join(', ')}${suggest(name, [...known, ...feeds])}`,
    };
  }
  if (entry.setting.kind !== 'choice' && right === undefined)
    return { problem: `${name} needs a value, such as ${name}=${entry.setting.default}` };
  const isFlag = entry.setting.kind === 'choice' && entry.setting.choices.includes('on');
  const value = right ?? (name === 'feed' ? left : isFlag ? 'on' : '');
  const parsed = parseSetting(name, entry.setting, value);
  return 'problem' in parsed ? parsed : { name, value: parsed.value };
}

function contradictions(text: string, transport: Transport, given: Readonly<Record<string, SettingValue>>): string[] {
  const problems: string[] = [];
  if (transport !== 'websocket') {
    for (const name of ['heartbeat', 'auth']) {
      if (given[name] === 'message' || given[name] === 'next-round')
        problems.push(
          `contender '${text}': ${name}=${given[name]} needs a channel from the client; expected it with websocket only`,
        );
    }
  }
  for (const name of ['verify', 'token']) {
    if (given[name] !== undefined && (given.auth ?? 'none') === 'none')
      problems.push(
        `contender '${text}': ${name}=${given[name]} is about a token, and there is none; expected auth=query or auth=cookie with it`,
      );
  }
  const jitter =
    given.jitter === undefined ? null : jitterProblem(backoffNameOf(transport, given), given.jitter as Jitter);
  if (jitter !== null) problems.push(`contender '${text}': ${jitter}`);
  return problems;
}

/** Whether each request that carries a token costs a query. */
export function looksUpSessions(contender: Contender): boolean {
  return settingOf(contender, 'auth') !== 'none' && settingOf(contender, 'verify') === 'session';
}

/** How the nginx before this contender's nodes picks one; `null` where there is none. */
export function balancingOf(contender: Contender): Balancing | null {
  return balancings.find((known) => known === settingOf(contender, 'balancer')) ?? null;
}

/** The backoff of this contender's clients. */
export function backoffOfContender(contender: Contender): Backoff {
  return backoffOf(backoffNameOf(contender.transport, contender.given), contender.given.jitter as Jitter | undefined);
}

function backoffNameOf(transport: Transport, given: Contender['given']): BackoffName {
  return settingOf({ name: '', transport, given }, 'backoff') as BackoffName;
}

function spell(transport: Transport, given: Readonly<Record<string, SettingValue>>): string {
  const parts = Object.keys(contenderSettings).flatMap((name) => {
    const value = given[name];
    if (value === undefined) return [];
    if (name === 'feed') return [String(value)];
    if (value === 'on') return [name];
    const isDuration = contenderSettings[name]?.setting.kind === 'duration';
    return [`${name}=${isDuration && typeof value === 'number' ? spellDurationUs(value) : value}`];
  });
  return [transport, ...parts].join('+');
}
