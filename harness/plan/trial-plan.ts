// One trial, as data: which contender under which settings, and everything that follows from them.
import type { Balancing } from '../contract/balancing.ts';
import type { Scenario } from '../contract/scenario.ts';
import { countsOf, defaultOf, type SettingValue } from '../contract/settings.ts';
import { balancingOf, type Contender, contenderSettings, settingOf } from './contender.ts';
import { type FaultPlan, faultKinds, lastsUs } from './fault.ts';
import { type NetworkPlan, networkOf } from './network.ts';
import { noticedWithinUs, type Population, populationOf } from './population.ts';
import { rollingOf } from './rolling.ts';

export interface TrialPlan extends Population {
  readonly scenario: string;
  readonly contender: Contender;
  readonly repetition: number;
  /** Of everything random in this repetition. */
  readonly seed: number;
  /** Of the rows in the database: the same for all repetitions. */
  readonly dataSeed: number;
  readonly clients: number;
  readonly audiences: number;
  readonly pollIntervalUs: number;
  /** Between two changes of a dashboard; on average, where clients make them. */
  readonly updateIntervalUs: number;
  readonly updates: 'fixed' | 'poisson';
  readonly windowUs: number;
  readonly controlUs: number;
  readonly payloadBytes: number;
  readonly queryCostUs: number;
  readonly poolSize: number;
  readonly poolTimeoutUs: number;
  readonly late: 'skip' | 'queue' | 'overlap';
  readonly connectRate: number;
  readonly nodes: number;
  /** The clients' tokens have expired: none is to be let in. */
  readonly expired: boolean;
  /** How the nginx before the nodes picks one; `null`: clients are dealt to them by rank. */
  readonly balancing: Balancing | null;
  /** Between the clients and that nginx. */
  readonly network: NetworkPlan;
  /** What is done to the system in the window; `null` where nothing is. */
  readonly fault: FaultPlan | null;
}

export type Settings = Readonly<Record<string, SettingValue>>;

/** Connecting, and waiting for an answer, are given up after these. */
export const connectTimeoutUs = 10_000_000;
export const requestTimeoutUs = 30_000_000;

/** The scenario's settings with what was given in place of the defaults. */
export function settingsOf(scenario: Scenario, given: Settings): Settings {
  const defaults = Object.entries(scenario.settings).map(([name, setting]) => [name, defaultOf(setting)]);
  return { ...Object.fromEntries(defaults), ...given };
}

/** Contenders × numbers of clients × repetitions, interleaved so that slow drift of the machine meets all contenders alike: odd rounds run backwards. */
export function planTrials(
  scenario: Scenario,
  options: { settings: Settings; contenders: readonly Contender[]; repeat: number; seed: number },
): TrialPlan[] {
  return Array.from({ length: options.repeat }, (_, round) => {
    const all = countsOf(options.settings.clients).flatMap((clients) =>
      options.contenders.map((contender) => ({ settings: { ...options.settings, clients }, contender })),
    );
    const order = round % 2 === 0 ? all : all.reverse();
    return order.map((each) => planTrial(scenario, { ...each, repetition: round + 1, seed: options.seed }));
  }).flat();
}

