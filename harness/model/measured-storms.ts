// A run record → its storms as they can be simulated: the same clients, outage, backoff and seed, and their server as it was measured.
import type { RunRecord, TrialRecord } from '../contract/record.ts';
import { backoffOfContender, type Contender, parseContender, settingOf } from '../plan/contender.ts';
import { faultMeanings } from '../plan/fault.ts';
import { type MeasuredServer, measuredServer } from './measured-server.ts';
import type { StormModel } from './storm.ts';

export interface MeasuredStorm {
  readonly trial: TrialRecord;
  readonly model: StormModel;
  readonly server: MeasuredServer;
}

/** What a simulation knows: a server that is down for a while, or connections that are cut. */
const simulated = [faultMeanings.kill, faultMeanings.cut];

/** The first repetition of each contender whose clients were cut off at once and came back, to a server that turns nobody away. */
export function measuredStorms({ trials, seed, environment }: RunRecord): MeasuredStorm[] {
  const storms = trials.flatMap((trial) => {
    const parsed = parseContender(trial.contender);
    const isStorm = trial.events.some(({ kind, what }) => kind === 'fault' && simulated.includes(what));
    if (!isStorm || trial.repetition !== 1 || 'problems' in parsed || turnsAway(trial)) return [];
    return [{ trial, contender: parsed.contender }];
  });
  return storms.flatMap(({ contender }) => {
    const alike = storms.filter((other) => serverOf(other.contender) === serverOf(contender));
    return alike[0]?.contender === contender ? modelsOf(alike, { seed, limits: environment.limits }) : [];
  });
}

/** An admission limit, which no simulation knows. */
export function turnsAway({ settings }: Pick<TrialRecord, 'settings'>): boolean {
  return Number(settings.admit ?? 0) > 0;
}

interface Conditions {
  readonly seed: number;
  readonly limits: RunRecord['environment']['limits'];
}

interface Candidate {
  readonly trial: TrialRecord;
  readonly contender: Contender;
}

/** The storms of one server, which is the same for all of them. */
function modelsOf(storms: readonly Candidate[], { seed, limits }: Conditions): MeasuredStorm[] {
  const server = measuredServer(storms.map(({ trial }) => trial));
  if (server === null) return [];
  return storms.flatMap(({ trial, contender }): MeasuredStorm[] => {
    const fault = trial.events.find(({ kind }) => kind === 'fault');
    if (fault === undefined) return [];
    const model: StormModel = {
      clients: trial.clients,
      backoff: backoffOfContender(contender),
      downUs: Math.round((fault.untilUs ?? fault.atUs) - fault.atUs),
      // How fast it empties its accept queue no record tells; Node's servers empty it many times as fast as they do the rest.
      server: { ...server, acceptsPerSecond: Number.POSITIVE_INFINITY, backlog: backlogOf(contender, limits) },
      seed: Number(trial.settings.seed ?? seed),
    };
    return [{ trial, model, server }];
  });
}

/** Contenders that differ only in how their clients come back have the same server. */
function serverOf({ transport, given }: Contender): string {
  const { backoff: _, jitter: __, ...rest } = given;
  return JSON.stringify([transport, Object.entries(rest).sort()]);
}

/** As asked of listen(2), which the kernel caps. */
function backlogOf(contender: Contender, limits: RunRecord['environment']['limits']): number {
  const asked = Number(settingOf(contender, 'backlog'));
  return typeof limits.listenBacklog === 'number' ? Math.min(asked, limits.listenBacklog) : asked;
}
