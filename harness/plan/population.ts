// What some of the clients are like, unlike the others: those that vanish, those that read slowly, those that come and go. As data.
import type { ClientKind } from '../contract/metrics.ts';
import type { SettingValue } from '../contract/settings.ts';
import type { ActingPlan } from './actions.ts';
import { type Contender, settingOf } from './contender.ts';

/** What each does, in words. */
export const vanishingMeanings = {
  namespace: 'clients vanished: their link went down',
  freeze: 'clients vanished: their sockets froze',
} as const;
export type VanishingWay = keyof typeof vanishingMeanings;

/** Clients whose machine is gone from one moment to the next: no FIN, no RST, no answer. */
export interface VanishingPlan {
  readonly percent: number;
  /** After the window's start. */
  readonly atUs: number;
  /** How: their network's link goes down, or nobody reads their sockets any more; `auto` is the first where that is allowed. */
  readonly by: 'auto' | VanishingWay;
  /** How long the window goes on after that, at least. */
  readonly watchUs: number;
}

/** Clients that read what has arrived, at most 64 KiB, and then nothing for a while. */
export interface SlowPlan {
  readonly percent: number;
  readonly pauseUs: number;
}

/** Clients that close the screen and open it again, each for as long as chance wants: half to one and a half times as long as this. */
export interface ChurnPlan {
  readonly stayUs: number;
  readonly awayUs: number;
}

export interface Population {
  readonly vanishing: VanishingPlan | null;
  readonly slow: SlowPlan | null;
  readonly churn: ChurnPlan | null;
  /** Clients make the changes; `null`: they only watch. */
  readonly acting: ActingPlan | null;
}

type Settings = Readonly<Record<string, SettingValue>>;

/** By a scenario's settings; what it has no setting for does not happen. */
export function populationOf(settings: Settings): Population {
  const number = (name: string) => Number(settings[name] ?? 0);
  return {
    vanishing:
      number('vanish') === 0
        ? null
        : {
            percent: number('vanish'),
            atUs: number('vanish-at'),
            by: settings['vanish-by'] as VanishingPlan['by'],
            watchUs: number('watch'),
          },
    slow: number('slow') === 0 ? null : { percent: number('slow'), pauseUs: number('slow-pause') },
    acting:
      number('action-interval') === 0
        ? null
        : { everyUs: number('action-interval'), kind: settings.updates === 'poisson' ? 'poisson' : 'fixed' },
    churn: number('stay') === 0 ? null : { stayUs: number('stay'), awayUs: number('away') },
  };
}

/** The kinds of clients there are: metrics of theirs ask for them. */
export function kindsOf({ vanishing, slow, churn, acting }: Population): ClientKind[] {
  return [
    ...(vanishing === null ? [] : (['vanishing'] as const)),
    ...(slow === null ? [] : (['slow'] as const)),
    ...(churn === null ? [] : (['churn'] as const)),
    ...(acting === null ? [] : (['acting'] as const)),
  ];
}

/** Some of the clients do not hear all that is sent to them, as the others do. */
export function isMixed({ vanishing, slow, churn }: Population): boolean {
  return vanishing !== null || slow !== null || churn !== null;
}

/** Ranks dealt to those who vanish, those who read slowly, and the others; each group evenly over the connect order. */
export function dealRanks(
  ranks: readonly number[],
  { vanishing, slow }: Pick<Population, 'vanishing' | 'slow'>,
): { readonly vanishing: number[]; readonly slow: number[]; readonly others: number[] } {
  const gone = pickEvenly(ranks, vanishing?.percent ?? 0);
  const rest = ranks.filter((rank) => !gone.has(rank));
  const slowOnes = pickEvenly(rest, slow === null ? 0 : (slow.percent * ranks.length) / Math.max(1, rest.length));
  return { vanishing: [...gone], slow: [...slowOnes], others: rest.filter((rank) => !slowOnes.has(rank)) };
}

function pickEvenly(ranks: readonly number[], percent: number): Set<number> {
  const before = (place: number) => Math.floor((place * Math.min(100, percent)) / 100);
  return new Set(ranks.filter((_, place) => before(place + 1) > before(place)));
}

/** A server looks at a connection some time within its turn of the ring, and TCP is not exact either. */
const marginUs = 1_000_000;
/** Node's keep-alive: so many probes, a second apart. */
const keepAliveProbesUs = 10_000_000;

/**
 * How long this contender may take, by its own timers, to notice a client that has vanished; 0 where it has none. SSE's comments ask for no
 * answer: each client is sent one at least, so that it has been seen whether it notices.
 */
export function noticedWithinUs(contender: Contender): number {
  if (contender.transport !== 'websocket' && contender.transport !== 'sse') return 0;
  const us = (name: string) => Number(settingOf(contender, name));
  const keepAliveUs = us('tcp-keep-alive');
  const everyUs = us('heartbeat-interval');
  return Math.max(
    keepAliveUs === 0 ? 0 : keepAliveUs + keepAliveProbesUs + marginUs,
    heartbeatUs(contender, everyUs, us),
  );
}

function heartbeatUs(contender: Contender, everyUs: number, us: (name: string) => number): number {
  const kind = settingOf(contender, 'heartbeat');
  if (kind === 'none') return 0;
  const slotUs = everyUs / 20;
  if (contender.transport === 'sse') return everyUs + slotUs + marginUs;
  return kind === 'next-round'
    ? 2 * everyUs + slotUs + marginUs
    : everyUs + us('heartbeat-timeout') + slotUs + marginUs;
}