function planTrial(
  scenario: Scenario,
  options: { settings: Settings; contender: Contender; repetition: number; seed: number },
): TrialPlan {
  const { settings, repetition } = options;
  const contender = withDefaults(options.contender, scenario.contenderDefaults ?? {});
  const population = populationOf(settings);
  const fault = faultOf(settings, contender);
  const nodes = Number(settingOf(contender, 'nodes'));
  const number = (name: string) => Number(settings[name]);
  const ownInterval = contender.given.interval;
  return {
    scenario: scenario.name,
    contender,
    repetition,
    seed: options.seed + repetition - 1,
    dataSeed: options.seed,
    clients: number('clients'),
    audiences: number('audiences'),
    pollIntervalUs: ownInterval === undefined ? number('poll-interval') : Number(ownInterval),
    updateIntervalUs:
      population.acting === null
        ? number('update-interval')
        : (population.acting.everyUs * number('audiences')) / number('clients'),
    updates: settings.updates === 'poisson' ? 'poisson' : 'fixed',
    windowUs:
      fault === null
        ? quietWindowUs(settings, population, contender)
        : fault.atUs + lastsUs(fault, nodes) + number('recovery'),
    fault,
    ...population,
    controlUs: number('control'),
    payloadBytes: number('payload'),
    queryCostUs: number('query-cost'),
    poolSize: number('pool-size'),
    poolTimeoutUs: number('pool-timeout'),
    late: lateOf(settings.late),
    connectRate: Math.min(number('connect-rate'), admittedPerSecond(contender)),
    nodes,
    expired: settingOf(contender, 'token') === 'expired',
    balancing: balancingOf(contender),
    network: networkOf(settings),
  };
}

/** Sessions a second that may be opened without one being turned away, by a margin. */
function admittedPerSecond(contender: Contender): number {
  const admit = Number(settingOf(contender, 'admit'));
  if (admit === 0 || contender.transport === 'polling') return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(0.8 * admit * Number(settingOf(contender, 'nodes'))));
}

/** The same contender by name; what its scenario takes for granted is set, but not spelled. */
function withDefaults(contender: Contender, defaults: Settings): Contender {
  const fitting = Object.entries(defaults).filter(([name]) =>
    contenderSettings[name]?.transports.includes(contender.transport),
  );
  return { ...contender, given: { ...Object.fromEntries(fitting), ...contender.given } };
}

/** As long as asked; where clients vanish, as long as the contender may take to notice, and as they are watched at least. */
function quietWindowUs(settings: Settings, { vanishing }: Population, contender: Contender): number {
  if (vanishing === null) return Number(settings.duration);
  return vanishing.atUs + Math.max(vanishing.watchUs, noticedWithinUs(contender));
}

/** For how long after they vanished clients are watched; 0 where none vanish. */
export function watchedUs({ vanishing, windowUs }: Pick<TrialPlan, 'vanishing' | 'windowUs'>): number {
  return vanishing === null ? 0 : windowUs - vanishing.atUs;
}

function faultOf(settings: Settings, contender: Contender): FaultPlan | null {
  const kind = faultKinds.find((known) => known === settings.fault);
  if (kind === undefined) return null;
  return {
    kind,
    atUs: Number(settings['fault-at']),
    downUs: Number(settings.down),
    quietUs: Number(settings.quiet ?? 0),
    ...(kind === 'rolling' ? { rolling: rollingOf(contender, Number(settings.every)) } : {}),
  };
}

function lateOf(value: SettingValue | undefined): TrialPlan['late'] {
  return value === 'queue' || value === 'overlap' ? value : 'skip';
}

/** Clients that came and went leave for good at the end; a server's idle database connections end 10 s later, and their timers with them. */
export const leavingUs = 11_000_000;

/** How long a trial should take, in µs: its phases, and about 1.5 s to start and stop processes. */
export function expectedTrialUs(plan: TrialPlan): number {
  const rampUs = (plan.clients / plan.connectRate) * 1e6;
  const isPolling = plan.contender.transport === 'polling';
  const settleUs = isPolling ? 2 * plan.pollIntervalUs : 300_000;
  const populationUs = (plan.vanishing === null ? 0 : 2_000_000) + (plan.churn === null ? 0 : leavingUs);
  // Actions before the window, and their answers.
  const aheadUs = plan.acting === null ? 0 : 2_000_000;
  return (
    populationUs +
    aheadUs +
    1_500_000 +
    plan.controlUs +
    rampUs +
    settleUs +
    plan.windowUs +
    (isPolling ? plan.pollIntervalUs : 300_000)
  );
}
