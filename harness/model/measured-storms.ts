// A run record → its storms as they can be simulated: the same clients, outage, backoff and seed, and their server as it was measured.
import { isDistribution, type RunRecord, scalarOf, type TrialRecord } from '../contract/record.ts';
import { backoffOfContender, type Contender, parseContender, settingOf } from '../plan/contender.ts';
import { faultMeanings } from '../plan/fault.ts';
import { type MeasuredServer, measuredServer } from './measured-server.ts';
import { type StormModel, simulateStorm } from './storm.ts';

export interface MeasuredStorm {
  readonly trial: TrialRecord;
  readonly model: StormModel;
  readonly server: MeasuredServer;
}

/** What a simulation knows: a server that is down for a while, or connections that are cut. */
const simulated = [faultMeanings.kill, faultMeanings.cut];

/** The first repetition of each contender whose clients were cut off at once and came back. */
export function measuredStorms({ trials, seed, environment }: RunRecord): MeasuredStorm[] {
  const storms = trials.flatMap((trial) => {
    const parsed = parseContender(trial.contender);
    const isStorm = trial.events.some(({ kind, what }) => kind === 'fault' && simulated.includes(what));
    return isStorm && trial.repetition === 1 && !('problems' in parsed) ? [{ trial, contender: parsed.contender }] : [];
  });
  const attemptsPerSecond = swarmPace(storms.map(({ trial }) => trial));
  return storms.flatMap(({ contender }) => {
    const alike = storms.filter((other) => serverOf(other.contender) === serverOf(contender));
    return alike[0]?.contender === contender
      ? modelsOf(alike, { attemptsPerSecond, seed, limits: environment.limits })
      : [];
  });
}

interface Conditions {
  readonly attemptsPerSecond: number;
  readonly seed: number;
  readonly limits: RunRecord['environment']['limits'];
}

interface Candidate {
  readonly trial: TrialRecord;
  readonly contender: Contender;
}

/** The storms of one server, which is the same for all of them. */
function modelsOf(storms: readonly Candidate[], { attemptsPerSecond, seed, limits }: Conditions): MeasuredStorm[] {
  const server = measuredServer(storms.map(({ trial }) => trial));
  if (server === null) return [];
  const measured = storms.flatMap(({ trial, contender }): MeasuredStorm[] => {
    const fault = trial.events.find(({ kind }) => kind === 'fault');
    if (fault === undefined) return [];
    const model: StormModel = {
      clients: trial.clients,
      backoff: backoffOfContender(contender),
      downUs: Math.round((fault.untilUs ?? fault.atUs) - fault.atUs),
      server: { ...server, backlog: backlogOf(contender, limits) },
      attemptsPerSecond,
      seed: Number(trial.settings.seed ?? seed),
    };
    return [{ trial, model, server }];
  });
  const acceptsPerSecond = acceptRateOf(measured) ?? server.acceptsPerSecond;
  return measured.map(({ trial, model }) => ({
    trial,
    server: { ...server, acceptsPerSecond },
    model: { ...model, server: { ...model.server, acceptsPerSecond } },
  }));
}

const overflowsOf = ({ trial }: MeasuredStorm) => scalarOf(trial.metrics['storm.listenOverflows']) ?? 0;

/**
 * How fast the server empties its accept queue, which nothing tells directly: the rate at which the storm that overflowed it most, once
 * simulated, overflows it as often as was measured. `null` where it never overflowed.
 */
function acceptRateOf(storms: readonly MeasuredStorm[]): number | null {
  const [worst] = storms.toSorted((a, b) => overflowsOf(b) - overflowsOf(a));
  if (worst === undefined || overflowsOf(worst) === 0) return null;
  const { model } = worst;
  const overflowsAt = (acceptsPerSecond: number) =>
    simulateStorm({ ...model, server: { ...model.server, acceptsPerSecond } }).overflows;
  let [slow, fast] = [model.server.completesPerSecond, 1e6];
  for (let halvings = 0; halvings < 16; halvings++) {
    const middle = Math.sqrt(slow * fast);
    if (overflowsAt(middle) > overflowsOf(worst)) slow = middle;
    else fast = middle;
  }
  return fast;
}

/** Attempts are late by this where they are due one by one, however fast the swarm is. */
const usualLagUs = 5_000;

/** Attempts a second that the swarm could begin: where all were due at once, the last was late by what all of them took. */
function swarmPace(trials: readonly TrialRecord[]): number {
  const paces = trials.flatMap(({ clients, metrics }) => {
    const lag = metrics['generator.attemptLagUs'];
    return isDistribution(lag) && lag.p99 !== null && lag.p99 > usualLagUs ? [(0.99 * clients * 1e6) / lag.p99] : [];
  });
  return paces.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...paces);
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
