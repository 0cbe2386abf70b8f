// A storm's contenders → their reconnect strategies in words, unique among them.
import { mainTransport } from './conditions.ts';
import { shorten } from './inert.ts';
import type { Contender } from './run.ts';

/** The named strategies; the rest of the presets are libraries, which keep their names. */
const strategyWords: Readonly<Record<string, string>> = {
  immediate: 'immediate retry',
  fixed: 'fixed delay',
  exponential: 'exponential',
  article: 'exponential + 30 % jitter',
  'browser-eventsource': 'browser EventSource',
  'socket.io': 'Socket.IO',
  signalr: 'SignalR',
  phoenix: 'Phoenix',
  grpc: 'gRPC',
  centrifuge: 'Centrifuge',
};
/** What these leave open, and so must be said even when it is nothing. */
const openToJitter: readonly string[] = ['fixed', 'exponential'];
const wordLimit = 60;

/** What a contender does after its connection is lost, without its transport. */
export interface Strategy {
  readonly backoff: string | null;
  /** `none` also where the spelling is silent, `null` where the strategy has its own. */
  readonly jitter: string | null;
}

/** The strategy as the trial recorded it, else as the contender spells it. */
export function strategyOf({ name, trials: [first] }: Contender): Strategy {
  const read = (setting: string) => {
    const spelled = new RegExp(`\\+${setting}=([^+]+)`).exec(name)?.[1];
    const recorded = first.settings[setting];
    return spelled ?? (typeof recorded === 'string' ? recorded : null);
  };
  const backoff = read('backoff');
  const jitter = backoff !== null && openToJitter.includes(backoff) ? (read('jitter') ?? 'none') : null;
  return { backoff, jitter };
}

/**
 * One phrase a contender: `exponential + full jitter`; with the transport only where it is not that of most. Of several servers from
 * target files, each begins with its name.
 */
export function strategyLabels(contenders: readonly Contender[]): string[] {
  const main = mainTransport(contenders.map(({ transport }) => transport));
  const targets = new Set(contenders.filter(isForeign).map(serverOf));
  const labels = contenders.map((contender) => {
    const rest = restOf(contender);
    if (targets.size > 1 && isForeign(contender)) return `${serverOf(contender)}: ${phraseOf(contender)}${rest}`;
    const said = contender.transport === main && rest === '';
    return `${phraseOf(contender)}${said ? '' : ` (${contender.transport}${rest})`}`;
  });
  // Alike in words though not in fact, such as by their number of clients: then the spelling tells them apart.
  return labels.map((label, index) =>
    shorten(
      labels.indexOf(label) === labels.lastIndexOf(label) ? label : (contenders[index]?.label ?? label),
      wordLimit,
    ),
  );
}

function isForeign({ trials: [first] }: Contender): boolean {
  return first.settings.target !== undefined;
}

function serverOf({ name }: Contender): string {
  return name.split('+')[0] ?? name;
}

function phraseOf(contender: Contender): string {
  const { backoff, jitter } = strategyOf(contender);
  if (backoff === null) return contender.transport === 'polling' ? 'the next poll' : 'default backoff';
  const words = strategyWords[backoff] ?? backoff;
  if (jitter === null || (jitter === 'none' && backoff === 'fixed')) return words;
  return jitter === 'none' ? `${words} without jitter` : `${words} + ${jitter} jitter`;
}

/** What the spelling says beyond transport and strategy. */
function restOf({ name }: Contender): string {
  return name
    .split('+')
    .slice(1)
    .filter((part) => !/^(?:backoff|jitter)=/.test(part))
    .map((part) => `+${part}`)
    .join('');
}
